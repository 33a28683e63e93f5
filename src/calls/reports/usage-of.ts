import { read } from "../../internal/check.ts";
import { outcome } from "../../money/outcome.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import type { ProtocolName } from "../protocols/names.ts";
import { readingsOf } from "./accounts.ts";
import { reasonOf, type ReportOptions } from "./actual-of.ts";
import { type Account, UncountableError } from "./account.ts";
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
    const [first, ...others] = readings;
    const usage = sumOfParts(first.account);
    for (const { account } of readings) refuseUncounted(account);
    const protocols = Object.freeze(readings.map(({ protocol: name }) => name));
    if (others.some(({ account }) => !isEqual(sumOfParts(account), usage))) {
      throw new UncountableError(
        `several protocols account for the report, and differ: ${protocols.join(", ")}; name one`,
      );
    }
    return outcome({ kind: "counted", usage, protocols });
  } catch (error) {
    return outcome({ kind: "unknown", reason: reasonOf(error) });
  }
}

function isEqual(one: TokenUsage, other: TokenUsage): boolean {
  const sorted = (usage: TokenUsage): string => JSON.stringify(Object.entries(usage).sort());
  return sorted(one) === sorted(other);
}

/** Token counts do not say what else was billed, unless the provider states a cost for all of it. */
function refuseUncounted({ parts }: Account): void {
  for (const { apart, stated } of parts) {
    const [first] = apart;
    const isPaid = stated?.standing === "bills" && stated.amount > 0n;
    if (first !== undefined && !isPaid) {
      throw new UncountableError(`${first} is billed separately`);
    }
  }
}
