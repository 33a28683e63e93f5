import { unitsAt } from "../../money/decimal.ts";
import { microCents } from "../../money/micro-cents.ts";
import { type Stated, UncountableError } from "./account.ts";
import { valueAt } from "./numbers.ts";

/**
 * A cost in USD that a report states, rounded up to the micro-cent.
 *
 * @param paths - where its summands are; those that are missing or `null` are left out.
 * @returns `undefined` if there is none.
 * @throws UncountableError if one of them is no amount.
 */
export function statedUsd(
  report: unknown,
  paths: readonly string[],
  standing: Stated["standing"],
): Stated | undefined {
  const present = paths.filter((path) => valueAt(report, path) !== undefined);
  if (present.length === 0) return undefined;
  const units = present.reduce((sum, path) => sum + unitsOf(path, valueAt(report, path)), 0n);
  return { amount: microCents((units + MICRO_CENT - 1n) / MICRO_CENT), standing };
}

/** Finer than any float of less than a million dollars. */
const PLACES = 24;
const MICRO_CENT = 10n ** BigInt(PLACES - 8);

function unitsOf(path: string, value: unknown): bigint {
  let units = -1n;
  try {
    units = unitsAt(PLACES, path, value, true);
  } catch {
    // The message below says it.
  }
  if (units >= 0n) return units;
  throw new UncountableError(`${path} must be an amount of at least 0`);
}
