import { kindOf, quote } from "./text.ts";

/**
 * Checks a value and returns it with its type, or throws a `TypeError` or `RangeError` whose message starts with
 * `what`.
 */
export type Reader<T> = (what: string, value: unknown) => T;

/** The error for a wrong type. It names the kind of the value but never shows the value, which could be a secret. */
export function wrongType(what: string, needed: string, value: unknown): TypeError {
  return new TypeError(`${what} must be ${needed}; got ${kindOf(value)}`);
}

/** The error for a wrong value. It shows strings and bigints: pass nothing secret. */
export function outOfRange(what: string, needed: string, value: unknown): RangeError {
  const shown = typeof value === "string" ? quote(value) : typeof value === "bigint" ? value : kindOf(value);
  return new RangeError(`${what} must be ${needed}; got ${shown}`);
}

/** A reader for every field of an object. */
export type Readers<T> = { readonly [Key in keyof T]: Reader<T[Key]> };

/**
 * Reads the own fields of a plain object.
 *
 * @throws TypeError for anything else, an unknown field, or what a reader refuses.
 */
export function read<T extends object>(what: string, value: unknown, readers: Readers<T>): T {
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  return readFields(what, value, readers);
}

/** Whether a value is an object, an array included, and not `null` or a function. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * Whether a value is a plain object, of this realm or another: every realm's Object.prototype has the prototype null.
 */
export function isPlain(value: unknown): value is object {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Reads the own fields of any object. Each is read once, so that a getter or a proxy cannot give two answers.
 *
 * Inherited fields are ignored: a polluted prototype must not set a cap. An unknown field is an error: a
 * misspelt cap must not read as no cap. An explicit `undefined` counts as a missing field.
 */
export function readFields<T extends object>(what: string, value: object, readers: Readers<T>): T {
  const values = new Map<PropertyKey, unknown>();
  for (const key of Reflect.ownKeys(value)) {
    if (!Object.hasOwn(readers, key)) {
      const known = Object.keys(readers).join(", ");
      throw new TypeError(`${what} has no field ${quote(String(key))}; its fields are ${known}`);
    }
    values.set(key, Reflect.get(value, key));
  }
  // Creates own properties first, so that inherited setters never run.
  const fields: Record<string, unknown> = { ...readers };
  for (const [key, reader] of Object.entries<Reader<unknown>>(readers)) {
    fields[key] = reader(`${what}.${key}`, values.get(key));
  }
  return fields as T;
}

/** Reads a field that may be missing. */
export function optional<T, Missing>(reader: Reader<T>, missing: Missing): Reader<T | Missing> {
  return (what, value) => (value === undefined ? missing : reader(what, value));
}

/** Reads a field that may be missing or `null`. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (what, value) => (value === undefined || value === null ? null : reader(what, value));
}

/**
 * Reads a value, or returns `other` where the reader throws: for places where its error would hide a more important
 * one.
 */
export function orElse<T, Other>(reader: Reader<T>, other: Other): Reader<T | Other> {
  return (what, value) => {
    try {
      return reader(what, value);
    } catch {
      return other;
    }
  };
}

// Stryker disable next-line BlockStatement: only the stores and the calls use it, and mutation tests leave those out
export function anything(_: string, value: unknown): unknown {
  return value;
}

/** A function. Its arguments and its result are not checked. */
export function callable(what: string, value: unknown): (...args: readonly unknown[]) => unknown {
  if (typeof value !== "function") throw wrongType(what, "a function", value);
  return value as (...args: readonly unknown[]) => unknown;
}

export function anyText(what: string, value: unknown): string {
  if (typeof value !== "string") throw wrongType(what, "a string", value);
  return value;
}

/** Text with at least one visible character, no NUL and no lone surrogate. */
export function nonBlankText(what: string, value: unknown): string {
  const checked = anyText(what, value);
  if (/[^\s\p{C}\p{DI}]/u.test(checked) && !/[\0\p{Cs}]/u.test(checked)) return checked;
  throw outOfRange(what, "well-formed text that is not blank", checked);
}

/** 1 to `max` code units of well-formed Unicode without control characters. */
export function nameUpTo(max: number): Reader<string> {
  return (what, value) => {
    const checked = anyText(what, value);
    if (checked !== "" && checked.length <= max && !/[\p{Cc}\p{Cs}]/u.test(checked)) return checked;
    throw outOfRange(what, `1 to ${max} code units without control characters`, checked);
  };
}

/** An id or a scope. */
export const identifier: Reader<string> = /* @__PURE__ */ nameUpTo(200);

function number(what: string, value: unknown): number {
  if (typeof value !== "number") throw wrongType(what, "a number", value);
  return value;
}

/** A finite number of at least 0. */
export function finite(what: string, value: unknown): number {
  const checked = number(what, value);
  if (checked >= 0 && checked < Infinity) return checked;
  throw outOfRange(what, "finite and at least 0", checked);
}

/** A finite number above 0: what something is multiplied or divided by. */
export function positive(what: string, value: unknown): number {
  const checked = finite(what, value);
  if (checked > 0) return checked;
  throw outOfRange(what, "finite and above 0", checked);
}

/** Seconds, 0 to 10^9 (31 years): the current time plus a duration must not reach the range of milliseconds. */
export function duration(what: string, value: unknown): number {
  const seconds = finite(what, value);
  if (seconds > 1e9) throw outOfRange(what, "at most 1e9 seconds", seconds);
  return seconds;
}

/** A whole number of at least `min`. */
export function wholeFrom(min: number): Reader<number> {
  return (what, value) => {
    const checked = number(what, value);
    if (Number.isSafeInteger(checked) && checked >= min) return checked;
    throw outOfRange(what, `a whole number of at least ${min}`, checked);
  };
}

/** A whole number of at least 0. */
export const whole: Reader<number> = /* @__PURE__ */ wholeFrom(0);

/** `true` or `false`; a value that is only truthy is refused. */
export function flag(what: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw wrongType(what, "true or false", value);
  return value;
}

/** One of a few strings. */
export function oneOf<const Word extends string>(choices: Readonly<Record<string, Word>>): Reader<Word> {
  return (what, value) => {
    const checked = anyText(what, value);
    const all = Object.values(choices);
    const found = all.find((word) => word === checked);
    if (found === undefined) throw outOfRange(what, `one of ${all.join(", ")}`, checked);
    return found;
  };
}

/** The length of an array, read once. A proxy can report an impossible length, and a loop over it would not end. */
export function lengthOf(what: string, value: unknown): number {
  if (!Array.isArray(value)) throw wrongType(what, "an array", value);
  const { length } = value;
  if (Number.isInteger(length) && length >= 0 && length < 2 ** 32) return length;
  throw outOfRange(what, "an array with a length that arrays can have", length);
}

/** A frozen copy of a list, read by index: a hole is read as `undefined`, and the list's own iterator never runs. */
export function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (what, value) => {
    const length = lengthOf(what, value);
    const list: T[] = [];
    for (let index = 0; index < length; index++) {
      list.push(reader(`${what}[${index}]`, (value as readonly unknown[])[index]));
    }
    return Object.freeze(list);
  };
}
