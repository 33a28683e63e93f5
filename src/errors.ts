/** Why a {@link DispatchError} was thrown. The codes are stable, for programs; the message is for people. */
export type DispatchErrorCode = (typeof CODES)[number];

const CODES = [
  "cap_conflict",
  "cap_unknown",
  "decision_conflict",
  "egress_failed",
  "hold_conflict",
  "hold_owned_by_job",
  "hold_unknown",
  "illegal_transition",
  "job_conflict",
  "job_pruned",
  "job_unknown",
  "no_eligible_backend",
  "non_retriable",
  "not_sent",
  "outcome_unknown",
  "result_refused",
  "retriable",
  "secret_missing",
  "store_failed",
  "unsupported",
] as const;

/**
 * The base of every error of this library that is neither a `TypeError` (wrong type) nor a `RangeError`
 * (wrong value). Test for it with {@link isDispatchError}, which also accepts errors of another installed copy.
 *
 * @example
 * ```ts
 * const error = new DispatchError("store_failed", "the database is gone");
 * error.code; // => "store_failed"
 * ```
 */
export class DispatchError extends Error {
  override readonly name: string = "DispatchError";
  readonly code: DispatchErrorCode;
  /** The id of the hold, job, scope, secret or origin that the error is about; `null` if there is none. */
  readonly subject: string | null;

  constructor(
    code: DispatchErrorCode,
    message: string,
    options: { readonly subject?: string | undefined; readonly cause?: unknown } = {},
  ) {
    // Without a prototype, so that no cause or subject is inherited.
    const own = { __proto__: null, ...options };
    const { cause, subject = null } = own;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.subject = subject;
  }
}

/**
 * Whether a thrown value is a {@link DispatchError} of this copy of the library or of another.
 *
 * @param code - if given, the error must have this code.
 * @example
 * ```ts
 * isDispatchError(new DispatchError("hold_unknown", "no such hold"), "hold_unknown"); // => true
 * isDispatchError(new Error("other")); // => false
 * ```
 */
export function isDispatchError(error: unknown, code?: DispatchErrorCode): error is DispatchError {
  if (typeof error !== "object" || error === null || !Object.hasOwn(error, "code")) return false;
  const found: unknown = Reflect.get(error, "code");
  return (CODES as readonly unknown[]).includes(found) && (code === undefined || found === code);
}
