/** Why a {@link DispatchError} was thrown: stable, for programs; the message is for people. */
export type DispatchErrorCode = (typeof CODES)[number];

const CODES = [
  "cap_conflict",
  "egress_failed",
  "hold_conflict",
  "hold_owned_by_job",
  "hold_unknown",
  "illegal_transition",
  "job_conflict",
  "job_unknown",
  "no_eligible_backend",
  "not_sent",
  "outcome_unknown",
  "result_refused",
  "retriable",
  "secret_missing",
  "store_failed",
] as const;

/**
 * The base of every error of this library that is neither a `TypeError` (wrong type) nor a `RangeError`
 * (wrong value). Test for it with {@link isDispatchError}, which also knows another installed copy's.
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
  /** The id of the hold, job, scope or secret that it is about, if there is one. */
  readonly subject: string | null;

  constructor(
    code: DispatchErrorCode,
    message: string,
    options: { readonly subject?: string; readonly cause?: unknown } = {},
  ) {
    super(message, Object.hasOwn(options, "cause") ? { cause: options.cause } : undefined);
    this.code = code;
    this.subject = (Object.hasOwn(options, "subject") ? options.subject : null) ?? null;
  }
}

/**
 * Whether something thrown is a {@link DispatchError}, of this copy of the library or another.
 *
 * @param code - if given, only this code counts.
 * @example
 * ```ts
 * isDispatchError(new DispatchError("hold_unknown", "no such hold"), "hold_unknown"); // => true
 * isDispatchError(new Error("other")); // => false
 * ```
 */
export function isDispatchError(error: unknown, code?: DispatchErrorCode): error is DispatchError {
  if (typeof error !== "object" || error === null || !Object.hasOwn(error, "code")) return false;
  const given: unknown = Reflect.get(error, "code");
  return (CODES as readonly unknown[]).includes(given) && (code === undefined || given === code);
}
