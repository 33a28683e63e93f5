import type { Awaitable } from "../internal/awaitable.ts";
import { DispatchError, isDispatchError } from "../errors.ts";
import { anyAmount } from "../money/amount.ts";
import { anything, duration, flag, orElse, read, type Reader } from "../internal/check.ts";
import { moneyJson } from "../money/json.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { Lease } from "./lease.ts";

/** Reads a cost; an invalid one is unknown. */
const knownCost: Reader<MicroCents | null> = /* @__PURE__ */ orElse(anyAmount, null);

/** The second argument of an executor. */
export interface ExecutionContext {
  readonly lease: Lease;
  /**
   * Aborts when the lease is lost or the job's `maxRunSeconds` are over: stop spending, because the result may not count.
   * Its reason is a {@link RetriableError}. `work` also aborts it after `stopWithinSeconds`.
   */
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
 * The constructor never throws for an invalid cost, delay or `counts`, so that the message is not lost: an invalid cost
 * counts as unknown, an invalid delay (such as a missing `Retry-After`) as 0, and an invalid `counts` as true.
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
  /**
   * Whether the attempt counts. `false` gives the job back, and its `maxAttempts` are untouched. Give a delay with it:
   * `drain` claims a job again at once that has none.
   */
  readonly counts: boolean;

  constructor(
    message: string,
    options: {
      readonly actual?: MicroCents | null | undefined;
      readonly retryAfterSeconds?: number | undefined;
      readonly counts?: boolean | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    const { actual, retryAfterSeconds, counts, cause } = read("RetriableError", options, {
      actual: knownCost,
      retryAfterSeconds: orElse(duration, 0),
      counts: orElse(flag, true),
      cause: anything,
    });
    super("retriable", message, { cause });
    this.actual = actual;
    this.retryAfterSeconds = retryAfterSeconds;
    this.counts = counts;
  }

  /** The fields with the cost in decimal dollars, because JSON.stringify fails on a bigint. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, actual, retryAfterSeconds, counts } = this;
    return moneyJson({ name, message, code, actual, retryAfterSeconds, counts });
  }
}

/**
 * Thrown by an executor if no other attempt can help, and the cost of this one is known. The job fails. Any other error
 * fails it too, but charges the attempt in full.
 *
 * The constructor never throws for an invalid cost, so that the message is not lost: it counts as unknown.
 *
 * @example
 * ```ts
 * const error = new NonRetriableError("the prompt was refused", { actual: usd("0.02") });
 * error.actual; // => 2000000n
 * ```
 */
export class NonRetriableError extends DispatchError {
  override readonly name = "NonRetriableError";
  /**
   * The actual cost of the attempt in micro-cents, `0` if nothing ran. `null`: unknown, so the attempt is charged in
   * full.
   */
  readonly actual: MicroCents | null;

  constructor(
    message: string,
    options: { readonly actual?: MicroCents | null | undefined; readonly cause?: unknown } = {},
  ) {
    const { actual, cause } = read("NonRetriableError", options, { actual: knownCost, cause: anything });
    super("non_retriable", message, { cause });
    this.actual = actual;
  }

  /** The fields with the cost in decimal dollars, because JSON.stringify fails on a bigint. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, actual } = this;
    return moneyJson({ name, message, code, actual });
  }
}

/** How an attempt that has failed is recorded. */
export interface Failure {
  readonly retriable: boolean;
  readonly counts: boolean;
  readonly actual: MicroCents | null;
  readonly retryAfterSeconds: number;
}

/**
 * What a thrown value says about its attempt: a {@link RetriableError} or {@link NonRetriableError} of this copy or
 * another, or anything else. It never throws.
 */
export function failureOf(thrown: unknown): Failure {
  const final = { retriable: false, counts: true, actual: null, retryAfterSeconds: 0 };
  try {
    const retriable = isDispatchError(thrown, "retriable");
    if (!retriable && !isDispatchError(thrown, "non_retriable")) return final;
    const { actual, retryAfterSeconds, counts } = thrown as Partial<RetriableError>;
    // Stryker disable next-line StringLiteral: the reader's message is dropped
    const failure = { ...final, retriable, actual: knownCost("actual", actual) };
    if (!retriable) return failure;
    return {
      ...failure,
      // Stryker disable next-line StringLiteral: as above
      counts: orElse(flag, true)("counts", counts),
      // Stryker disable next-line StringLiteral: as above
      retryAfterSeconds: orElse(duration, 0)("retryAfterSeconds", retryAfterSeconds),
    };
  } catch {
    // A getter of the thrown value has thrown.
    return final;
  }
}
