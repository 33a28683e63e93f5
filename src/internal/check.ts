import { kindOf, quote } from "./text.ts";

/** Checks a value and gives it its type: it throws a `TypeError` or a `RangeError` that starts with `what`. */
export type Reader<T> = (what: string, value: unknown) => T;

/** A wrong type: what was asked, what is needed, what kind of value was given. */
export function wrongType(what: string, needed: string, value: unknown): TypeError {
  return new TypeError(`${what} must be ${needed}; got ${kindOf(value)}`);
}

/** A wrong value: the same, and the value itself, which is no secret. */
export function outOfRange(what: string, needed: string, value: unknown): RangeError {
  const shown = typeof value === "string" ? quote(value) : typeof value === "bigint" ? value : kindOf(value);
  return new RangeError(`${what} must be ${needed}; got ${shown}`);
}

/**
 * Reads the own fields of a plain object, each once, so that a getter or a proxy cannot answer twice.
 *
 * An inherited field is not a field: a polluted prototype must not set a cap. An unknown one is an error:
 * a misspelt cap must not read as none.
 *
 * @param lenient - an explicit `undefined` is a missing field; otherwise it is a `TypeError` (money).
 */
export function read<T extends object>(
  what: string,
  value: unknown,
  readers: { readonly [Key in keyof T]: Reader<T[Key]> },
  lenient = false,
): T {
  const plain = "a plain object";
  if (typeof value !== "object" || value === null) throw wrongType(what, plain, value);
  // Any realm's Object.prototype is one whose own prototype is null.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw wrongType(what, plain, value);
  const given = new Map<PropertyKey, unknown>();
  for (const key of Reflect.ownKeys(value)) {
    if (!Object.hasOwn(readers, key)) {
      const known = Object.keys(readers).join(", ");
      throw new TypeError(`${what} has no field ${quote(String(key))}; its fields are ${known}`);
    }
    const field: unknown = Reflect.get(value, key);
    if (field === undefined && !lenient) {
      const name = `${what}.${String(key)}`;
      // Of one that is required, its reader knows what is needed.
      readers[key as keyof T](name, field);
      throw wrongType(name, "given or left out", field);
    }
    given.set(key, field);
  }
  // Own from the start, so that no inherited setter gets between; each becomes what its reader makes of it.
  const fields: Record<string, unknown> = { ...readers };
  for (const [key, reader] of Object.entries<Reader<unknown>>(readers)) {
    fields[key] = reader(`${what}.${key}`, given.get(key));
  }
  return fields as T;
}

/**
 * Makes fields a value's own, for good: not writable, and no setter of a subclass gets between.
 *
 * The class declares them; `read` has checked them.
 */
export function seal(value: object, given: object): void {
  for (const [key, field] of Object.entries(given)) {
    Object.defineProperty(value, key, { value: field, enumerable: true });
  }
  Object.freeze(value);
}

/** Reads a field that may be missing. */
export function optional<T, Missing>(reader: Reader<T>, missing: Missing): Reader<T | Missing> {
  return (what, value) => (value === undefined ? missing : reader(what, value));
}

/** Reads a field that may be missing or `null`. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (what, value) => (value === undefined || value === null ? null : reader(what, value));
}

/** Reads a value, or takes another for what is none: where an error would hide what matters more. */
export function orElse<T, Other>(reader: Reader<T>, other: Other): Reader<T | Other> {
  return (what, value) => {
    try {
      return reader(what, value);
    } catch {
      return other;
    }
  };
}

/** A value that this copy of the library did not make: a clone, a look-alike, another copy's. */
export function notOurs(what: string, type: string, value: unknown): TypeError {
  return wrongType(what, `made by this copy of dispatch-kit; rebuild it with new ${type}(…)`, value);
}

// Stryker disable next-line BlockStatement: the stores and the calls read by it, the core does not
export function anything(_: string, value: unknown): unknown {
  return value;
}

/** A function, to be called as its declared type says. */
export function callable(what: string, value: unknown): (...args: readonly unknown[]) => unknown {
  if (typeof value !== "function") throw wrongType(what, "a function", value);
  return value as (...args: readonly unknown[]) => unknown;
}

export function text(what: string, value: unknown): string {
  if (typeof value !== "string") throw wrongType(what, "a string", value);
  return value;
}

/** Text that says something: at least one visible character, no NUL and no lone surrogate. */
export function words(what: string, value: unknown): string {
  const checked = text(what, value);
  if (/[^\s\p{C}\p{DI}]/u.test(checked) && !/[\0\p{Cs}]/u.test(checked)) return checked;
  throw outOfRange(what, "well-formed text that is not blank", checked);
}

/** 1 to `max` code units of well-formed Unicode without control characters. */
export function nameUpTo(max: number): Reader<string> {
  return (what, value) => {
    const checked = text(what, value);
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

/** Past 10^9 seconds (31 years) an instant that it is added to could pass for milliseconds. */
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

/** `true` or `false`: nothing that is merely truthy. */
export function flag(what: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw wrongType(what, "true or false", value);
  return value;
}

/** One of a few strings. */
export function oneOf<const Word extends string>(choices: Readonly<Record<string, Word>>): Reader<Word> {
  return (what, value) => {
    const checked = text(what, value);
    const all = Object.values(choices);
    const found = all.find((word) => word === checked);
    if (found === undefined) throw outOfRange(what, `one of ${all.join(", ")}`, checked);
    return found;
  };
}

/** The length of an array, read once; a proxy can give one that no array has, and never end. */
export function lengthOf(what: string, value: unknown): number {
  if (!Array.isArray(value)) throw wrongType(what, "an array", value);
  const { length } = value;
  if (Number.isInteger(length) && length >= 0 && length < 2 ** 32) return length;
  throw outOfRange(what, "as long as an array can be", length);
}

/** A list, copied by index and frozen: neither a hole nor an iterator that lies gets in. */
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
