import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject } from "../own-fields.ts";

/** A number in a report, under its path, such as `prompt_tokens_details.cached_tokens` or `cacheDetails[].inputTokens`. */
export interface FoundNumber {
  readonly path: string;
  readonly value: unknown;
}

/** Reports are shallow. What is deeper is not read, and `numbersIn` says so. */
const MAX_DEPTH = 8;

/**
 * Every number in a usage report, also as a bigint or as text. Only own data properties are read: a getter may start a
 * request or throw.
 */
export function numbersIn(report: AnyObject): readonly FoundNumber[] {
  const found: FoundNumber[] = [];
  const visit = (value: unknown, path: string, depth: number): void => {
    if (isNumeric(value)) {
      found.push({ path, value });
    } else if (typeof value === "object" && value !== null) {
      if (depth > MAX_DEPTH) found.push({ path: `${path}…`, value: Number.NaN });
      else for (const [key, field] of fieldsOf(value, path)) visit(field, key, depth + 1);
    }
  };
  visit(report, "", 0);
  return found;
}

/** The items of a list, or the fields of an object, each with its path. */
function fieldsOf(value: object, path: string): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown) => [`${path}[]`, item]);
  return dataOf(value).map(([key, field]) => [path === "" ? key : `${path}.${key}`, field]);
}

/** The own data properties of an object. */
function dataOf(object: object): readonly (readonly [string, unknown])[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([, descriptor]) => "value" in descriptor && descriptor.enumerable === true)
    .map(([key, { value }]) => [key, value]);
}

function isNumeric(value: unknown): boolean {
  if (typeof value === "string")
    return /^\s*[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|nan|infinity)\s*$/i.test(value);
  return typeof value === "number" || typeof value === "bigint";
}

/** Whether a number is zero, in any of its forms. */
export function isZero(value: unknown): boolean {
  return Number(value) === 0;
}

/** The value at a path such as `a.b`, through own data properties; `null` and a missing field give `undefined`. */
export function valueAt(report: unknown, path: string): unknown {
  let value: unknown = report;
  for (const key of path.split(".")) {
    if (!isObject(value)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
  }
  return value ?? undefined;
}

/** The names of the fields of a report, for a message. */
export function fieldNames(report: unknown): readonly string[] {
  return isObject(report) ? Object.keys(report).slice(0, 12).map(quote) : [];
}
