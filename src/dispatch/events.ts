import type { Lacking } from "../budget/contract.ts";
import { kindOf } from "../internal/text.ts";
import { moneyJson } from "../money/json.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { RecoverOutcome } from "./outcomes.ts";
import type { RefusedPayload } from "./contract.ts";
import type { Lease } from "./lease.ts";

/** What was charged for an attempt. */
interface Booked {
  readonly lease: Lease;
  /** The amount that was charged for the attempt, in micro-cents. */
  readonly booked: MicroCents;
  /** The part of `booked` above the held amount, in micro-cents. */
  readonly overrun: MicroCents;
}

/** An attempt that did not succeed. */
interface Unsuccessful extends Booked {
  /** What the executor threw, or why the store refused its result. */
  readonly error: unknown;
}

/** How an attempt ended. */
export type AttemptEvent =
  /** The job succeeded. */
  | ({ readonly kind: "completed" } & Booked)
  /**
   * The attempt failed. `failed`: the job has ended. `requeued`: the job is tried again. `waiting`: a person must approve
   * the job again, because a scope had no room for the retry or had expired.
   */
  | ({ readonly kind: "failed" | "requeued" | "waiting" } & Unsuccessful)
  /** The job was given back: the attempt does not count. */
  | ({
      readonly kind: "given_back";
      /**
       * `requeued`: the job is offered again. `waiting`: a person must approve it again. `failed`: a store that does not
       * know `counts` has ended the job.
       */
      readonly outcome: "requeued" | "waiting" | "failed";
    } & Unsuccessful)
  /** The lease was lost, so the result or the failure does not count. */
  | {
      readonly kind: "stale";
      readonly lease: Lease;
      /** Whether the reported actual cost has corrected the charge of its attempt. */
      readonly corrected: boolean;
    };

/**
 * What `drain` and `work` tell their `onEvent`. Money is in micro-cents; `JSON.stringify` writes it as decimal dollars,
 * and an error as its message.
 *
 * @example
 * ```ts
 * import { type DispatchEvent, drain } from "dispatch-kit";
 * import { memoryStore } from "dispatch-kit/memory";
 *
 * const store = memoryStore();
 * const kinds: string[] = [];
 * const onEvent = (event: DispatchEvent) => kinds.push(event.kind);
 * await drain(store, (payload) => payload, { lanes: ["text"], onEvent });
 * kinds; // => ["stopped"]
 * ```
 */
export type DispatchEvent =
  /** A job was claimed. It runs next. */
  | { readonly kind: "claimed"; readonly lease: Lease }
  | AttemptEvent
  /** Recovery ended a lost lease and charged its attempt in full. */
  | ({ readonly kind: "recovered" } & RecoverOutcome["attempts"][number])
  /** A hold was still open at its end, so `amount` was charged: the held amount, in micro-cents. */
  | { readonly kind: "expired"; readonly holdId: string; readonly amount: MicroCents }
  /** Nobody approved a job before `decideBy` or claimed it before `claimBy`. `released` is the money that was given back. */
  | ({ readonly kind: "expired" } & RecoverOutcome["ended"][number])
  /** A hold was refused. */
  | {
      readonly kind: "refused";
      readonly holdId: string;
      /** The scopes without room. */
      readonly lacking: readonly Lacking[];
    }
  /** `actualCost` threw or returned no amount, so the attempt is charged in full. */
  | {
      readonly kind: "cost_unknown";
      readonly lease: Lease;
      /** What `actualCost` threw, or what is wrong with its amount. */
      readonly error: unknown;
    }
  /** The store's parser refused the payload of a claimed job, and the job was given back. */
  | ({ readonly kind: "payload_refused" } & RefusedPayload)
  /** A call of the store or of `wake` failed. `work` repeats it later, unless the store refused it. */
  | {
      readonly kind: "store_failed";
      /** What the call threw. */
      readonly error: unknown;
    }
  /** `drain` or `work` has ended. No event follows. */
  | { readonly kind: "stopped"; readonly summary: Readonly<DrainSummary> };

/**
 * The number of jobs for each way to end. A job that was tried again counts for each of its attempts. A job whose payload
 * was refused has not run and is not counted.
 */
export type DrainSummary = Record<AttemptEvent["kind"], number>;

export function emptySummary(): DrainSummary {
  return { completed: 0, requeued: 0, failed: 0, waiting: 0, given_back: 0, stale: 0 };
}

/** Passes an event on. */
export type Tell = (event: DispatchEvent) => void;

/** Passes frozen events to `onEvent`, and neither waits for it nor fails with it. */
export function teller(onEvent: ((event: DispatchEvent) => unknown) | undefined): Tell {
  return (event) => {
    if (!onEvent) return;
    const told = Object.freeze(Object.assign(new ToldEvent(), event));
    (async () => {
      await onEvent(told);
    })().catch(() => undefined);
  };
}

/** The prototype of every event. JSON.stringify fails on a bigint, and writes an Error as `{}`. */
class ToldEvent {
  toJSON(): unknown {
    if (!Object.hasOwn(this, "error")) return moneyJson(this);
    const { error, ...fields } = this as { readonly error?: unknown };
    return { ...moneyJson(fields), error: messageOf(error, "threw") };
  }
}

/** The message of anything that was thrown, which may be an object whose getters throw. */
export function messageOf(thrown: unknown, fallback: string): string {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : thrown;
    return typeof message === "string" && message !== "" ? message : `${fallback} ${kindOf(message)}`;
  } catch {
    return fallback;
  }
}
