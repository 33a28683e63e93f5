import { type DispatchErrorCode, isDispatchError } from "../errors.ts";
import type { Awaitable } from "../internal/awaitable.ts";

/** Ends a case that a store cannot run. */
export class Skip extends Error {
  override readonly name = "Skip";
}

/** The store broke the rule of a case. */
export class Failure extends Error {}

/** Prints data as one line, equal data alike: keys are sorted, a bigint ends in `n`, undefined fields are omitted. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}: ${show(field)}`);
  return `{${fields.join(", ")}}`;
}

/** Ends a case as failed. */
export function fail(what: string, expected: string, got: string): never {
  throw new Failure(`${what}: expected ${expected}; got ${got}`);
}

export function check(what: string, isSo: boolean, expected: string, got: unknown): void {
  if (!isSo) fail(what, expected, show(got));
}

/** Expects the same data. */
export function same(what: string, got: unknown, expected: unknown): void {
  if (show(got) !== show(expected)) fail(what, show(expected), show(got));
}

/** Expects an object with at least these fields. */
export function like(what: string, got: unknown, expected: object): void {
  if (typeof got !== "object" || got === null) fail(what, show(expected), show(got));
  const fields = Object.keys(expected).map((key): readonly [string, unknown] => [key, Reflect.get(got, key)]);
  same(what, Object.fromEntries(fields), expected);
}

/** Expects an answer of one kind, and returns it. */
export function kind<Answer extends { readonly kind: string }, Kind extends Answer["kind"]>(
  what: string,
  answer: Answer,
  expected: Kind,
): Answer & { readonly kind: Kind } {
  if (answer.kind !== expected) fail(what, expected, show(answer));
  // The kind was compared above.
  return answer as Answer & { readonly kind: Kind };
}

/** The code or the class name of the error that a call throws; `null` if it does not throw. */
export async function thrownBy(call: () => Awaitable<unknown>): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (isDispatchError(error)) return error.code;
    return error instanceof Error ? error.name : "what is no error";
  }
}

/** Expects a call to throw. */
export async function refuses(
  what: string,
  expected: DispatchErrorCode | "TypeError" | "RangeError",
  call: () => Awaitable<unknown>,
): Promise<void> {
  const thrown = await thrownBy(call);
  if (thrown !== expected) fail(what, `it to throw ${expected}`, thrown ?? "an answer");
}
