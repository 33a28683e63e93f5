import type { MicroCents } from "../money/micro-cents.ts";

/**
 * Micro-cents as a number of dollars, for spans and metrics only: those have no exact numbers. Bigger amounts than
 * $90 million lose digits.
 */
export function dollars(amount: MicroCents): number {
  return Number(amount) / 1e8;
}
