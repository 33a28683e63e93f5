import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject } from "../own-fields.ts";

/** A number in a report, under its path, such as `prompt_tokens_details.cached_tokens` or `cacheDetails[].inputTokens`. */
export interface FoundNumber {
  readonly path: string;
  readonly value: unknown;
}

/** Reports are shallow and short. What is deeper or longer is not read, and `numbersIn` says so. */
const MAX_DEPTH = 8;
const MAX_VALUES = 5_000;
const MAX_ITEMS = 100_000;

/**
 * Every number in a usage report, also as a bigint or as text. Only own data properties are read: a getter may start a
 * request or throw.
 */
export function numbersIn(report: AnyObject): readonly FoundNumber[] {
  const found: FoundNumber[] = [];
  let left = MAX_VALUES;
  const visit = (value: unknown, path: string, depth: number): void => {
    if (isNumeric(value)) {
      found.push({ path, value });
    } else if (typeof value === "object" && value !== null) {
      const fields = depth > MAX_DEPTH || left <= 0 ? null : fieldsOf(value, path);
      if (fields === null) found.push({ path: `${path}…`, value: Number.NaN });
      else for (const [key, field] of fields) if (left-- > 0) visit(field, key, depth + 1);
    }
  };
  visit(report, "", 0);
  if (left < 0) found.push({ path: "…", value: Number.NaN });
  return found;
}

/** The items of a list, or the fields of an object, each with its path; `null` if there are too many. */
function fieldsOf(value: object, path: string): readonly (readonly [string, unknown])[] | null {
  if (Array.isArray(value)) return itemsOf(value)?.map((item) => [`${path}[]`, item]) ?? null;
  if (ArrayBuffer.isView(value)) return null;
  return dataOf(value).map(([key, field]) => [path === "" ? key : `${path}.${key}`, field]);
}

/** The items of a list that are data and no getter, or `null` if there are too many. */
export function itemsOf(list: readonly unknown[]): readonly unknown[] | null {
  const { length } = list;
  if (length > MAX_ITEMS) return null;
  return Array.from({ length }, (_, index) => Object.getOwnPropertyDescriptor(list, index)?.value as unknown);
}

/** The own data properties of an object. */
export function dataOf(object: object): readonly (readonly [string, unknown])[] {
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
export function fieldNames(report: object): readonly string[] {
  return Object.keys(report).slice(0, 12).map(quote);
}
