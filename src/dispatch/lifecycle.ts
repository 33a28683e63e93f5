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

/** Every move of the original; the stores add the retry moves, running to queued, pending or awaiting_approval. */
const MOVES: Readonly<Record<JobState, readonly JobState[]>> = {
  pending: ["awaiting_approval", "running", "failed"],
  awaiting_approval: ["approved", "rejected", "failed"],
  approved: ["queued", "failed"],
  queued: ["running", "failed"],
  running: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  rejected: [],
};

/** Reads a {@link JobState}. */
export const jobState: Reader<JobState> = /* @__PURE__ */ oneOf(JobState);

/** Whether a job has ended: no move leads out of `succeeded`, `failed` and `rejected`. */
export function isTerminal(state: JobState): boolean {
  return MOVES[jobState("isTerminal", state)].length === 0;
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
