import { formatUsd, type MicroCents, usd } from "./micro-cents.ts";
import { anyText, isObject } from "../internal/check.ts";

/**
 * The own fields for JSON: bigints as decimal dollars and `undefined` as `null`, also inside plain objects and lists.
 */
export function moneyJson(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fieldJson(field)]));
}

function fieldJson(field: unknown): unknown {
  if (typeof field === "bigint") return formatUsd(field);
  if (!isObject(field)) return field ?? null;
  if (Array.isArray(field)) return field.map(fieldJson);
  // JSON.stringify calls the toJSON() of class instances, so they are left alone.
  return Object.getPrototypeOf(field) === Object.prototype ? moneyJson(field) : field;
}

/** Reads decimal dollars from JSON: a string only, since a JSON number may have lost digits as a float. */
export function usdFromJson(what: string, value: unknown): MicroCents {
  return usd(anyText(what, value));
}
