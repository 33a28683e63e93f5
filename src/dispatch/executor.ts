import type { Awaitable } from "../budget/contract.ts";
import { DispatchError } from "../errors.ts";
import { amount } from "../money/amount.ts";
import { anything, duration, orElse, read } from "../internal/check.ts";
import { moneyJson } from "../money/json.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { Lease } from "./lease.ts";

/** What an executor is told besides the payload. */
export interface ExecutionContext {
  readonly lease: Lease;
  /** Aborts when the lease is lost: the result will not count, so stop spending. */
  readonly signal: AbortSignal;
  /** Restarts the lease's time; false, and `signal` aborts, if it is lost. True if the store cannot renew. */
  readonly renew: () => Promise<boolean>;
}

/** Runs jobs. A plain function of the same arguments does as well. */
export interface WorkerExecutor<Payload = unknown, Result = unknown> {
  execute(payload: Payload, context: ExecutionContext): Awaitable<Result>;
}

/** What {@link drain} takes: an executor, or a function. */
export type Executor<Payload = unknown, Result = unknown> =
  WorkerExecutor<Payload, Result> | ((payload: Payload, context: ExecutionContext) => Awaitable<Result>);

/** How a request reaches the machine that runs it: yours to implement, over whatever connects the two. */
export interface Transport<Request = unknown, Response = unknown> {
  send(request: Request, options?: { readonly signal?: AbortSignal }): Awaitable<Response>;
}

/**
 * Thrown by an executor for what another attempt can fix.
 *
 * It always says what went wrong: a cost that is no amount is one that nobody knows, and a delay that is none
 * (a `Retry-After` that was not sent) is 0.
 *
 * @example
 * ```ts
 * const error = new RetriableError("busy", { actual: usd("0.02"), retryAfterSeconds: 30 });
 * error.actual; // => 2000000n
 * ```
 */
export class RetriableError extends DispatchError {
  override readonly name = "RetriableError";
  /** What the attempt has cost, in micro-cents: `0` if nothing ran. `null`: nobody knows, so in full. */
  readonly actual: MicroCents | null;
  /** Seconds until the retry may be claimed. */
  readonly retryAfterSeconds: number;

  constructor(
    message: string,
    options: {
      readonly actual?: MicroCents | null;
      readonly retryAfterSeconds?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    const { actual, retryAfterSeconds } = read(
      "RetriableError",
      options,
      { actual: orElse(amount, null), retryAfterSeconds: orElse(duration, 0), cause: anything },
      true,
    );
    super("retriable", message, Object.hasOwn(options, "cause") ? { cause: options.cause } : {});
    this.actual = actual;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** With the cost in decimal dollars: a log that writes JSON must not fail on it. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, actual, retryAfterSeconds } = this;
    return moneyJson({ name, message, code, actual, retryAfterSeconds });
  }
}
