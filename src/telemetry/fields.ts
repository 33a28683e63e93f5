import { isObject } from "../internal/check.ts";

// What a caller passed and what a store of somebody's own answered: nothing about these values is certain.

/** An own field of a value; `undefined` if it has none. */
export function at(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The value, if it is a list; else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The value, if it is text. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
