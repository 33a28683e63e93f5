import { type AnyObject, isObject } from "../own-fields.ts";
import { UncountableError } from "../reports/account.ts";
import { dataOf, itemsOf, valueAt } from "../reports/numbers.ts";

/** The list at a path, or an empty list if there is none. */
export function listAt(report: unknown, path: string): readonly unknown[] {
  const list = valueAt(report, path);
  if (!Array.isArray(list)) return [];
  const items = itemsOf(list);
  if (items !== null) return items;
  throw new UncountableError(`${path} has too many items`);
}

/** The text at a path, or an empty text. */
export function textAt(report: unknown, path: string): string {
  const value = valueAt(report, path);
  return typeof value === "string" ? value : "";
}

/** The different texts of lists, without empty ones: a search that was made twice is billed once. */
export function distinct(texts: readonly unknown[]): ReadonlySet<string> {
  return new Set(texts.filter((text) => typeof text === "string" && text.trim() !== "").map(String));
}

/**
 * Turns lists such as `[{ modality: "AUDIO", tokenCount: 5 }]` into fields that a shape can name: `{ AUDIO: 5 }`.
 *
 * @param lists - the names of the lists.
 * @param kind - the field that tells the kind.
 * @param count - the field with the count. Other numbers of an item get a name of their own, `AUDIO.price`.
 */
export function withFields(
  usage: AnyObject,
  lists: readonly string[],
  kind: string,
  count: string,
): AnyObject {
  const present = lists.filter((name) => valueAt(usage, name) !== undefined);
  return Object.fromEntries([
    ...dataOf(usage),
    ...present.map((name) => [name, fieldsOf(usage, name, kind, count)] as const),
  ]);
}

function fieldsOf(usage: AnyObject, name: string, kind: string, count: string): AnyObject {
  const items = listAt(usage, name);
  if (!Array.isArray(valueAt(usage, name)) || !items.every(isObject)) {
    throw new UncountableError(`${name} must be a list of objects`);
  }
  const fields = new Map<string, unknown>();
  for (const item of items) {
    const of = textAt(item, kind) || "unspecified";
    for (const [key, value] of dataOf(item)) {
      if (key === kind) continue;
      const field = key === count ? of : `${of}.${key}`;
      const before = fields.get(field);
      // A count that is no number stays, so that the shape refuses it.
      fields.set(field, typeof before === "number" && typeof value === "number" ? before + value : value);
    }
  }
  return Object.fromEntries(fields);
}
