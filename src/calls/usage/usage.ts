import { outcome } from "../../money/outcome.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { tokenCost, TokenRates } from "../../tokens/rates.ts";
import { isPart, type Part } from "../record.ts";
import { aiSdkUsage, bedrockUsage } from "./ai-sdk.ts";
import { anthropicUsage } from "./anthropic.ts";
import { hasAny, NoCount, nonZero } from "./counts.ts";
import { geminiUsage } from "./gemini.ts";
import { chatUsage, responsesUsage } from "./openai.ts";
import { fieldOf, listedSearches } from "./searches.ts";

/** What a call has used, or why its report does not say. */
export type UsageOutcome =
  | { readonly kind: "counted"; readonly usage: TokenUsage }
  | { readonly kind: "unknown"; readonly reason: string };

/** What a call has cost, or `null` and why nobody knows: then the whole hold is charged. */
export type ActualOutcome =
  | { readonly kind: "counted"; readonly actual: MicroCents; readonly usage: TokenUsage }
  | { readonly kind: "unknown"; readonly actual: null; readonly reason: string };

/**
 * Reads a provider's usage report by its shape: OpenAI's chat completions and responses (cached and reasoning
 * tokens inside the counts) and the many that speak like them, Anthropic's (cache tokens beside), Gemini's,
 * Bedrock's, and the Vercel AI SDK's.
 *
 * A report that is missing, negative, fractional or does not add up is `unknown`, with the reason: never a
 * throw, and never a guess.
 *
 * @param report - `response.usage` or `response.usageMetadata`, or the whole response or result. Only the whole
 *   one has the searches of OpenAI and of Gemini and the tools that are charged apart, the total of several steps
 *   of the AI SDK, and what version 5 of it leaves to `providerMetadata`.
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
    // More tokens of a kind than of what it is part of is found out by whoever adds them up.
    tokenCost(anyRates(), usage);
    return outcome({ kind: "counted", usage: Object.freeze(usage) });
  } catch (error) {
    return outcome({ kind: "unknown", reason: reasonOf(error) });
  }
}

/**
 * What a call has cost, from its rates and the provider's usage report: what a hold is settled at.
 *
 * It never throws, since the call has been made and its value must not be lost. What cannot be counted, or
 * has no price, is `null`: charge the whole hold.
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
    // Where the call itself has a fee and a search has no price, the fee is for the search (Perplexity).
    const included = TokenRates.is(rates) && rates.requestUsd !== null && rates.searchUsd === undefined;
    const actual = tokenCost(rates, included && searches !== undefined ? rest : usage);
    return outcome({ kind: "counted", actual, usage });
  } catch (error) {
    return outcome({ kind: "unknown", actual: null, reason: reasonOf(error) });
  }
}

let any: TokenRates | null = null;

/** Rates that price everything, made once and not at import. */
function anyRates(): TokenRates {
  any ??= new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 1, searchUsd: 1 });
  return any;
}

/** Ours say what is wrong and quote nothing but counts; what a getter throws is nobody's business. */
function reasonOf(error: unknown): string {
  const ours = error instanceof NoCount || error instanceof RangeError || error instanceof TypeError;
  return ours && error.message !== "" ? error.message : "the report cannot be read";
}

function read(report: unknown): TokenUsage {
  if (!isPart(report)) throw new NoCount("there is no usage report");
  const usage = ["totalUsage", "usage", "usageMetadata"].map((key) => fieldOf(report, key)).find(isPart);
  const known = readReport(usage ?? report, fieldOf(report, "providerMetadata"));
  if (known === null) throw new NoCount("the report has no shape that is known");
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

function readReport(report: Part, metadata?: unknown): TokenUsage | null {
  const has = (...keys: readonly string[]): boolean => hasAny(report, keys);
  const shapes: ((report: Part) => TokenUsage)[] = [];
  if (has("prompt_tokens", "completion_tokens")) shapes.push(chatUsage);
  if (has("promptTokenCount", "totalTokenCount")) shapes.push(geminiUsage);
  if (has("cacheReadInputTokens", "cacheWriteInputTokens")) shapes.push(bedrockUsage);
  else if (has("inputTokens", "outputTokens")) {
    shapes.push(() => aiSdkUsage(report, isPart(metadata) ? metadata : {}, readReport));
  }
  if (has("input_tokens", "output_tokens") && !has("prompt_tokens")) shapes.push(snakeCase);
  const [only, ...others] = shapes;
  if (others.length > 0) throw new NoCount("the report has the shape of several providers");
  return only?.(report) ?? null;
}

function snakeCase(report: Part): TokenUsage {
  const openai = hasAny(report, OPENAI);
  if (openai && hasAny(report, ANTHROPIC)) throw new NoCount("the report has the shape of several providers");
  return openai ? responsesUsage(report) : anthropicUsage(report);
}
