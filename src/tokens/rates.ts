import {
  flag,
  identifier,
  listOf,
  oneOf,
  optional,
  orNull,
  outOfRange,
  read,
  type Reader,
  type Readers,
  whole,
} from "../internal/check.ts";
import { become, valueReader } from "../internal/value.ts";
import { type Price, price, pricesJson } from "../money/decimal.ts";
import type { RatesPurpose, TokenPrices, TokenTier } from "./fields.ts";
import { kindReaders, type TokenKind } from "./kinds.ts";
import { timesFields, type TimesOptions } from "./times.ts";

const fee = /* @__PURE__ */ orNull(price);

const PRICES = /* @__PURE__ */ kindReaders<
  `${TokenKind}UsdPerMTok`,
  "requestUsd" | "searchUsd",
  Price | null
>((kind) => `${kind}UsdPerMTok`, price, fee, { requestUsd: fee, searchUsd: fee });
const PURPOSE = {
  model: /* @__PURE__ */ optional(identifier, null),
  serviceTier: /* @__PURE__ */ optional(identifier, null),
  searchPer: /* @__PURE__ */ optional(/* @__PURE__ */ oneOf({ 1: "query", 2: "prompt" }), null),
  searchesIncluded: /* @__PURE__ */ optional(onlyTrue, null),
};
const FIELDS = /* @__PURE__ */ withTiers();

/**
 * The exact prices of a model per million tokens, as published. They may say what they are for: `model`, `serviceTier`,
 * and how searches are billed, `searchPer` and `searchesIncluded`.
 *
 * @example
 * ```ts
 * const rates = new TokenRates({ model: "gpt-4o-mini", inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" });
 * formatUsd(estimateTokens(rates, { maxInputTokens: 1000, maxOutputTokens: 500 })); // => "0.00045"
 * ```
 */
export class TokenRates {
  declare readonly model?: string;
  declare readonly serviceTier?: string;
  declare readonly searchPer?: "query" | "prompt";
  declare readonly searchesIncluded?: true;
  declare readonly inputUsdPerMTok: Price;
  declare readonly outputUsdPerMTok: Price;
  declare readonly cacheReadUsdPerMTok: Price | null;
  declare readonly cacheWriteUsdPerMTok: Price | null;
  declare readonly cacheWrite1hUsdPerMTok?: Price;
  declare readonly inputAudioUsdPerMTok?: Price;
  declare readonly inputImageUsdPerMTok?: Price;
  declare readonly inputVideoUsdPerMTok?: Price;
  declare readonly cacheReadAudioUsdPerMTok?: Price;
  declare readonly cacheReadImageUsdPerMTok?: Price;
  declare readonly outputAudioUsdPerMTok?: Price;
  declare readonly outputImageUsdPerMTok?: Price;
  declare readonly outputVideoUsdPerMTok?: Price;
  declare readonly outputReasoningUsdPerMTok?: Price;
  declare readonly outputCitationUsdPerMTok?: Price;
  declare readonly requestUsd: Price | null;
  declare readonly searchUsd?: Price;
  declare readonly tiers: readonly TokenTier[];

  /**
   * @throws TypeError for an unknown or missing field or a wrong type.
   * @throws RangeError for a negative or inexact price, two tiers with the same `aboveInputTokens`, a name that is empty
   *   or longer than 200 code units, or `searchesIncluded` without a `requestUsd` or beside a `searchUsd`.
   */
  constructor(rates: RatesPurpose & TokenPrices & { readonly tiers?: readonly TokenTier[] | undefined }) {
    const fields = read<Fields>("TokenRates", rates, FIELDS);
    const paysForSearches = fields.requestUsd !== null && fields.searchUsd === null;
    if (fields.searchesIncluded !== null && !paysForSearches) {
      throw outOfRange(
        "TokenRates.searchesIncluded",
        "missing unless only requestUsd pays for searches",
        true,
      );
    }
    become(this, "TokenRates", withoutMissing(fields));
  }

  /**
   * The same rates with each price per token times a factor: for a region, a batch, or the fee of a router.
   *
   * Fees per request and per search stay the same unless `fees` is set, because discounts and surcharges are on tokens:
   * Anthropic's 1.1 for inference in the US is on all token prices
   * (https://platform.claude.com/docs/en/manage-claude/data-residency), and so is OpenAI's 10% for data residency
   * (https://developers.openai.com/api/docs/guides/data-residency); batches halve the token prices and not the fee of a
   * search. A router that charges a percentage of the whole bill needs `fees: true`.
   *
   * A kind without its own price keeps the price that it has now, unless it is scaled itself. Tiers are scaled too.
   *
   * @param factor - a decimal above 0, such as `"1.1"` or `"0.5"`, with at most 18 decimal places.
   * @returns new rates. A price is exact up to 18 decimal places; beyond them it is rounded up.
   * @throws TypeError for an unknown option or a wrong type.
   * @throws RangeError for a factor of 0 or below, or an unknown kind.
   * @example
   * ```ts
   * const rates = new TokenRates({ inputUsdPerMTok: "2.50", outputUsdPerMTok: "10", searchUsd: "0.01" });
   * rates.times("1.1").inputUsdPerMTok; // => "2.75"
   * rates.times("1.1").searchUsd; // => "0.01"
   * rates.times("0.5", { kinds: ["output"] }).outputUsdPerMTok; // => "5"
   * ```
   */
  times(factor: Price, options: TimesOptions = {}): TokenRates {
    const rates = tokenRates("TokenRates.times: this", this);
    const purpose = Object.entries(rates).filter(([key]) => Object.hasOwn(PURPOSE, key));
    return make({ ...Object.fromEntries(purpose), ...timesFields(rates, factor, options) });
  }

  /** Every price as an exact decimal string; the other fields as they are. */
  toJSON(): Record<string, unknown> {
    const isPurpose = ([key]: readonly [string, unknown]): boolean => Object.hasOwn(PURPOSE, key);
    const fields = Object.entries(this);
    const prices = Object.fromEntries(fields.filter((field) => !isPurpose(field)));
    return { ...Object.fromEntries(fields.filter(isPurpose)), ...pricesJson(prices) };
  }

  /** Reads what {@link TokenRates.toJSON} wrote. */
  static fromJSON(json: unknown): TokenRates {
    return make(read<object>("TokenRates", json, FIELDS));
  }
}

/** Outside the class: a bundler renames a class that refers to itself, and the new name would be printed. */
function make(rates: object): TokenRates {
  // The readers of FIELDS have checked every field.
  return new TokenRates(withoutMissing(rates) as TokenRates);
}

/** Reads {@link TokenRates}. */
export const tokenRates: Reader<TokenRates> = /* @__PURE__ */ valueReader<TokenRates, object>(
  "TokenRates",
  FIELDS,
  make,
);

/** Drops the fields without a value, except the three prices that every instance has. */
function withoutMissing(fields: object): object {
  const always = ["cacheReadUsdPerMTok", "cacheWriteUsdPerMTok", "requestUsd"];
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => value !== null || always.includes(key)),
  );
}

/** The checked fields that the constructor compares. */
interface Fields {
  readonly requestUsd: Price | null;
  readonly searchUsd: Price | null;
  readonly searchesIncluded: true | null;
  readonly tiers: readonly TokenTier[];
}

function withTiers(): Readers<Fields> {
  const tiers = optional(tierList, Object.freeze([]));
  return { ...PURPOSE, ...PRICES, tiers };
}

function onlyTrue(what: string, value: unknown): true {
  const checked = flag(what, value);
  if (checked) return checked;
  throw outOfRange(what, "true or missing", "false");
}

/** Reads tiers. No two may start at the same count. */
function tierList(what: string, value: unknown): readonly TokenTier[] {
  const tiers = listOf((at, entry) =>
    // The readers of the two required prices refuse null.
    Object.freeze(
      withoutMissing(read<object>(at, entry, { aboveInputTokens: whole, ...PRICES })) as TokenTier,
    ),
  )(what, value);
  const starts = tiers.map(({ aboveInputTokens }) => aboveInputTokens);
  if (new Set(starts).size === starts.length) return tiers;
  throw outOfRange(what, "tiers with different aboveInputTokens", starts.join(", "));
}
