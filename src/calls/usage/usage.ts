import { outcome } from "../../money/outcome.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { TokenRates, tokenRates } from "../../tokens/rates.ts";
import { tokenCost } from "../../tokens/token-cost.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import { aiSdkUsage, bedrockUsage } from "./ai-sdk.ts";
import { anthropicUsage } from "./anthropic.ts";
import { hasAny, nonZero, UncountableError } from "./counts.ts";
import { geminiUsage } from "./gemini.ts";
import { chatUsage, responsesUsage } from "./openai.ts";
import { fieldOf, listedSearches } from "./searches.ts";

/** The token counts of a call, or the reason why they are unknown. */
export type UsageOutcome =
  | { readonly kind: "counted"; readonly usage: TokenUsage }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * The actual cost of a call in micro-cents, or `null` and the reason why it is unknown: then the whole hold is charged.
 */
export type ActualOutcome =
  | { readonly kind: "counted"; readonly actual: MicroCents; readonly usage: TokenUsage }
  | { readonly kind: "unknown"; readonly actual: null; readonly reason: string };

/**
 * Reads a provider's usage report. It knows the reports of OpenAI's chat completions and responses and of compatible
 * APIs (counts include cached and reasoning tokens), of Anthropic (input without cache tokens), Gemini, Bedrock and the
 * Vercel AI SDK.
 *
 * It never throws and never guesses. A report that is missing, has a negative or fractional count, or does not add up
 * is `unknown`, with the reason.
 *
 * @param report - `response.usage`, `response.usageMetadata`, or the whole response or result. Pass the whole one if
 *   you can: only it has the searches of OpenAI and Gemini, the tools that are billed separately, the total of several
 *   steps of the AI SDK, and the `providerMetadata` of its version 5.
 * @example
 * ```ts
 * const report = { input_tokens: 20, cache_read_input_tokens: 1000, output_tokens: 5 };
 * const counted = usageOf(report);
 * counted.kind === "counted" && counted.usage; // => { inputTokens: 1020, outputTokens: 5, cacheReadTokens: 1000 }
 * usageOf({ prompt_tokens: 20.5, completion_tokens: 5 }).kind; // => "unknown"
 * ```
 */
export function usageOf(report: unknown): UsageOutcome {
  try {
    const usage = nonZero(read(report));
    // tokenCost throws if a count is smaller than the sum of its parts.
    tokenCost(ratesForAll(), usage);
    return outcome({ kind: "counted", usage: Object.freeze(usage) });
  } catch (error) {
    return outcome({ kind: "unknown", reason: reasonOf(error) });
  }
}

/**
 * The actual cost of a call, from its rates and the provider's usage report. Settle the hold at this amount.
 *
 * It never throws, because the call was made and its value must not be lost. If tokens cannot be counted or have no
 * price, the cost is `null`: charge the whole hold.
 *
 * @param report - as for {@link usageOf}.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" });
 * actualOf(rates, { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 }).actual; // => 45000n
 * actualOf(rates, undefined).actual; // => null
 * ```
 */
export function actualOf(rates: TokenRates, report: unknown): ActualOutcome {
  const counted = usageOf(report);
  if (counted.kind === "unknown") return outcome({ kind: "unknown", actual: null, reason: counted.reason });
  try {
    const { usage } = counted;
    const { searches, ...rest } = usage;
    // If the rates have a fee per call but no price per search, the fee covers the search (Perplexity).
    const prices = tokenRates("actualOf: rates", rates);
    const included = prices.requestUsd !== null && prices.searchUsd === undefined;
    const actual = tokenCost(prices, included && searches !== undefined ? rest : usage);
    return outcome({ kind: "counted", actual, usage });
  } catch (error) {
    return outcome({ kind: "unknown", actual: null, reason: reasonOf(error) });
  }
}

let pricedRates: TokenRates | null = null;

/** Rates with a price for everything. They are made on first use, because an import must have no side effect. */
function ratesForAll(): TokenRates {
  pricedRates ??= new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 1, searchUsd: 1 });
  return pricedRates;
}

/**
 * The message of an error of the readers or of tokenCost; these quote only counts. Errors of other classes are not
 * shown, because a getter may have thrown them.
 */
function reasonOf(error: unknown): string {
  const isShown =
    error instanceof UncountableError || error instanceof RangeError || error instanceof TypeError;
  return isShown && error.message !== "" ? error.message : "the report cannot be read";
}

function read(report: unknown): TokenUsage {
  if (!isObject(report)) throw new UncountableError("there is no usage report");
  const usage = ["totalUsage", "usage", "usageMetadata"].map((key) => fieldOf(report, key)).find(isObject);
  const known = readReport(usage ?? report, fieldOf(report, "providerMetadata"));
  if (known === null) throw new UncountableError("the report has no known shape");
  const { searches = 0 } = known;
  return { ...known, searches: searches + listedSearches(report, searches) };
}

const ANTHROPIC = [
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "cache_creation",
  "server_tool_use",
];
const OPENAI = ["input_tokens_details", "input_token_details", "output_token_details", "total_tokens"];

function readReport(report: AnyObject, metadata?: unknown): TokenUsage | null {
  const has = (...keys: readonly string[]): boolean => hasAny(report, keys);
  const shapes: ((report: AnyObject) => TokenUsage)[] = [];
  if (has("prompt_tokens", "completion_tokens")) shapes.push(chatUsage);
  if (has("promptTokenCount", "totalTokenCount")) shapes.push(geminiUsage);
  if (has("cacheReadInputTokens", "cacheWriteInputTokens")) shapes.push(bedrockUsage);
  else if (has("inputTokens", "outputTokens")) {
    shapes.push(() => aiSdkUsage(report, isObject(metadata) ? metadata : {}, readReport));
  }
  if (has("input_tokens", "output_tokens") && !has("prompt_tokens")) shapes.push(snakeCase);
  const [only, ...others] = shapes;
  if (others.length > 0) throw new UncountableError("the report has the shape of several providers");
  return only?.(report) ?? null;
}

function snakeCase(report: AnyObject): TokenUsage {
  const openai = hasAny(report, OPENAI);
  if (openai && hasAny(report, ANTHROPIC))
    throw new UncountableError("the report has the shape of several providers");
  return openai ? responsesUsage(report) : anthropicUsage(report);
}
