import { formatUsd, type MicroCents, usd } from "../money.ts";
import { text } from "./check.ts";

/** Fields and lists with every amount of money as decimal dollars; the rest as it is. */
export function moneyJson(value: unknown): unknown {
  if (typeof value === "bigint") return formatUsd(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(moneyJson);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, moneyJson(field)]));
}

/** Decimal dollars from JSON: a string, never a number that was through a float. */
export function usdFromJson(what: string, value: unknown): MicroCents {
  return usd(text(what, value));
}
