import { DispatchError } from "../errors.ts";
import { oneOf, type Reader } from "../internal/check.ts";

/** Where a job is between being submitted and its end. */
export const JobState: Readonly<{
  PENDING: "pending";
  AWAITING_APPROVAL: "awaiting_approval";
  APPROVED: "approved";
  QUEUED: "queued";
  RUNNING: "running";
  SUCCEEDED: "succeeded";
  FAILED: "failed";
  REJECTED: "rejected";
}> = /* @__PURE__ */ Object.freeze({
  PENDING: "pending",
  AWAITING_APPROVAL: "awaiting_approval",
  APPROVED: "approved",
  QUEUED: "queued",
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  REJECTED: "rejected",
});
export type JobState = (typeof JobState)[keyof typeof JobState];

type Moves = Readonly<Record<JobState, readonly JobState[]>>;

/** The moves of {@link canTransition}: those of the Python package. */
const MOVES: Moves = {
  pending: ["awaiting_approval", "running", "failed"],
  awaiting_approval: ["approved", "rejected", "failed"],
  approved: ["queued", "failed"],
  queued: ["running", "failed"],
  running: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  rejected: [],
};

/**
 * The moves that a store makes beside them. A retry queues the job again, free work as pending, or lets it wait for a
 * person; a person may retry a failed job. An approval passes `approved` within one transaction: no row ever shows it.
 */
const STORE_MOVES: Moves = {
  pending: [],
  awaiting_approval: ["queued", "pending"],
  approved: [],
  queued: [],
  running: ["queued", "pending", "awaiting_approval"],
  succeeded: [],
  failed: ["queued", "pending"],
  rejected: [],
};

/** Reads a {@link JobState}. */
export const jobState: Reader<JobState> = /* @__PURE__ */ oneOf(JobState);

/** Whether a job has ended: `succeeded`, `failed` and `rejected`. Only a person's `retry` leads out of `failed`. */
export function isTerminal(state: JobState): boolean {
  return MOVES[jobState("isTerminal", state)].length === 0;
}

/** Whether a store may change a job's state like this: a move of {@link canTransition}, or one that stores add. */
export function canMove(current: JobState, target: JobState): boolean {
  const from = jobState("canMove: current", current);
  const to = jobState("canMove: target", target);
  return MOVES[from].includes(to) || STORE_MOVES[from].includes(to);
}

/**
 * Whether a job may go from one state to another.
 *
 * @throws TypeError if either is not a string.
 * @throws RangeError if either is not a {@link JobState}.
 * @example
 * ```ts
 * canTransition("queued", "running"); // => true
 * canTransition("failed", "running"); // => false
 * ```
 */
export function canTransition(current: JobState, target: JobState): boolean {
  const moves = MOVES[jobState("canTransition: current", current)];
  return moves.includes(jobState("canTransition: target", target));
}

/**
 * Does nothing if a job may go from one state to another, and throws if not.
 *
 * @throws DispatchError `illegal_transition` if it may not.
 * @example
 * ```ts
 * ensureTransition("queued", "running");
 * ```
 */
export function ensureTransition(current: JobState, target: JobState): void {
  if (canTransition(current, target)) return;
  const moves = MOVES[current];
  throw new DispatchError(
    "illegal_transition",
    `a job cannot go from ${current} to ${target}: ` +
      (moves.length === 0 ? `${current} is an end` : `from there it goes to ${moves.join(", ")}`),
  );
}
