import { DispatchError } from "../../errors.ts";

/**
 * Why a request failed. `unrecorded` and `hold_spent` happen before it is sent; `redirected`, `too_large` and `failed`
 * after; `timed_out` before or after.
 */
export type EgressFailure = "failed" | "hold_spent" | "redirected" | "timed_out" | "too_large" | "unrecorded";

/** The error of a failed request. It shows the origin, but no path, header, body or secret. */
export class EgressError extends DispatchError {
  override readonly name = "EgressError";
  readonly reason: EgressFailure;
  /** Whether data may have left. If so, the request may have been billed. */
  readonly sent: boolean;

  constructor(
    reason: EgressFailure,
    what: string,
    options: { readonly sent: boolean; readonly origin: string; readonly cause?: unknown },
  ) {
    const { sent, origin } = options;
    const cause = Object.hasOwn(options, "cause") ? { cause: options.cause } : {};
    // After a failure it is unknown whether data has left, even if a connection was refused: `fetch` may try twice.
    const certainty =
      reason === "failed" || reason === "timed_out" ? "the request may have been" : "the request was";
    const message = `${what}; ${sent ? certainty : "nothing was"} sent to ${origin}`;
    super("egress_failed", message, { subject: origin, ...cause });
    this.reason = reason;
    this.sent = sent;
  }
}

/** Whether an error of the sending, other than an abort, proves that nothing was sent: it says so, or came before. */
export function isUnsent(error: unknown): boolean {
  return !(error instanceof EgressError && error.sent);
}
