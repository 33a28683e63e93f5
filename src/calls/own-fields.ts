/** An object of a price list or a usage report, with unchecked fields. */
export type AnyObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object of any class, but not an array. */
export function isObject(value: unknown): value is AnyObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field, or `undefined`. Inherited fields are ignored: a polluted prototype must not make a call cheaper. */
export function ownField(object: AnyObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** An own field, or `undefined` if it is missing or `null`. */
export function presentField(object: AnyObject, key: string): unknown {
  return ownField(object, key) ?? undefined;
}

/** A whole number of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
