import type { Awaitable } from "../internal/awaitable.ts";
import { DispatchError } from "../errors.ts";
import { anyAmount } from "../money/amount.ts";
import { anything, duration, orElse, read } from "../internal/check.ts";
import { moneyJson } from "../money/json.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { Lease } from "./lease.ts";

/** The second argument of an executor. */
export interface ExecutionContext {
  readonly lease: Lease;
  /** Aborts when the lease is lost. The result will not count, so stop spending. */
  readonly signal: AbortSignal;
  /**
   * Restarts the lease's time. It resolves to false if the lease is lost; then `signal` aborts. True if the store has
   * no `renew`.
   */
  readonly renew: () => Promise<boolean>;
}

/** Runs jobs. A function with the same arguments is accepted too. */
export interface WorkerExecutor<Payload = unknown, Result = unknown> {
  execute(payload: Payload, context: ExecutionContext): Awaitable<Result>;
}

/** An executor as {@link drain} accepts it: an object or a function. */
export type Executor<Payload = unknown, Result = unknown> =
  WorkerExecutor<Payload, Result> | ((payload: Payload, context: ExecutionContext) => Awaitable<Result>);

/** An encoded job or result, as JSON can hold it. */
export type Envelope = Readonly<Record<string, unknown>>;

/**
 * Sends an encoded job to the worker that runs it. Implement it over your own connection.
 *
 * @example
 * ```ts
 * import type { Transport } from "dispatch-kit";
 *
 * const loopback: Transport = {
 *   submit: (envelope, token) => ({ ran: token === "t-1", jobId: envelope["jobId"] }),
 * };
 * await loopback.submit({ jobId: "42" }, "t-1"); // => { ran: true, jobId: "42" }
 * ```
 */
export interface Transport {
  /**
   * Sends a job to a worker and returns the worker's answer.
   *
   * @param envelope - the encoded job.
   * @param token - the right to run this job. The worker checks it before it decodes the envelope.
   * @param options - `signal`: aborts when the answer is no longer wanted.
   */
  submit(
    envelope: Envelope,
    token: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Awaitable<Envelope>;
}

/**
 * Thrown by an executor if another attempt can help.
 *
 * The constructor never throws for an invalid cost or delay, so that the message is not lost: an invalid cost counts as
 * unknown, and an invalid delay (such as a missing `Retry-After`) as 0.
 *
 * @example
 * ```ts
 * const error = new RetriableError("busy", { actual: usd("0.02"), retryAfterSeconds: 30 });
 * error.actual; // => 2000000n
 * ```
 */
export class RetriableError extends DispatchError {
  override readonly name = "RetriableError";
  /**
   * The actual cost of the attempt in micro-cents, `0` if nothing ran. `null`: unknown, so the attempt is charged in
   * full.
   */
  readonly actual: MicroCents | null;
  /** Seconds until the retry may be claimed. */
  readonly retryAfterSeconds: number;

  constructor(
    message: string,
    options: {
      readonly actual?: MicroCents | null | undefined;
      readonly retryAfterSeconds?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    const { actual, retryAfterSeconds, cause } = read("RetriableError", options, {
      actual: orElse(anyAmount, null),
      retryAfterSeconds: orElse(duration, 0),
      cause: anything,
    });
    super("retriable", message, { cause });
    this.actual = actual;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The fields with the cost in decimal dollars, because JSON.stringify fails on a bigint. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, actual, retryAfterSeconds } = this;
    return moneyJson({ name, message, code, actual, retryAfterSeconds });
  }
}
