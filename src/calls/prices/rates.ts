import { outcome } from "../../money/outcome.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { TokenRates } from "../../tokens/rates.ts";
import { RefusedPriceError } from "./listed.ts";
import type { RatesOutcome, Wanted } from "./outcome.ts";

/** The prices of a model above `above` input tokens, as plain digits under the field names of `TokenRates`. */
export interface Sheet {
  readonly above: number;
  readonly prices: Readonly<Partial<Record<keyof TokenPrices, string>>>;
}

/** The entry of a model in a list. */
export interface Found {
  readonly model: string;
  readonly free: boolean;
  /** Whether the list says that the model generates no tokens. */
  readonly noOutput: boolean;
  readonly base: Sheet;
  readonly tiers: readonly Sheet[];
}

/** Checks the age of a list and makes rates of the entry from `find`. A {@link RefusedPriceError} becomes a refusal. */
export function ratesOf(wanted: Wanted, find: () => Found): RatesOutcome {
  try {
    checkAge(wanted);
    const found = find();
    const sheets = [found.base, ...found.tiers];
    const free = found.free && sheets.every(({ prices }) => Object.values(prices).every((of) => of === "0"));
    const noOutput = wanted.noOutput || found.noOutput;
    const rates = free
      ? freeRates()
      : new TokenRates({
          ...pricesOf(found.model, found.base, noOutput),
          tiers: found.tiers.map((tier) => ({
            aboveInputTokens: tier.above,
            ...pricesOf(found.model, tier, noOutput),
          })),
        });
    return outcome({ kind: "priced", rates, free });
  } catch (error) {
    if (!(error instanceof RefusedPriceError)) throw error;
    return outcome({ kind: "refused", why: error.why, reason: error.message });
  }
}

function checkAge({ at, listedAt, maxAgeSeconds }: Wanted): void {
  if (maxAgeSeconds === null) return;
  if (listedAt === null)
    throw new RefusedPriceError("stale", "the age of the price list is unknown: set listedAt");
  const age = at - listedAt;
  if (age <= maxAgeSeconds) return;
  throw new RefusedPriceError(
    "stale",
    `the price list must be at most ${maxAgeSeconds} s old; it is ${Math.ceil(age)} s old`,
  );
}

/** Rates of $0, searches included. */
function freeRates(): TokenRates {
  return new TokenRates({ inputUsdPerMTok: 0, outputUsdPerMTok: 0, searchUsd: 0 });
}

/** The prices of an entry that is not free. A zero price counts as missing; a required one is refused. */
function pricesOf(model: string, { prices }: Sheet, noOutput: boolean): TokenPrices {
  const needed = (field: "inputUsdPerMTok" | "outputUsdPerMTok", name: string): string => {
    const price = prices[field];
    if (price === undefined)
      throw new RefusedPriceError("missing", `the list has no ${name} price for ${quote(model)}`);
    if (price !== "0") return price;
    throw new RefusedPriceError(
      "zero",
      `the ${name} price of ${quote(model)} is 0, but the list does not call the model free`,
    );
  };
  const inputUsdPerMTok = needed("inputUsdPerMTok", "input");
  const { outputUsdPerMTok: output = "0" } = prices;
  return {
    ...Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== "0")),
    inputUsdPerMTok,
    outputUsdPerMTok: noOutput && output === "0" ? inputUsdPerMTok : needed("outputUsdPerMTok", "output"),
  };
}
