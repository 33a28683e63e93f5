import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BudgetCap, type MicroCents, usd } from "dispatch-kit";
import { InputError, reasonOf } from "./failure.ts";
import { MAX_OUTPUT_TOKENS } from "./service.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The trace that comes with this repository; where it is from stands beside it. */
export const BUNDLED_TRACE = path("../data/azure-llm-2023-conv.csv");

const DEFAULTS = {
  cap: "10",
  model: "gpt-4o-mini",
  trace: BUNDLED_TRACE,
  out: path("../out/demo.html"),
  db: path("../out/demo.sqlite"),
  workers: "4",
};

/** The month's cap: not what this demo is about, but every call is held against it too. */
const MONTH_CAP = usd("250");

/** Far more than the demo needs, and well within what a ledger counts. */
const MOST = usd("1000000000");

export const HELP = `Replays a real hour of LLM traffic twice against a spending cap: once with holds that nobody
settles, once with holds that are settled at the true cost. Nothing is sent anywhere.

  npm run demo -- [options]

  --cap USD        the run's cap in decimal dollars (${DEFAULTS.cap})
  --model NAME     whose prices to use, as MODEL or PROVIDER:MODEL (${DEFAULTS.model})
  --trace FILE     a CSV file with the columns TIMESTAMP, ContextTokens, GeneratedTokens; a call may
                   generate ${MAX_OUTPUT_TOKENS} tokens at most
  --out FILE       where the HTML page goes (examples/out/demo.html)
  --json           the result as JSON on stdout, and nothing else there

  --db FILE        the SQLite file that jobs and money are kept in (examples/out/demo.sqlite); a run that was
                   killed goes on from there, if nothing else has changed
  --fresh          starts anew, whatever is in the file
  --memory         keeps everything in this process instead
  --postgres URL   keeps everything in schemas of its own on this PostgreSQL instead, and drops them in the end
  --workers N      how many worker processes run the calls there, 1 to 64 (${DEFAULTS.workers})

  --help           this text

Exit code 0: done, and the cap was never exceeded. 1: it was. 2: the input cannot be used.
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

/** @throws InputError for an unknown option, or one that cannot be what it should be. */
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

/** One of three; an option of another one is a mistake, and not ignored. */
function placeOf({ db, fresh, memory, postgres, workers }: Places): PlaceOptions {
  const among = (given: Readonly<Record<string, unknown>>, chosen: string): void => {
    const other = Object.keys(given).find((name) => given[name] !== undefined);
    if (other) throw new InputError(`--${other} has no meaning with ${chosen}`);
  };
  if (memory) {
    among({ db, fresh, postgres, workers }, "--memory");
    return { kind: "memory" };
  }
  if (postgres === undefined) {
    among({ workers }, "a SQLite file: one process has it; --postgres URL takes workers");
    return { kind: "sqlite", file: db ?? DEFAULTS.db, isFresh: fresh ?? false };
  }
  among({ db, fresh }, "--postgres");
  if (!/^postgres(?:ql)?:\/\//.test(postgres)) {
    // Not shown: it may be a password.
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
    // The first sentence says what is wrong; the others are about quoting.
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
  throw new InputError(`--cap must be from 0 to a thousand million dollars; got ${JSON.stringify(dollars)}`);
}
