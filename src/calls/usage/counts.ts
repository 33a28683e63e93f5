import { kindOf, quote } from "../../internal/text.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isCount, isObject, presentField } from "../own-fields.ts";

/** Thrown inside a reader if a report does not say what a call has used. `usageOf` turns it into an outcome. */
export class UncountableError extends Error {}

/** Whether a report has one of these fields; `null` counts too. */
export function hasAny(report: AnyObject, keys: readonly string[]): boolean {
  return keys.some((key) => Object.hasOwn(report, key));
}

/** The object in a field, or an empty object if the field is missing or `null`. */
export function objectAt(report: AnyObject, key: string): AnyObject {
  const value = presentField(report, key);
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw new UncountableError(`${key} must be an object`);
}

/** The objects of the list in a field, or an empty list if the field is missing or `null`. */
export function objectsAt(report: AnyObject, key: string): readonly AnyObject[] {
  const list = presentField(report, key) ?? [];
  if (Array.isArray(list) && list.every(isObject)) return list;
  throw new UncountableError(`${key} must be a list of objects`);
}

/** A count that may be missing or `null`. */
export function optionalCount(report: AnyObject, key: string): number | undefined {
  const value = presentField(report, key);
  if (value === undefined || isCount(value)) return value;
  const shown = typeof value === "string" ? quote(value) : kindOf(value);
  throw new UncountableError(`${key} must be a whole number of at least 0; got ${shown}`);
}

/** A count, or 0 if it is missing, as for a count that is part of another one. */
export function countOrZero(report: AnyObject, key: string): number {
  return optionalCount(report, key) ?? 0;
}

/** A count that must be present. */
export function requiredCount(report: AnyObject, key: string): number {
  const count = optionalCount(report, key);
  if (count === undefined) throw new UncountableError(`${key} is missing`);
  return count;
}

/** Checks a total, if there is one, against the sum of its parts. */
export function mustAddUp(key: string, total: number | undefined, sum: number): void {
  if (total === undefined || total === sum) return;
  throw new UncountableError(`${key} must be ${sum}, the sum of its parts; got ${total}`);
}

/**
 * The output tokens with reasoning. Some providers include reasoning in the output and some do not; the total decides.
 *
 * @throws UncountableError if the total fits neither.
 */
export function outputWithReasoning(
  key: string,
  total: number | undefined,
  {
    input,
    output,
    reasoning,
  }: { readonly input: number; readonly output: number; readonly reasoning: number },
): number {
  if (total !== undefined && total !== input + output && total === input + output + reasoning) {
    return output + reasoning;
  }
  mustAddUp(key, total, input + output);
  return output;
}

/** A usage without the optional counts that are 0. */
export function nonZero(usage: TokenUsage): TokenUsage {
  const { inputTokens, outputTokens, ...kinds } = usage;
  const some = Object.fromEntries(Object.entries(kinds).filter(([, count]) => count !== 0));
  return { inputTokens, outputTokens, ...some };
}
