import type { HoldOutcome, SettleOutcome } from "../../budget/contract.ts";
import { moneyJson } from "../../money/json.ts";
import type { MicroCents } from "../../money/micro-cents.ts";

interface DoneCall<Value> {
  readonly kind: "done";
  /** What the call returned. */
  readonly value: Value;
}

/** The cost of the call is booked. */
export interface Booked<Value> extends DoneCall<Value> {
  /** `conflict`: the hold was settled before at another amount, and that amount remains booked. */
  readonly settlement: "actual" | "conflict";
  /** The booked cost, in micro-cents. */
  readonly booked: MicroCents;
  /** The part of `booked` above the held amount, in micro-cents. */
  readonly overrun: MicroCents;
}

/** The cost of the call is unknown, so the whole held amount counts. */
export interface InFull<Value> extends DoneCall<Value> {
  readonly settlement: "in_full";
  /**
   * The whole held amount, in micro-cents. `expire` charges it; `settle` can book the actual cost before or after that.
   */
  readonly booked: MicroCents;
  readonly overrun: MicroCents;
  /** Why `actual` was not an amount; `null` if `actual` was `null`. */
  readonly error: unknown;
}

/** The cost is known, but the ledger could not book it. */
export interface Pending<Value> extends DoneCall<Value> {
  readonly settlement: "pending";
  readonly booked: null;
  readonly overrun: null;
  /** The cost to book, in micro-cents. */
  readonly actual: MicroCents;
  /** The error of the ledger. */
  readonly error: unknown;
  /** Tries again to book the cost. It is safe to repeat; until it succeeds, the whole held amount counts. */
  readonly settle: () => Promise<SettleOutcome>;
}

/** The call was made and returned a value; `settlement` says how its cost was booked. */
export type CallDone<Value> = Booked<Value> | InFull<Value> | Pending<Value>;

/** The call was made only if `kind` is `done`. */
export type WithHoldOutcome<Value> = CallDone<Value> | Exclude<HoldOutcome, { readonly kind: "held" }>;

/**
 * The prototype of a done call. Its JSON has money as decimal dollars and the value unchanged, but no error or
 * function.
 */
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

/** Makes the frozen outcome of a call that returned `value`. */
export function done<Value, const Fields extends object>(
  value: Value,
  fields: Fields,
): Readonly<Fields> & DoneCall<Value> {
  return Object.freeze(Object.assign(new Done(), { kind: "done" as const, value }, fields));
}
