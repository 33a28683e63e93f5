import { outcome } from "../../money/outcome.ts";
import { quote } from "../../internal/text.ts";
import { dearest } from "../../tokens/dearest.ts";
import type { RatesPurpose, TokenPrices } from "../../tokens/fields.ts";
import { TokenRates } from "../../tokens/rates.ts";
import { RefusedPriceError } from "./listed.ts";
import type { RatesOutcome, Wanted } from "./outcome.ts";

/** The prices of a model above `above` input tokens, as plain digits under the field names of `TokenRates`. */
export interface Sheet {
  readonly above: number;
  readonly prices: Readonly<Partial<Record<keyof TokenPrices, string>>>;
}

/** The base, then the tiers. */
export type Sheets = readonly [Sheet, ...Sheet[]];

/** The entry of a model in a list. */
export interface Found {
  readonly model: string;
  /** Whether the model's name says that it is free. */
  readonly free: boolean;
  /** Whether the list says that the model generates no tokens. */
  readonly noOutput: boolean;
  /** The different prices that apply at some time of the call. */
  readonly moments: readonly [Sheets, ...Sheets[]];
  /** Factors on the token prices, as plain digits. */
  readonly factors: readonly string[];
  /** `null` for the standard tier. */
  readonly serviceTier: string | null;
  readonly searchPer: RatesPurpose["searchPer"];
  /** Whether a fee per request is a fee for searching. */
  readonly feeIsForSearches: boolean;
  readonly maxInputTokens: number | null;
  readonly maxOutputTokens: number | null;
}

/**
 * Checks the age of a list and makes rates of the entry from `find`. A {@link RefusedPriceError} becomes a refusal, and
 * so does any other error, because only the contents of the list can cause one.
 */
export function ratesOf(wanted: Wanted, find: () => Found): RatesOutcome {
  return orRefusal(() => {
    checkAge(wanted);
    return priced(find(), wanted);
  });
}

/** Runs a reader of a list. What it throws becomes a refusal. */
export function orRefusal(read: () => RatesOutcome): RatesOutcome {
  try {
    return read();
  } catch (error) {
    if (error instanceof RefusedPriceError) return refusalOf(error);
    // An error of the list itself, such as one of a getter, is not shown.
    return outcome({ kind: "refused", why: "unreadable", reason: "the price list cannot be read" });
  }
}

/** The refusal that an error says. */
export function refusalOf({ why, message }: RefusedPriceError): RatesOutcome {
  return outcome({ kind: "refused", why, reason: message });
}

/** Refuses a list that is too old. */
export function checkAge({ at, listedAt, maxAgeSeconds }: Wanted): void {
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

function priced(found: Found, wanted: Wanted): RatesOutcome {
  const { model, maxInputTokens, maxOutputTokens, moments } = found;
  if (!/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(model) || model.length > 200)
    throw new RefusedPriceError("unreadable", `${quote(model)} cannot be the name of a model`);
  const noOutput = wanted.noOutput || found.noOutput;
  const free = found.free && moments.flat().every(({ prices }) => isFree(prices, noOutput));
  const pricesAt = (sheet: Sheet): TokenPrices =>
    free ? freePrices(sheet) : pricesOf(found, sheet, noOutput);
  const ratesAt = ([base, ...tiers]: Sheets): TokenRates =>
    new TokenRates({
      ...pricesAt(base),
      tiers: tiers.map((tier) => ({ aboveInputTokens: tier.above, ...pricesAt(tier) })),
    });
  const [first, ...others] = moments;
  const rates = found.factors.reduce(
    (of, factor) => of.times(factor),
    dearest(ratesAt(first), ...others.map(ratesAt)),
  );
  const paysForSearches =
    found.feeIsForSearches && rates.requestUsd !== null && rates.searchUsd === undefined;
  const purpose: RatesPurpose = {
    model,
    ...(found.serviceTier === null ? {} : { serviceTier: found.serviceTier }),
    ...(found.searchPer === undefined ? {} : { searchPer: found.searchPer }),
    ...(paysForSearches ? { searchesIncluded: true } : {}),
  };
  return outcome({
    kind: "priced",
    rates: TokenRates.fromJSON({ ...purpose, ...rates.toJSON() }),
    free,
    model,
    maxInputTokens,
    maxOutputTokens,
  });
}

type Listed = Sheet["prices"];

const FEE = /^(?:request|search)Usd$/;

/** Whether the prices of all tokens are there and zero. A model that generates no tokens needs no output price. */
function isFree(prices: Listed, noOutput: boolean): boolean {
  const output = prices.outputUsdPerMTok ?? (noOutput ? "0" : undefined);
  const tokens = Object.entries(prices).filter(([key]) => !FEE.test(key));
  return prices.inputUsdPerMTok === "0" && output === "0" && tokens.every(([, of]) => of === "0");
}

/** The prices of a free model: tokens are free, and fees are as the list has them. A search without a fee has no price. */
function freePrices({ prices }: Sheet): TokenPrices {
  const fees = Object.entries(prices).filter(([key, of]) => FEE.test(key) && of !== "0");
  return {
    inputUsdPerMTok: "0",
    outputUsdPerMTok: "0",
    cacheWrite1hUsdPerMTok: "0",
    ...Object.fromEntries(fees),
  };
}

/** The prices of an entry that is not free. A zero price counts as missing; a required one is refused. */
function pricesOf({ model, free, serviceTier }: Found, { prices }: Sheet, noOutput: boolean): TokenPrices {
  const needed = (field: "inputUsdPerMTok" | "outputUsdPerMTok", name: string): string => {
    const price = prices[field];
    const of = `${quote(model)}${serviceTier === null ? "" : ` in the service tier ${quote(serviceTier)}`}`;
    if (price === undefined)
      throw new RefusedPriceError("missing", `the list has no ${name} price for ${of}`);
    if (price !== "0") return price;
    const reason = free ? "not every price is" : "the list does not call the model free";
    throw new RefusedPriceError("zero", `the ${name} price of ${of} is 0, but ${reason}`);
  };
  const inputUsdPerMTok = needed("inputUsdPerMTok", "input");
  const { outputUsdPerMTok: output = "0" } = prices;
  return {
    ...Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== "0")),
    inputUsdPerMTok,
    outputUsdPerMTok: noOutput && output === "0" ? inputUsdPerMTok : needed("outputUsdPerMTok", "output"),
  };
}
