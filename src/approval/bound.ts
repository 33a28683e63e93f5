import { anyText, outOfRange, read, type Reader } from "../internal/check.ts";
import { readAny } from "../internal/value.ts";
import { anyAmount, ledgerAmount } from "../money/amount.ts";
import { usdFromJson } from "../money/json.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";

/** What an approval is bound to: it is worth nothing for anything else than what the person saw. */
export interface BoundFields {
  /** What {@link jobDigest} gives for the job and its scopes: 64 lowercase hex digits. */
  readonly digest: string;
  /** The most that the job may cost, all attempts together, in micro-cents. */
  readonly ceiling: MicroCents;
  /** From this instant on the approval is worth nothing, on the store's clock. */
  readonly until: Instant;
}

/** {@link BoundFields}, checked. As JSON, the ceiling is decimal dollars. */
export interface Bound extends BoundFields {
  readonly until: EpochSeconds;
}

/** Reads the digest of a job and its scopes. */
export const digestOf: Reader<string> = (what, value) => {
  const checked = anyText(what, value);
  if (/^[\da-f]{64}$/.test(checked)) return checked;
  throw outOfRange(what, "64 lowercase hex digits", checked);
};

const FIELDS = { digest: digestOf, ceiling: ledgerAmount, until: instant };

/** Reads a {@link Bound}. */
export const boundOf: Reader<Bound> = (what, value) => outcome(readAny<Bound>(what, value, FIELDS));

/** Reads a {@link Bound} from JSON. */
export const boundFromJson: Reader<Bound> = (what, value) => {
  const ceiling: Reader<MicroCents> = (at, text) => ledgerAmount(at, usdFromJson(at, text));
  return outcome(read<Bound>(what, value, { ...FIELDS, ceiling }));
};

/** Whether a bound approval is worth anything for the next hold, and if not, what does not fit. */
export type BoundCheck =
  | { readonly kind: "ok" }
  | { readonly kind: "refused"; readonly reason: "other_job" }
  | { readonly kind: "refused"; readonly reason: "ceiling"; readonly by: MicroCents }
  | { readonly kind: "refused"; readonly reason: "until"; readonly until: EpochSeconds };

/**
 * Whether a bound approval covers the next hold of a job. Refusals come in this order: `other_job`, the digest is another;
 * `ceiling`, what is booked and the next hold together are `by` micro-cents above it; `until` has passed.
 *
 * @param facts - the `digest` of the job and the scopes to hold in; what is `booked` for the job so far and the `nextHold`,
 *   in micro-cents; and the store's time `now`.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a digest that is not 64 lowercase hex digits, a negative amount, or milliseconds.
 * @example
 * ```ts
 * const digest = "ab".repeat(32);
 * const bound = { digest, ceiling: usd("1"), until: new Date("2026-12-01T00:00:00Z") };
 * const facts = { digest, booked: usd("0.40"), nextHold: usd("0.60"), now: new Date("2026-11-23T09:00:00Z") };
 * checkBound(bound, facts).kind; // => "ok"
 * const over = checkBound(bound, { ...facts, booked: usd("0.41") });
 * JSON.stringify(over); // => '{"kind":"refused","reason":"ceiling","by":"0.01"}'
 * ```
 */
export function checkBound(
  bound: BoundFields,
  facts: {
    readonly digest: string;
    readonly booked: MicroCents;
    readonly nextHold: MicroCents;
    readonly now: Instant;
  },
): BoundCheck {
  const { digest, ceiling, until } = boundOf("checkBound: bound", bound);
  const seen = read("checkBound: facts", facts, {
    digest: digestOf,
    booked: anyAmount,
    nextHold: anyAmount,
    now: instant,
  });
  if (seen.digest !== digest) return outcome({ kind: "refused", reason: "other_job" });
  const by = microCents(seen.booked + seen.nextHold - ceiling);
  if (by > 0n) return outcome({ kind: "refused", reason: "ceiling", by });
  if (seen.now >= until) return outcome({ kind: "refused", reason: "until", until });
  return outcome({ kind: "ok" });
}

/** The bound of votes for the same: the least ceiling, and the earliest end. */
export function strictest(one: Bound, other: Bound): Bound {
  return outcome({
    digest: one.digest,
    ceiling: one.ceiling < other.ceiling ? one.ceiling : other.ceiling,
    until: one.until < other.until ? one.until : other.until,
  });
}
