import { formatUsd, type MicroCents, usd } from "../money.ts";
import { text } from "./check.ts";

/** The own fields, amounts of money as decimal dollars; the rest is left to its own `toJSON`. */
export function moneyJson(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, typeof field === "bigint" ? formatUsd(field) : field]),
  );
}

/** Decimal dollars from JSON: a string, never a number that was through a float. */
export function usdFromJson(what: string, value: unknown): MicroCents {
  return usd(text(what, value));
}
