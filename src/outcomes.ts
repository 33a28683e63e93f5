import { Approval } from "./approval.ts";
import {
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  HoldState,
  type ReleaseOutcome,
  type SettleOutcome,
} from "./budget/ledger.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  Job,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "./dispatch/store.ts";
import { ledgerAmount } from "./internal/amount.ts";
import {
  anything,
  flag,
  listOf,
  oneOf,
  orNull,
  outOfRange,
  read,
  type Reader,
  text,
  wholeFrom,
  wrongType,
} from "./internal/check.ts";
import { usdFromJson } from "./internal/json.ts";
import { outcome } from "./internal/outcome.ts";
import { JobState, jobState } from "./lifecycle.ts";
import { backendKind } from "./routing.ts";
import { instant } from "./time.ts";

/** Anything that a ledger or a job store answers and that can be stringified. */
export type StoreAnswer =
  | HoldOutcome
  | SettleOutcome
  | ReleaseOutcome
  | ExpireOutcome
  | SubmitOutcome
  | ApproveOutcome
  | RejectOutcome
  | CancelOutcome
  | CompleteOutcome
  | FailOutcome
  | RecoverOutcome
  | Hold
  | Job;

type Shape = Readonly<Record<string, Reader<unknown>>>;

const money: Reader<unknown> = (what, value) => ledgerAmount(what, usdFromJson(what, value));

function record(shape: Shape): Reader<object> {
  return (what, json) => outcome(read(what, json, shape));
}

/** By `kind`; what has none, by a field that only it has. */
function shapes(): Readonly<Record<string, Shape>> {
  const count = wholeFrom(Number.MIN_SAFE_INTEGER);
  const refused = { lacking: listOf(record({ scope: text, by: money })) };
  const state = { state: jobState };
  const booked = { booked: money };
  const scope = record({ scope: text, cap: money, until: orNull(instant) });
  const attempt = {
    jobId: text,
    attempt: count,
    charged: money,
    outcome: oneOf({ 1: "requeued", 2: "failed", 3: "waiting" }),
  };
  return {
    held: {},
    refused,
    exists: { state: oneOf({ ...HoldState, ...JobState }) },
    settled: { booked: money, overrun: money, corrected: flag },
    conflict: booked,
    released: {},
    closed: { as: oneOf({ 1: HoldState.SETTLED, 2: HoldState.CHARGED }) },
    queued: {},
    awaiting_approval: {},
    not_waiting: state,
    rejected: {},
    cancelled: { state: oneOf({ 1: JobState.REJECTED, 2: JobState.FAILED }), booked: money },
    ended: state,
    completed: { booked: money, overrun: money },
    stale: {},
    requeued: booked,
    failed: booked,
    waiting: booked,
    "an ExpireOutcome": { charged: listOf(record({ holdId: text, amount: money })), more: flag },
    "a RecoverOutcome": { attempts: listOf(record(attempt)), more: flag },
    "a Hold": {
      holdId: text,
      amount: money,
      scopes: listOf(scope),
      state: oneOf(HoldState),
      booked: money,
      expiresAt: orNull(instant),
    },
    "a Job": {
      jobId: text,
      lane: text,
      payload: anything,
      backend: backendKind,
      maxCost: money,
      maxAttempts: count,
      priority: count,
      runAt: orNull(instant),
      state: jobState,
      attempts: count,
      approval: orNull((_, value) => new Approval(value as Approval)),
      error: orNull(record({ code: text, message: text })),
      result: anything,
    },
  };
}

/**
 * Reads back any answer of a ledger or a job store that was stringified, with its money exact.
 *
 * @param json - what `JSON.parse` gave; every field is checked.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for an unknown kind, or a value out of range.
 * @example
 * ```ts
 * const json: unknown = JSON.parse('{"kind":"settled","booked":"0.40","overrun":"0.00","corrected":false}');
 * const outcome = outcomeFromJSON(json);
 * "booked" in outcome && outcome.booked; // => 40000000n
 * ```
 */
export function outcomeFromJSON(json: unknown): StoreAnswer {
  if (typeof json !== "object" || json === null) throw wrongType("outcomeFromJSON", "a plain object", json);
  const all = shapes();
  const kind = kindOf(json);
  const shape = Object.hasOwn(all, kind) ? all[kind] : undefined;
  if (!shape) throw outOfRange("outcomeFromJSON: kind", `one of ${Object.keys(all).join(", ")}`, kind);
  // The shape has shown that it is one of them.
  return record("kind" in json ? { kind: oneOf({ kind }), ...shape } : shape)(kind, json) as StoreAnswer;
}

function kindOf(json: object): string {
  if ("kind" in json) return text("outcomeFromJSON: kind", json.kind);
  if ("jobId" in json) return "a Job";
  if ("holdId" in json) return "a Hold";
  return "attempts" in json ? "a RecoverOutcome" : "an ExpireOutcome";
}
