import type { HoldOutcome, SettleOutcome } from "../../budget/contract.ts";
import { moneyJson } from "../../money/json.ts";
import type { MicroCents } from "../../money/micro-cents.ts";

interface Returned<Value> {
  readonly kind: "done";
  /** What the call returned. */
  readonly value: Value;
}

/** The call's cost is booked. */
export interface Booked<Value> extends Returned<Value> {
  /** `conflict`: the hold was settled before, at another amount, and that amount stands. */
  readonly settlement: "actual" | "conflict";
  /** Micro-cents. */
  readonly booked: MicroCents;
  /** The part of it that nobody had set aside, in micro-cents. */
  readonly overrun: MicroCents;
}

/** Nobody knows what the call has cost, so it counts in full. */
export interface InFull<Value> extends Returned<Value> {
  readonly settlement: "in_full";
  /** All that is set aside: `expire` charges it, unless the truth is settled, before or after. */
  readonly booked: MicroCents;
  readonly overrun: MicroCents;
  /** Why the `actual` was none; `null` if it was `null`. */
  readonly error: unknown;
}

/** The cost is known, and the ledger could not be told. */
export interface Pending<Value> extends Returned<Value> {
  readonly settlement: "pending";
  readonly booked: null;
  readonly overrun: null;
  /** What is to be booked, in micro-cents. */
  readonly actual: MicroCents;
  /** What the ledger threw. */
  readonly error: unknown;
  /** Tells it again; as often as one likes, it is booked once. Until then the hold counts in full. */
  readonly settle: () => Promise<SettleOutcome>;
}

/** The call was made and returned; `settlement` says how its cost was booked. */
export type CallDone<Value> = Booked<Value> | InFull<Value> | Pending<Value>;

/** Only with `done` was the call made. */
export type WithHoldOutcome<Value> = CallDone<Value> | Exclude<HoldOutcome, { readonly kind: "held" }>;

/** The prototype of what is done: money as decimal dollars, the value as it is; no error, no function. */
class Done {
  declare readonly kind: "done";
  declare readonly value: unknown;
  declare readonly settlement: string;
  declare readonly booked: MicroCents | null;
  declare readonly overrun: MicroCents | null;
  declare readonly actual?: MicroCents;

  toJSON(): unknown {
    const { kind, value, settlement, booked, overrun, actual } = this;
    const money = { booked, overrun, ...(actual !== undefined && { actual }) };
    return { kind, value, settlement, ...moneyJson(money) };
  }
}

/** The call was made and returned `value`. */
export function done<Value, const Fields extends object>(
  value: Value,
  fields: Fields,
): Readonly<Fields> & Returned<Value> {
  return Object.freeze(Object.assign(new Done(), { kind: "done" as const, value }, fields));
}
