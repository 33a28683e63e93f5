import type { AnyObject } from "../own-fields.ts";
import { dataOf, itemsOf } from "./numbers.ts";

const MAX_DEPTH = 10;
const MAX_VALUES = 20_000;

/**
 * A copy of a report with its camel-case names in snake case, as on the wire: `promptTokens` becomes `prompt_tokens`.
 * It copies own data properties only. What is too deep or too long, and a list of numbers, stays as it is.
 */
export function inWireSpelling(report: AnyObject): AnyObject {
  let left = MAX_VALUES;
  const respelled = (value: unknown, depth: number): unknown => {
    if (depth > MAX_DEPTH || left-- <= 0 || typeof value !== "object" || value === null) return value;
    if (ArrayBuffer.isView(value)) return value;
    if (!Array.isArray(value)) {
      return Object.fromEntries(
        dataOf(value).map(([key, field]) => [snakeCase(key), respelled(field, depth + 1)]),
      );
    }
    const items = itemsOf(value);
    return items?.some((item) => typeof item === "object") === true
      ? items.map((item) => respelled(item, depth + 1))
      : value;
  };
  // The copy of an object is an object.
  return respelled(report, 0) as AnyObject;
}

/** A number starts a word too: `ephemeral1hInputTokens` is `ephemeral_1h_input_tokens`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]|(?<=[a-z])\d/g, (first) => `_${first.toLowerCase()}`);
}
