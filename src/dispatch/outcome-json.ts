import { Approval } from "../approval/approval.ts";
import {
  type CorrectOutcome,
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  HoldState,
  type ReleaseOutcome,
  type SettleOutcome,
} from "../budget/contract.ts";
import { tagsOf } from "../budget/hold-request.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  RecoverOutcome,
  RejectOutcome,
  RetryOutcome,
  SubmitOutcome,
} from "./outcomes.ts";
import { type Job, JOB_ERROR_CODES } from "./job.ts";
import { anyAmount, ledgerAmount } from "../money/amount.ts";
import {
  anyText,
  finite,
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
  | CorrectOutcome
  | ExpireOutcome
  | SubmitOutcome
  | ApproveOutcome
  | RejectOutcome
  | CancelOutcome
  | RetryOutcome
  | CompleteOutcome
  | FailOutcome
  | RecoverOutcome
  | Hold
  | Job;

type Shape = Readonly<Record<string, Reader<unknown>>>;

const money: Reader<unknown> = (what, value) => ledgerAmount(what, usdFromJson(what, value));

/** The missing room of a scope, and the cost of all attempts of a job, may be larger than the largest amount of a ledger. */
const anyMoney: Reader<unknown> = (what, value) => anyAmount(what, usdFromJson(what, value));

/** Reads a field that may be `null`; a missing field is refused, since JSON writes `null`. */
function nullable(reader: Reader<unknown>): Reader<unknown> {
  return (what, value) => (value === null ? null : reader(what, value));
}

function present(what: string, value: unknown): unknown {
  if (value === undefined) throw wrongType(what, "present", value);
  return value;
}

const tags: Reader<unknown> = (what, value) => tagsOf(what, present(what, value));

function record(shape: Shape): Reader<object> {
  return (what, json) => outcome(read(what, json, shape));
}

/** A scope without room. `until`, `over` and `unknown` are written only where they say something. */
function lacking(what: string, json: unknown): object {
  const fields = read(what, json, {
    scope: anyText,
    by: anyMoney,
    until: optional(instant, undefined),
    over: optional(yes, undefined),
    unknown: optional(yes, undefined),
  });
  return outcome(Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)));
}

const approval: Reader<Approval> = (_, value) => Approval.fromJSON(value);

function yes(what: string, value: unknown): boolean {
  if (flag(what, value)) return true;
  // Stryker disable next-line BooleanLiteral: the message shows only the type of a boolean
  throw outOfRange(what, "true or left out", false);
}

/** With literals, because a bundler keeps code that reads a property when the module loads. */
const endState = /* @__PURE__ */ oneOf({ 1: "rejected", 2: "failed" });

/** The fields of the answers that have a `kind`. */
function kinds(): Readonly<Record<string, Shape>> {
  const state = { state: jobState };
  const booked = { booked: money };
  const closed = { booked: money, overrun: money };
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
    expired: { deadline: instant },
    not_waiting: { ...state, approval: nullable(approval) },
    rejected: {},
    cancelled: { state: endState, booked: money },
    ended: state,
    moved_on: { ...state, retries: whole },
    corrected: { from: money, to: money, overrun: money },
    open: {},
    done: {},
    completed: closed,
    stale: { corrected: flag },
    requeued: closed,
    failed: closed,
    waiting: closed,
  };
}

function holdShape(): Shape {
  return {
    holdId: anyText,
    amount: money,
    scopes: listOf(record({ scope: anyText, cap: nullable(money), until: nullable(instant) })),
    state: oneOf(HoldState),
    booked: money,
    expiresAt: nullable(instant),
    tags,
  };
}

function jobShape(): Shape {
  const codes = oneOf(Object.fromEntries(JOB_ERROR_CODES.map((code) => [code, code])));
  const name = nullable(anyText);
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
    retries: whole,
    approval: nullable(approval),
    cancellation: nullable(approval),
    error: nullable(record({ code: codes, message: anyText })),
    requestedBy: name,
    tags,
    decideBy: nullable(instant),
    claimBy: nullable(instant),
    maxRunSeconds: nullable(finite),
    leasedBy: name,
    submittedAt: instant,
    decidedAt: nullable(instant),
    startedAt: nullable(instant),
    waitingSince: nullable(instant),
    endedAt: nullable(instant),
    booked: anyMoney,
    unreadable: name,
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
    const end = { jobId: anyText, state: endState, released: money };
    return [
      "a RecoverOutcome",
      { attempts: listOf(record(attempt)), ended: listOf(record(end)), more: flag },
    ];
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
