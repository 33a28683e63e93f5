import { formatUsd, type MicroCents, usd } from "./micro-cents.ts";
import { text } from "../internal/check.ts";

/** The own fields, amounts of money as decimal dollars, none as `null`; in plain objects and lists too. */
export function moneyJson(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fieldJson(field)]));
}

function fieldJson(field: unknown): unknown {
  if (typeof field === "bigint") return formatUsd(field);
  if (typeof field !== "object" || field === null) return field ?? null;
  if (Array.isArray(field)) return field.map(fieldJson);
  // What has a class has its own toJSON, or is what JSON makes of it.
  return Object.getPrototypeOf(field) === Object.prototype ? moneyJson(field) : field;
}

/** Decimal dollars from JSON: a string, never a number that was through a float. */
export function usdFromJson(what: string, value: unknown): MicroCents {
  return usd(text(what, value));
}
