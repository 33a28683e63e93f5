import type { MicroCents } from "./micro-cents.ts";
import { outOfRange, wrongType } from "../internal/check.ts";

/** The largest amount that a ledger takes: 2^62 - 1 micro-cents, about $46 billion. */
const MAX_LEDGER_AMOUNT = 4_611_686_018_427_387_903n;

/** A bigint of at least 0 micro-cents. */
export function anyAmount(what: string, value: unknown): MicroCents {
  if (typeof value !== "bigint") throw wrongType(what, "MicroCents, from usd(…) or microCents(…)", value);
  if (value < 0n) throw outOfRange(what, "at least 0 micro-cents", value);
  // At run time an amount is a bigint; the brand exists only for the compiler.
  return value as MicroCents;
}

/** An amount that every store can hold, and add to another one, without overflow. */
export function ledgerAmount(what: string, value: unknown): MicroCents {
  const checked = anyAmount(what, value);
  if (checked <= MAX_LEDGER_AMOUNT) return checked;
  throw outOfRange(what, "at most 2^62 - 1 micro-cents", checked);
}
