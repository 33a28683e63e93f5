import { outOfRange } from "../internal/check.ts";
import { type Price, units18 } from "../money/decimal.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { outcomes } from "../money/outcome.ts";
import type { JournalEntry } from "../dispatch/journal.ts";

/** A part of a scope's cap that an entry has reached. Amounts in micro-cents. */
export interface Crossing {
  readonly scope: string;
  /** As it was given. */
  readonly threshold: Price;
  /** The cap that was in force. */
  readonly cap: MicroCents;
  /** What the scope has committed since the entry, held and spent together. */
  readonly committed: MicroCents;
}

/** 1 in the units of {@link units18}. */
const ONE = 1_000_000_000_000_000_000n;

/**
 * The parts of their caps that an entry's scopes have reached: before it, less than `threshold` of the cap was committed, and
 * since it, at least that much. The comparison is exact.
 *
 * As long as the cap of a scope stays the same, each crossing is seen in exactly one entry, whoever reads it and how often.
 * If what is committed falls below a threshold again, as when a hold is released, the next crossing is another one.
 *
 * Not seen is what crosses a threshold without a move of money: a cap that a person lowers or unpins (entries of the kinds
 * `cap_pinned`, `cap_unpinned` and `cap_raised` have crossed nothing), and a raise that ends. After such an entry, ask
 * `scopes()`. A scope without a known cap, or with a cap of 0, has no crossings. The cap of a scope that is not pinned is that of
 * the hold's own request.
 *
 * @param thresholds - parts of the cap above 0, such as `0.8` or `"0.8"`: decimals of at most 18 places.
 * @returns a frozen list, in the order of the entry's scopes and then of the thresholds.
 * @throws TypeError if a threshold is neither a number nor a string.
 * @throws RangeError if one is not a plain decimal above 0.
 * @example
 * ```ts
 * const store = memoryStore();
 * const scopes = [{ scope: "month:2026-07", cap: usd("50") }];
 * await store.hold({ holdId: "call-1", amount: usd("41"), scopes, ttlSeconds: 60 });
 * const { entries } = await store.journal();
 * const reached = entries.flatMap((entry) => crossings(entry, [0.5, 0.8, 1]));
 * reached.map(({ scope, threshold }) => `${scope}: ${threshold}`); // => ["month:2026-07: 0.5", "month:2026-07: 0.8"]
 * ```
 */
export function crossings(entry: JournalEntry, thresholds: readonly Price[]): readonly Crossing[] {
  const parts = thresholds.map((threshold) => ({ threshold, part: partOf(threshold) }));
  return outcomes(
    entry.scopes.flatMap(({ scope, cap, before, after }) =>
      cap === null
        ? []
        : parts
            .filter(({ part }) => before * ONE < part * cap && part * cap <= after * ONE)
            .map(({ threshold }) => ({ scope, threshold, cap, committed: after })),
    ),
  );
}

function partOf(threshold: Price): bigint {
  const part = units18("crossings: a threshold", threshold);
  if (part > 0n) return part;
  throw outOfRange("crossings: a threshold", "above 0", threshold);
}
