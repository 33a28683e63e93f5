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
import { anyAmount, ledgerAmount } from "../money/amount.ts";
import {
  anyText,
  flag,
  listOf,
  oneOf,
  optional,
  outOfRange,
  read,
  type Reader,
  whole,
  wholeFrom,
  wrongType,
} from "../internal/check.ts";
import { usdFromJson } from "../money/json.ts";
import { outcome } from "../money/outcome.ts";
import { JobState, jobState } from "./lifecycle.ts";
import { backendKind } from "../routing/kind.ts";
import { instant } from "../time.ts";

/** Every outcome, hold or job that a ledger or a job store returns. */
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

/** The missing room of a scope may be larger than the largest amount of a ledger. */
const missingRoom: Reader<unknown> = (what, value) => anyAmount(what, usdFromJson(what, value));

/** Reads a field that may be `null`; a missing field is refused, since JSON writes `null`. */
function nullable(reader: Reader<unknown>): Reader<unknown> {
  return (what, value) => (value === null ? null : reader(what, value));
}

function present(what: string, value: unknown): unknown {
  if (value === undefined) throw wrongType(what, "present", value);
  return value;
}

function record(shape: Shape): Reader<object> {
  return (what, json) => outcome(read(what, json, shape));
}

/** A scope without room. `over` is written only if it is true. */
function lacking(what: string, json: unknown): object {
  const { over, ...rest } = read(what, json, {
    scope: anyText,
    by: missingRoom,
    over: optional(yes, undefined),
  });
  return outcome(over === undefined ? rest : { ...rest, over });
}

function yes(what: string, value: unknown): boolean {
  if (flag(what, value)) return true;
  // Stryker disable next-line BooleanLiteral: the message shows only the type of a boolean
  throw outOfRange(what, "true or left out", false);
}

/** The fields of the answers that have a `kind`. */
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
    holdId: anyText,
    amount: money,
    scopes: listOf(record({ scope: anyText, cap: money, until: nullable(instant) })),
    state: oneOf(HoldState),
    booked: money,
    expiresAt: nullable(instant),
  };
}

function jobShape(): Shape {
  const codes = oneOf({ 1: "cancelled", 2: "error", 3: "lost", 4: "no_room", 5: "rejected" });
  return {
    jobId: anyText,
    lane: anyText,
    payload: present,
    backend: backendKind,
    maxCost: money,
    maxAttempts: wholeFrom(1),
    priority: wholeFrom(Number.MIN_SAFE_INTEGER),
    runAt: nullable(instant),
    state: jobState,
    attempts: whole,
    approval: nullable((_, value) => new Approval(value as Approval)),
    error: nullable(record({ code: codes, message: anyText })),
    result: present,
  };
}

/** Finds the type of an answer without `kind` by a field that only this type has. */
function shapeOf(json: object): readonly [what: string, Shape] {
  const attempt = {
    jobId: anyText,
    attempt: wholeFrom(1),
    charged: money,
    outcome: oneOf({ 1: "requeued", 2: "failed", 3: "waiting" }),
  };
  if (Object.hasOwn(json, "jobId")) return ["a Job", jobShape()];
  if (Object.hasOwn(json, "holdId")) return ["a Hold", holdShape()];
  if (Object.hasOwn(json, "attempts")) {
    return ["a RecoverOutcome", { attempts: listOf(record(attempt)), more: flag }];
  }
  return ["an ExpireOutcome", { charged: listOf(record({ holdId: anyText, amount: money })), more: flag }];
}

/**
 * Reads an answer of a ledger or a job store from its JSON. Money stays exact.
 *
 * @param json - the result of `JSON.parse`; every field is checked.
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
    // The shape's readers have checked every field.
    return record(shape)(what, json) as StoreAnswer;
  }
  const all = kinds();
  const names = Object.fromEntries(Object.keys(all).map((name) => [name, name]));
  const kind = oneOf(names)("outcomeFromJSON: kind", Reflect.get(json, "kind"));
  // The shape's readers have checked every field.
  return record({ kind: oneOf({ kind }), ...all[kind] })(kind, json) as StoreAnswer;
}
