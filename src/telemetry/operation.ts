import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import type { EpochSeconds } from "../time.ts";
import type { Asked } from "./asked.ts";
import { errorType } from "./error-type.ts";
import { at, listOf, textOrNull } from "./fields.ts";

/**
 * One call of a store's method, when it has ended. It has no payload, no result, no reason and no message.
 * `JSON.stringify` writes its money as decimal dollars.
 */
export interface Operation extends Asked {
  /** The name of the method, such as `hold`. */
  readonly name: string;
  /** When it was called, on the clock of this process. */
  readonly startedAt: EpochSeconds;
  /** How long it took. */
  readonly seconds: number;
  /**
   * The `kind` of its outcome; of several outcomes the one that all have, else `mixed`. `none` if it answered `null`; `null`
   * if its answer has no kind, or it threw.
   */
  readonly outcome: string | null;
  /** How many of its outcomes were `refused`: more than 1 only for `submitMany`. */
  readonly refused: number;
  /** The {@link errorType} of what it threw; `null` if it answered. */
  readonly error: string | null;
  /** What it has booked, in micro-cents: the sum, if it has booked several costs. `null` if it has booked none. */
  readonly booked: MicroCents | null;
  /** The part of `booked` that was not set aside, in micro-cents. */
  readonly overrun: MicroCents | null;
  /** Whether `booked` has replaced what was booked before: it adds nothing to the sum of all bookings. */
  readonly corrects: boolean;
}

/** How a call has ended. */
export type Ended = { readonly answer: unknown } | { readonly error: unknown };

/** Describes a call that has ended. */
export function operationOf(
  call: Asked & Pick<Operation, "name" | "startedAt" | "seconds">,
  ended: Ended,
): Operation {
  if ("error" in ended) return outcome({ ...call, ...NO_ANSWER, error: errorType(ended.error) });
  const { answer } = ended;
  const answers = Array.isArray(answer) ? listOf(answer) : [answer];
  const kinds = answers.map((one) => (one === null ? "none" : textOrNull(at(one, "kind"))));
  const [kind = null] = kinds;
  const book = Object.hasOwn(BOOKED, call.name) ? BOOKED[call.name] : undefined;
  return outcome({
    ...call,
    ...NO_ANSWER,
    // A claim has a job only in its answer.
    jobId: call.jobId ?? textOrNull(at(at(answer, "lease"), "jobId")),
    outcome: kinds.every((one) => one === kind) ? kind : "mixed",
    refused: kinds.filter((one) => one === "refused").length,
    booked: sumOf(book?.(answer) ?? []),
    overrun: sumOf(book ? answers.map((one) => at(one, "overrun")) : []),
    corrects: call.name === "correct" || at(answer, "corrected") === true,
  });
}

const NO_ANSWER = { outcome: null, refused: 0, error: null, booked: null, overrun: null, corrects: false };

/** What each method that books says to be booked now. */
const BOOKED: Readonly<Record<string, (answer: unknown) => readonly unknown[]>> = {
  // A conflict has booked nothing: it tells what was booked before.
  settle: (answer) => (at(answer, "kind") === "settled" ? [at(answer, "booked")] : []),
  correct: (answer) => [at(answer, "to")],
  expire: (answer) => listOf(at(answer, "charged")).map((one) => at(one, "amount")),
  complete: (answer) => [at(answer, "booked")],
  completeMany: (answer) => listOf(answer).map((one) => at(one, "booked")),
  fail: (answer) => [at(answer, "booked")],
  cancel: (answer) => [at(answer, "booked")],
  recoverStale: (answer) => listOf(at(answer, "attempts")).map((one) => at(one, "charged")),
};

/** The sum of the amounts in a list; `null` if it has none. */
function sumOf(values: readonly unknown[]): MicroCents | null {
  const amounts = values.filter((value) => typeof value === "bigint");
  return amounts.length === 0 ? null : microCents(amounts.reduce((sum, amount) => sum + amount, 0n));
}
