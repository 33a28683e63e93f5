import { outcome } from "../../money/outcome.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { TokenRates } from "../../tokens/rates.ts";
import { NoPrice } from "./listed.ts";
import type { RatesOutcome, Wanted } from "./outcome.ts";

/** What a list says of a model from `above` input tokens on: plain digits, as {@link TokenRates} names them. */
export interface Sheet {
  readonly above: number;
  readonly prices: Readonly<Partial<Record<keyof TokenPrices, string>>>;
}

/** What a reader has found in a list. */
export interface Found {
  readonly model: string;
  readonly free: boolean;
  /** The list says that the model writes no tokens. */
  readonly noOutput: boolean;
  readonly base: Sheet;
  readonly tiers: readonly Sheet[];
}

/** Rates of what `find` finds in a list that is young enough; what it throws as {@link NoPrice} is a refusal. */
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
    if (!(error instanceof NoPrice)) throw error;
    return outcome({ kind: "refused", why: error.why, reason: error.message });
  }
}

function checkAge({ at, listedAt, maxAgeSeconds }: Wanted): void {
  if (maxAgeSeconds === null) return;
  if (listedAt === null) throw new NoPrice("stale", "nobody says how old the price list is: give listedAt");
  const age = at - listedAt;
  if (age <= maxAgeSeconds) return;
  throw new NoPrice("stale", `the price list is ${Math.ceil(age)} s old, and ${maxAgeSeconds} s are allowed`);
}

/** What costs nothing, searches included. */
function freeRates(): TokenRates {
  return new TokenRates({ inputUsdPerMTok: 0, outputUsdPerMTok: 0, searchUsd: 0 });
}

/** A zero that nobody calls free is as good as missing: never $0. */
function pricesOf(model: string, { prices }: Sheet, noOutput: boolean): TokenPrices {
  const needed = (field: "inputUsdPerMTok" | "outputUsdPerMTok", name: string): string => {
    const price = prices[field];
    if (price === undefined)
      throw new NoPrice("missing", `the list has no ${name} price for ${quote(model)}`);
    if (price !== "0") return price;
    throw new NoPrice("zero", `the ${name} price of ${quote(model)} is 0, and it is not called free`);
  };
  const inputUsdPerMTok = needed("inputUsdPerMTok", "input");
  const { outputUsdPerMTok: output = "0" } = prices;
  return {
    ...Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== "0")),
    inputUsdPerMTok,
    outputUsdPerMTok: noOutput && output === "0" ? inputUsdPerMTok : needed("outputUsdPerMTok", "output"),
  };
}
