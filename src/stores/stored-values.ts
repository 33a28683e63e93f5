import type { Job } from "../dispatch/job.ts";
import { jsonText } from "../dispatch/job-request.ts";
import { DispatchError } from "../errors.ts";
import { outcome } from "../money/outcome.ts";
import type { ShownJob } from "./engine/tables.ts";

/** Parsers that give a value from JSON its type back; they throw for an invalid value. */
export interface Parsers<Payload, Result> {
  readonly payload: (value: unknown) => Payload;
  readonly result: (value: unknown) => Result;
}

/** Converts payloads and results between the caller's types and the JSON in the store. */
export class StoredValues<Payload, Result> {
  readonly #parsers: Parsers<Payload, Result>;

  constructor(parsers: Parsers<Payload, Result>) {
    this.#parsers = parsers;
  }

  payload(json: string): Payload {
    return parsed("payload", this.#parsers.payload, json);
  }

  /**
   * A result as JSON that the parser can read again.
   *
   * @throws DispatchError `result_refused` if JSON cannot hold the result, or the parser refuses it.
   */
  resultText(result: Result): string {
    try {
      const text = jsonText("complete: result", result);
      this.#result(text);
      return text;
    } catch (cause) {
      // Both calls throw only errors.
      throw new DispatchError("result_refused", (cause as Error).message, { cause });
    }
  }

  /** A job as the caller sees it. A parser that refuses its payload or result hides no other job. */
  shown({
    body,
    terms,
    state,
    leasedBy,
    decision,
    cancellation,
    error,
    result,
    ...job
  }: ShownJob): Job<Payload, Result> {
    const { jobId, lane, backend, maxCost, maxAttempts, priority, runAt, requestedBy, maxRunSeconds } = body;
    const { tags, decideBy, claimBy } = terms;
    const fields = {
      jobId,
      lane,
      backend,
      maxCost,
      maxAttempts,
      priority,
      runAt,
      state,
      attempts: job.tried,
      retries: job.retries,
      approval: decision,
      cancellation,
      error: error && Object.freeze(error),
      requestedBy,
      tags,
      decideBy,
      claimBy,
      maxRunSeconds,
      leasedBy,
      submittedAt: job.submittedAt,
      decidedAt: job.decidedAt,
      startedAt: job.startedAt,
      waitingSince: job.waitingSince,
      endedAt: job.endedAt,
      booked: job.booked,
    };
    try {
      const values = {
        payload: this.payload(body.payload),
        result: result === null ? null : this.#result(result),
      };
      return outcome({ ...fields, unreadable: null, ...values });
    } catch (reason) {
      const raw = (json: string): unknown => JSON.parse(json);
      const values = { payload: raw(body.payload), result: result === null ? null : raw(result) };
      // Both calls throw only errors.
      return outcome({ ...fields, unreadable: (reason as Error).message, ...values });
    }
  }

  #result(json: string): Result {
    return parsed("result", this.#parsers.result, json);
  }
}

/** A value that the caller's parser refuses is a `TypeError`, not a failure of the store. */
function parsed<Value>(what: string, parse: (value: unknown) => Value, json: string): Value {
  try {
    return parse(JSON.parse(json));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "it threw no error";
    throw new TypeError(`the store's parser refuses a ${what}: ${message}`, { cause });
  }
}
