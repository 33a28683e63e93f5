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
  --help           this text

Exit code 0: done, and the cap was never exceeded. 1: it was. 2: the input cannot be used.
`;

export interface Options {
  readonly cap: BudgetCap;
  readonly model: string;
  readonly trace: string;
  readonly out: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws InputError for an unknown option, or one that cannot be what it should be. */
export function readOptions(args: readonly string[]): Options {
  const { cap, json, help, ...names } = parse(args);
  for (const [name, value] of Object.entries(names)) {
    if (value.trim() === "") throw new InputError(`--${name} is empty`);
  }
  return { cap: new BudgetCap({ run: runCap(cap), month: MONTH_CAP }), json, help, ...names };
}

function parse(args: readonly string[]): typeof DEFAULTS & { json: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cap: { type: "string", default: DEFAULTS.cap },
        model: { type: "string", default: DEFAULTS.model },
        trace: { type: "string", default: DEFAULTS.trace },
        out: { type: "string", default: DEFAULTS.out },
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
