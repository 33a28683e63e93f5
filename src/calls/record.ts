/** An object of a price list or of a usage report, which somebody else has written. */
export type Part = Readonly<Record<string, unknown>>;

/** Not an array; with a class or without. */
export function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field: a polluted prototype must not make a call cheaper. */
export function own(part: Part, key: string): unknown {
  return Object.hasOwn(part, key) ? part[key] : undefined;
}

/** The same, where `null` is none as well. */
export function given(part: Part, key: string): unknown {
  return own(part, key) ?? undefined;
}

/** A whole number of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
