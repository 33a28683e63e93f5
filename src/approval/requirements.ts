import { flag, optional, outOfRange, read, type Reader, whole } from "../internal/check.ts";

/** What a job demands of its approval. */
export interface Requirements {
  /** Whether only a bound approval counts; `false` by default. */
  readonly bound?: boolean | undefined;
  /** How many different authors must approve; 1 by default. */
  readonly votes?: 1 | 2 | undefined;
}

/** {@link Requirements} with their defaults. */
export interface CheckedRequirements {
  readonly bound: boolean;
  readonly votes: 1 | 2;
}

/** A job that demands nothing needs one approval, bound or not. */
const NONE: CheckedRequirements = /* @__PURE__ */ Object.freeze({ bound: false, votes: 1 });

function voteCount(what: string, value: unknown): 1 | 2 {
  const checked = whole(what, value);
  if (checked === 1 || checked === 2) return checked;
  throw outOfRange(what, "1 or 2", checked);
}

/** Reads {@link Requirements}; `null` and a missing value demand nothing. */
export const requirementsOf: Reader<CheckedRequirements> = (what, value) => {
  if (value === undefined || value === null) return NONE;
  const readers = { bound: optional(flag, NONE.bound), votes: optional(voteCount, NONE.votes) };
  return Object.freeze(read(what, value, readers));
};
