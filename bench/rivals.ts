import Big from "big.js";
import { Decimal } from "decimal.js";
import { add, type Dinero, dinero, lessThanOrEqual } from "dinero.js/bigint";
import { USD } from "dinero.js/bigint/currencies";
import { formatUsd } from "dispatch-kit";

/** The seven amounts of one check, in the shape that this library uses. */
export interface Check<Amount> {
  readonly estimate: Amount;
  readonly run: { readonly reserved: Amount; readonly spent: Amount };
  readonly month: { readonly reserved: Amount; readonly spent: Amount };
  readonly cap: { readonly run: Amount; readonly month: Amount };
}

/** The same check with another type of amount, in plain frozen objects. */
export function checkOf<Amount>(check: Check<bigint>, of: (microCents: bigint) => Amount): Check<Amount> {
  const { estimate, run, month, cap } = check;
  return Object.freeze({
    estimate: of(estimate),
    run: Object.freeze({ reserved: of(run.reserved), spent: of(run.spent) }),
    month: Object.freeze({ reserved: of(month.reserved), spent: of(month.spent) }),
    cap: Object.freeze({ run: of(cap.run), month: of(cap.month) }),
  });
}

/** Only the inequality, without checks of types and without a reason: the least possible time. */
export function rawAdmits({ estimate, run, month, cap }: Check<bigint>): boolean {
  return (
    run.reserved + run.spent + estimate <= cap.run && month.reserved + month.spent + estimate <= cap.month
  );
}

/**
 * The inequality, with a new frozen object for each refusal but a constant reason: the cost of an immutable answer without its
 * reason.
 */
export function freezeOnly({ estimate, run, month, cap }: Check<bigint>): { readonly admitted: boolean } {
  if (run.reserved + run.spent + estimate > cap.run) return silent("run");
  if (month.reserved + month.spent + estimate > cap.month) return silent("month");
  return ADMITTED;
}

function silent(refusedWindow: "run" | "month"): { readonly admitted: false; readonly reason: string } {
  return Object.freeze({ admitted: false, refusedWindow, reason: "over the cap" });
}

/**
 * The inequality, with a frozen decision that gives a reason for each refusal, written by hand in the shortest way: the cost of
 * a reason in any library.
 */
export function decideByHand({ estimate, run, month, cap }: Check<bigint>): { readonly admitted: boolean } {
  if (run.reserved + run.spent + estimate > cap.run) return refuse("run", estimate, run, cap.run);
  if (month.reserved + month.spent + estimate > cap.month) return refuse("month", estimate, month, cap.month);
  return ADMITTED;
}

const ADMITTED = Object.freeze({ admitted: true, refusedWindow: null, reason: null });

function refuse(
  refusedWindow: "run" | "month",
  estimate: bigint,
  { reserved, spent }: { readonly reserved: bigint; readonly spent: bigint },
  cap: bigint,
): { readonly admitted: false; readonly reason: string } {
  const reason = `${refusedWindow}: $${dollars(estimate)}, $${dollars(reserved + spent)} of $${dollars(cap)}`;
  return Object.freeze({ admitted: false, refusedWindow, reason });
}

function dollars(microCents: bigint): string {
  const digits = String(microCents).padStart(9, "0");
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

export const toDecimal = (microCents: bigint): Decimal => new Decimal(formatUsd(microCents));

export function decimalAdmits({ estimate, run, month, cap }: Check<Decimal>): boolean {
  return (
    run.reserved.plus(run.spent).plus(estimate).lte(cap.run) &&
    month.reserved.plus(month.spent).plus(estimate).lte(cap.month)
  );
}

export const toBig = (microCents: bigint): Big => new Big(formatUsd(microCents));

export function bigAdmits({ estimate, run, month, cap }: Check<Big>): boolean {
  return (
    run.reserved.plus(run.spent).plus(estimate).lte(cap.run) &&
    month.reserved.plus(month.spent).plus(estimate).lte(cap.month)
  );
}

type Usd = Dinero<bigint>;

export const toDinero = (microCents: bigint): Usd => dinero({ amount: microCents, currency: USD, scale: 8n });

export function dineroAdmits({ estimate, run, month, cap }: Check<Usd>): boolean {
  return (
    lessThanOrEqual(add(add(run.reserved, run.spent), estimate), cap.run) &&
    lessThanOrEqual(add(add(month.reserved, month.spent), estimate), cap.month)
  );
}
