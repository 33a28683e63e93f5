import { parseArgs } from "node:util";
import { BROKEN } from "./broken/broken.ts";
import type { StoreName } from "./plan.ts";

export const STORES: readonly StoreName[] = ["postgres", "postgres16", "sqlite"];

export interface Options {
  readonly stores: readonly StoreName[];
  /** How many seeds have to count, on each store. */
  readonly seeds: number;
  readonly from: number;
  /** This one and no other. */
  readonly seed: number | null;
  /** Names of broken stores, which have to be caught; none for the honest one, which must not be. */
  readonly broken: readonly string[];
  readonly jobs: number;
}

export const USAGE = `npm run test:faults -- [options]
  --store NAME   ${STORES.join(", ")}; all of them by default; may be repeated
  --seeds N      how many seeds have to count on each store; 20 by default
  --from N       the first seed; 1 by default
  --seed N       this seed and no other: a failed one again
  --jobs N       seeds at a time, each on a server of its own; 1 by default
  --broken NAME  a store that is broken on purpose, or "all": caught within 20 seeds, or it is a failure
                 ${Object.keys(BROKEN).join(", ")}`;

/** @throws RangeError for what is no option, naming it. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: "string", multiple: true, default: [] },
      seeds: { type: "string", default: "20" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      jobs: { type: "string", default: "1" },
      broken: { type: "string", multiple: true, default: [] },
    },
  });
  const stores = STORES.filter((name) => values.store.includes(name));
  known("--store", values.store, STORES);
  known("--broken", values.broken, ["all", ...Object.keys(BROKEN)]);
  return {
    stores: stores.length > 0 ? stores : STORES,
    seeds: count("--seeds", values.seeds),
    from: count("--from", values.from),
    seed: values.seed === undefined ? null : count("--seed", values.seed),
    broken: values.broken.includes("all") ? Object.keys(BROKEN) : values.broken,
    jobs: count("--jobs", values.jobs),
  };
}

function known(what: string, given: readonly string[], names: readonly string[]): void {
  const other = given.find((name) => !names.includes(name));
  if (other !== undefined) throw new RangeError(`${what} must be one of ${names.join(", ")}; got ${other}`);
}

function count(what: string, given: string): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new RangeError(`${what} must be a whole number from 1; got ${given}`);
}
