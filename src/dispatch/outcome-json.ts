import { Approval } from "../approval/approval.ts";
import {
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  HoldState,
  type ReleaseOutcome,
  type SettleOutcome,
} from "../budget/contract.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  Job,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "./contract.ts";
import { amount, ledgerAmount } from "../money/amount.ts";
import {
  flag,
  listOf,
  oneOf,
  optional,
  outOfRange,
  read,
  type Reader,
  text,
  whole,
  wholeFrom,
  wrongType,
} from "../internal/check.ts";
import { usdFromJson } from "../money/json.ts";
import { outcome } from "../money/outcome.ts";
import { JobState, jobState } from "./lifecycle.ts";
import { backendKind } from "../routing/select-backend.ts";
import { instant } from "../time.ts";

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

/** What a scope lacks may be more than any amount. */
const lack: Reader<unknown> = (what, value) => amount(what, usdFromJson(what, value));

/** In JSON a field that is `null` is there; one that is missing is not. */
function nullable(reader: Reader<unknown>): Reader<unknown> {
  return (what, value) => (value === null ? null : reader(what, value));
}

function present(what: string, value: unknown): unknown {
  if (value === undefined) throw wrongType(what, "there", value);
  return value;
}

function record(shape: Shape): Reader<object> {
  return (what, json) => outcome(read(what, json, shape));
}

/** A scope that lacks room; `over` is there only where it is true. */
function lacking(what: string, json: unknown): object {
  const { over, ...rest } = read(what, json, { scope: text, by: lack, over: optional(yes, undefined) });
  return outcome(over === undefined ? rest : { ...rest, over });
}

function yes(what: string, value: unknown): boolean {
  if (flag(what, value)) return true;
  // Stryker disable next-line BooleanLiteral: of a boolean only its type is told
  throw outOfRange(what, "true or left out", false);
}

/** What has a `kind`. */
function kinds(): Readonly<Record<string, Shape>> {
  const state = { state: jobState };
  const booked = { booked: money };
  return {
    held: {},
    refused: { lacking: listOf(lacking) },
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
  };
}

function holdShape(): Shape {
  return {
    holdId: text,
    amount: money,
    scopes: listOf(record({ scope: text, cap: money, until: nullable(instant) })),
    state: oneOf(HoldState),
    booked: money,
    expiresAt: nullable(instant),
  };
}

function jobShape(): Shape {
  const codes = oneOf({ 1: "cancelled", 2: "error", 3: "lost", 4: "no_room", 5: "rejected" });
  return {
    jobId: text,
    lane: text,
    payload: present,
    backend: backendKind,
    maxCost: money,
    maxAttempts: wholeFrom(1),
    priority: wholeFrom(Number.MIN_SAFE_INTEGER),
    runAt: nullable(instant),
    state: jobState,
    attempts: whole,
    approval: nullable((_, value) => new Approval(value as Approval)),
    error: nullable(record({ code: codes, message: text })),
    result: present,
  };
}

/** What has no `kind` is told by a field that only it has. */
function shapeOf(json: object): readonly [what: string, Shape] {
  const attempt = {
    jobId: text,
    attempt: wholeFrom(1),
    charged: money,
    outcome: oneOf({ 1: "requeued", 2: "failed", 3: "waiting" }),
  };
  if (Object.hasOwn(json, "jobId")) return ["a Job", jobShape()];
  if (Object.hasOwn(json, "holdId")) return ["a Hold", holdShape()];
  if (Object.hasOwn(json, "attempts")) {
    return ["a RecoverOutcome", { attempts: listOf(record(attempt)), more: flag }];
  }
  return ["an ExpireOutcome", { charged: listOf(record({ holdId: text, amount: money })), more: flag }];
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
  if (!Object.hasOwn(json, "kind")) {
    const [what, shape] = shapeOf(json);
    // The shape has shown that it is one of them.
    return record(shape)(what, json) as StoreAnswer;
  }
  const all = kinds();
  const names = Object.fromEntries(Object.keys(all).map((name) => [name, name]));
  const kind = oneOf(names)("outcomeFromJSON: kind", Reflect.get(json, "kind"));
  // The shape has shown that it is one of them.
  return record({ kind: oneOf({ kind }), ...all[kind] })(kind, json) as StoreAnswer;
}
