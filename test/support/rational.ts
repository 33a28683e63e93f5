/** An exact fraction, with which the money tests compare. It does not use the library's arithmetic. */
export interface Rational {
  readonly over: bigint;
  readonly under: bigint;
}

/** Reads any decimal, with or without an exponent. */
export function rational(text: string | number | bigint): Rational {
  const [mantissa = "", exponent = "0"] = String(text).toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const shift = BigInt(exponent) - BigInt(fraction.length);
  const units = BigInt(whole + fraction);
  return shift >= 0n ? { over: units * 10n ** shift, under: 1n } : { over: units, under: 10n ** -shift };
}

export function add(...terms: readonly Rational[]): Rational {
  return terms.reduce((a, b) => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under }));
}

export function times(...factors: readonly Rational[]): Rational {
  return factors.reduce((a, b) => ({ over: a.over * b.over, under: a.under * b.under }));
}

export function divide(a: Rational, by: bigint): Rational {
  return { over: a.over, under: a.under * by };
}

/** Below 0, 0 or above it, as `a` is less than, equal to or greater than `b`. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.over * b.under - b.over * a.under;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Micro-cents as dollars. */
export function dollars(microCents: bigint): Rational {
  return { over: microCents, under: 100_000_000n };
}
