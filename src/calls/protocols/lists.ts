import { valueAt } from "../reports/numbers.ts";

/** The list at a path, or an empty list if there is none. */
export function listAt(report: unknown, path: string): readonly unknown[] {
  const list = valueAt(report, path);
  return Array.isArray(list) ? list : [];
}
