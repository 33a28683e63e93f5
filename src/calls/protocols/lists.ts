import { UncountableError } from "../reports/account.ts";
import { itemsOf, valueAt } from "../reports/numbers.ts";

/** The list at a path, or an empty list if there is none. */
export function listAt(report: unknown, path: string): readonly unknown[] {
  const list = valueAt(report, path);
  if (!Array.isArray(list)) return [];
  const items = itemsOf(list);
  if (items !== null) return items;
  throw new UncountableError(`${path} has too many items`);
}
