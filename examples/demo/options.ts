import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BudgetCap, type MicroCents, usd } from "dispatch-kit";
import { InputError, reasonOf } from "./failure.ts";
import { MAX_OUTPUT_TOKENS } from "./service.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The trace in this repository; examples/data/README.md names its source. */
export const BUNDLED_TRACE = path("../data/azure-llm-2023-conv.csv");

const DEFAULTS = {
  cap: "10",
  model: "gpt-4o-mini",
  trace: BUNDLED_TRACE,
  out: path("../out/demo.html"),
  db: path("../out/demo.sqlite"),
  workers: "4",
};

/** The month's cap. Every call is held against it too, but the demo is about the run's cap. */
const MONTH_CAP = usd("250");

/** More than the demo needs, and within the limit of a ledger. */
const MOST = usd("1000000000");

export const HELP = `Replays a real hour of LLM traffic twice under a spending cap: once without settlement, and once with
holds that are settled at the actual cost. No request is sent.

  npm run demo -- [options]

  --cap USD        the run's cap in decimal dollars (${DEFAULTS.cap})
  --model NAME     the model whose prices are used, as MODEL or PROVIDER:MODEL (${DEFAULTS.model})
  --trace FILE     a CSV file with the columns TIMESTAMP, ContextTokens, GeneratedTokens; a call may
                   generate ${MAX_OUTPUT_TOKENS} tokens at most
  --out FILE       the HTML page to write (examples/out/demo.html)
  --json           prints only the result, as JSON, on stdout

  --db FILE        the SQLite file for jobs and money (examples/out/demo.sqlite); a killed run is resumed from
                   it, if the input is the same
  --fresh          starts a new run and ignores an unfinished run in the file
  --memory         uses the memory of this process instead
  --postgres URL   uses this PostgreSQL instead: the demo creates its own schemas and drops them at the end
  --workers N      the number of worker processes with --postgres, 1 to 64 (${DEFAULTS.workers})

  --help           prints this text

Exit code 0: the run has ended, and no cap was exceeded. 1: a check failed. 2: the input cannot be used.
`;

/** Where jobs and money are kept. */
export type PlaceOptions =
  | { readonly kind: "sqlite"; readonly file: string; readonly isFresh: boolean }
  | { readonly kind: "memory" }
  | { readonly kind: "postgres"; readonly url: string; readonly workers: number };

export interface Options {
  readonly cap: BudgetCap;
  readonly model: string;
  readonly trace: string;
  readonly out: string;
  readonly place: PlaceOptions;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws InputError for an unknown option or an invalid value. */
export function readOptions(args: readonly string[]): Options {
  const { cap, model, trace, out, json, help, ...places } = parse(args);
  for (const [name, value] of Object.entries({ model, trace, out, ...places })) {
    if (typeof value === "string" && value.trim() === "") throw new InputError(`--${name} is empty`);
  }
  const caps = new BudgetCap({ run: runCap(cap), month: MONTH_CAP });
  return { cap: caps, model, trace, out, place: placeOf(places), json, help };
}

interface Places {
  readonly db?: string;
  readonly fresh?: boolean;
  readonly memory?: boolean;
  readonly postgres?: string;
  readonly workers?: string;
}

/** One of the three stores. An option of another store is an error. */
function placeOf({ db, fresh, memory, postgres, workers }: Places): PlaceOptions {
  const among = (given: Readonly<Record<string, unknown>>, chosen: string): void => {
    const other = Object.keys(given).find((name) => given[name] !== undefined);
    if (other) throw new InputError(`--${other} cannot be used with ${chosen}`);
  };
  if (memory) {
    among({ db, fresh, postgres, workers }, "--memory");
    return { kind: "memory" };
  }
  if (postgres === undefined) {
    among({ workers }, "a SQLite file, which has one process; use --postgres URL");
    return { kind: "sqlite", file: db ?? DEFAULTS.db, isFresh: fresh ?? false };
  }
  among({ db, fresh }, "--postgres");
  if (!/^postgres(?:ql)?:\/\//.test(postgres)) {
    // The message does not show the value: it may contain a password.
    throw new InputError("--postgres must be a URL such as postgres://user@localhost:5432/database");
  }
  const count = workers ?? DEFAULTS.workers;
  if (/^[1-9]\d?$/.test(count) && Number(count) <= 64)
    return { kind: "postgres", url: postgres, workers: Number(count) };
  throw new InputError(`--workers must be a whole number from 1 to 64; got ${JSON.stringify(count)}`);
}

interface Parsed extends Pick<typeof DEFAULTS, "cap" | "model" | "trace" | "out">, Places {
  readonly json: boolean;
  readonly help: boolean;
}

function parse(args: readonly string[]): Parsed {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cap: { type: "string", default: DEFAULTS.cap },
        model: { type: "string", default: DEFAULTS.model },
        trace: { type: "string", default: DEFAULTS.trace },
        out: { type: "string", default: DEFAULTS.out },
        db: { type: "string" },
        fresh: { type: "boolean" },
        memory: { type: "boolean" },
        postgres: { type: "string" },
        workers: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    // Only the first sentence is about the error; the others are about quoting.
    const [sentence = ""] = reasonOf(error).split(/\.? (?:To|Did)|\n/);
    throw new InputError(`${sentence.replace(/\.$/, "")}; --help lists the options`);
  }
}

function runCap(dollars: string): MicroCents {
  let cap: MicroCents;
  try {
    cap = usd(dollars);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(
      `--cap must be plain decimal dollars such as 10 or 12.50; got ${JSON.stringify(dollars)}`,
    );
  }
  if (cap >= 0n && cap <= MOST) return cap;
  throw new InputError(`--cap must be from 0 to 1,000,000,000 dollars; got ${JSON.stringify(dollars)}`);
}
