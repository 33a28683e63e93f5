import { kindOf, quote } from "../../internal/text.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { given, isCount, isPart, type Part } from "../record.ts";

/** What a reader throws to itself when a report does not say what a call has used; an outcome outside. */
export class NoCount extends Error {}

/** Whether a report has one of these fields, be it `null`. */
export function hasAny(part: Part, keys: readonly string[]): boolean {
  return keys.some((key) => Object.hasOwn(part, key));
}

/** An object in a report, or an empty one. */
export function within(part: Part, key: string): Part {
  const value = given(part, key);
  if (value === undefined) return {};
  if (isPart(value)) return value;
  throw new NoCount(`${key} is no object`);
}

/** The objects of a list in a report, or none. */
export function parts(part: Part, key: string): readonly Part[] {
  const list = given(part, key) ?? [];
  if (Array.isArray(list) && list.every(isPart)) return list;
  throw new NoCount(`${key} is no list of objects`);
}

/** A count that may be missing. */
export function maybe(part: Part, key: string): number | undefined {
  const value = given(part, key);
  if (value === undefined || isCount(value)) return value;
  const shown = typeof value === "string" ? quote(value) : kindOf(value);
  throw new NoCount(`${key} is no whole number of at least 0: ${shown}`);
}

/** A count that is 0 if it is missing: it is a part of another. */
export function part(of: Part, key: string): number {
  return maybe(of, key) ?? 0;
}

/** A count that must be there. */
export function needed(of: Part, key: string): number {
  const count = maybe(of, key);
  if (count === undefined) throw new NoCount(`${key} is missing`);
  return count;
}

/** Checks a total against what it should be, where there is one. */
export function mustAddUp(key: string, total: number | undefined, sum: number): void {
  if (total === undefined || total === sum) return;
  throw new NoCount(`${key} is ${total}, and its parts add up to ${sum}`);
}

/**
 * The output, where some providers report reasoning beside it: the total says on which side it is.
 *
 * @throws NoCount if it fits neither.
 */
export function outputWith(
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

/** A usage without its zeros. */
export function nonZero(usage: TokenUsage): TokenUsage {
  const { inputTokens, outputTokens, ...kinds } = usage;
  const some = Object.fromEntries(Object.entries(kinds).filter(([, count]) => count !== 0));
  return { inputTokens, outputTokens, ...some };
}
