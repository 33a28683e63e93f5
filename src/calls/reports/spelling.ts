import { type AnyObject, isObject } from "../own-fields.ts";

const MAX_DEPTH = 10;

/**
 * A copy of a report with its camel-case names in snake case, as on the wire: `promptTokens` becomes `prompt_tokens`.
 * It copies own data properties only.
 */
export function inWireSpelling(report: AnyObject): AnyObject {
  const copy = respelled(report, 0);
  return isObject(copy) ? copy : report;
}

function respelled(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => respelled(item, depth + 1));
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([, descriptor]) => "value" in descriptor)
    .map(([key, descriptor]) => [snakeCase(key), respelled(descriptor.value, depth + 1)]);
  return Object.fromEntries(fields);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
