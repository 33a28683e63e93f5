import { DispatchError } from "../../errors.ts";

/**
 * Why a request was not answered: `unrecorded` and `hold_spent` before it was sent; `redirected`, `too_large`
 * and `failed` after; `timed_out` either way.
 */
export type EgressFailure = "failed" | "hold_spent" | "redirected" | "timed_out" | "too_large" | "unrecorded";

/** A request that was not answered. It shows no URL beyond the origin, no header, no body and no secret. */
export class EgressError extends DispatchError {
  override readonly name = "EgressError";
  readonly reason: EgressFailure;
  /** Whether anything may have left; it may have been billed then. */
  readonly sent: boolean;

  constructor(
    reason: EgressFailure,
    what: string,
    options: { readonly sent: boolean; readonly origin: string; readonly cause?: unknown },
  ) {
    const { sent, origin } = options;
    const cause = Object.hasOwn(options, "cause") ? { cause: options.cause } : {};
    // Nobody knows whether a request that failed has left, refused connections included: `fetch` may try twice.
    const left =
      reason === "failed" || reason === "timed_out" ? "the request may have been" : "the request was";
    const message = `${what}; ${sent ? left : "nothing was"} sent to ${origin}`;
    super("egress_failed", message, { subject: origin, ...cause });
    this.reason = reason;
    this.sent = sent;
  }
}
