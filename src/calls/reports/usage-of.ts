import { read } from "../../internal/check.ts";
import { outcome } from "../../money/outcome.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { TokenRates } from "../../tokens/rates.ts";
import { tokenCost } from "../../tokens/token-cost.ts";
import type { ProtocolName } from "../protocols/names.ts";
import { readingsOf } from "./accounts.ts";
import { reasonOf, type ReportOptions } from "./actual-of.ts";
import { UncountableError } from "./account.ts";
import { REPORT } from "./options.ts";
import { sumOfParts } from "./sum.ts";

/** The token counts of a call, or the reason why they are unknown. */
export type UsageOutcome =
  | { readonly kind: "counted"; readonly usage: TokenUsage; readonly protocols: readonly ProtocolName[] }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Reads the token counts of a provider's usage report, as {@link actualOf} does, without prices. It never throws and
 * never guesses.
 *
 * @param report - as for {@link actualOf}.
 * @returns the tokens of all requests that the report is about.
 * @example
 * ```ts
 * const report = { input_tokens: 20, cache_read_input_tokens: 1000, output_tokens: 5 };
 * const counted = usageOf(report);
 * counted.kind === "counted" && counted.usage; // => { inputTokens: 1020, outputTokens: 5, cacheReadTokens: 1000 }
 * usageOf({ prompt_tokens: 20.5, completion_tokens: 5 }).kind; // => "unknown"
 * ```
 */
export function usageOf(report: unknown, options: ReportOptions = {}): UsageOutcome {
  try {
    const { protocol, ...asked } = read("usageOf: options", options, REPORT);
    const readings = readingsOf(report, protocol, { ...asked, cutOffAt: null });
    const [first, ...others] = readings.map(({ account }) => sumOfParts(account));
    if (first === undefined) throw new UncountableError("there is no usage report");
    // tokenCost throws if a count is smaller than the sum of its parts.
    for (const { account } of readings)
      for (const { usage } of account.parts) tokenCost(ratesForAll(), usage);
    const protocols = Object.freeze(readings.map(({ protocol: name }) => name));
    if (others.some((other) => !isEqual(other, first))) {
      throw new UncountableError(
        `several protocols account for the report, and differ: ${protocols.join(", ")}; name one`,
      );
    }
    return outcome({ kind: "counted", usage: first, protocols });
  } catch (error) {
    return outcome({ kind: "unknown", reason: reasonOf(error) });
  }
}

function isEqual(one: TokenUsage, other: TokenUsage): boolean {
  const sorted = (usage: TokenUsage): string => JSON.stringify(Object.entries(usage).sort());
  return sorted(one) === sorted(other);
}

let pricedRates: TokenRates | null = null;

/** Rates with a price for everything. They are made on first use, because an import must have no side effect. */
function ratesForAll(): TokenRates {
  const price = 1;
  pricedRates ??= new TokenRates({
    inputUsdPerMTok: price,
    outputUsdPerMTok: price,
    cacheWrite1hUsdPerMTok: price,
    searchUsd: price,
  });
  return pricedRates;
}
