import { type Protocol, type Stated, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { statedUsd } from "../reports/stated.ts";
import type { Reported } from "../reports/token-protocol.ts";
import { CHAT_USAGE, chatForm, chatSearches } from "./openai-chat.ts";
import { openaiDialect } from "./openai-dialect.ts";
import { EMBEDDINGS_USAGE, embeddingsForm } from "./openai-embeddings.ts";
import { RESPONSES_USAGE, responsesForm, unfinishedResponse } from "./openai-responses.ts";

/**
 * Citations and reasoning are in neither the completion nor the total.
 *
 * Source: `UsageInfo` of the npm package @perplexity-ai/perplexity_ai 0.38.5, `dist/generated/api.d.ts`;
 * `perplexityUsageSchema` and `convertPerplexityUsage` of @ai-sdk/perplexity 4.0.49.
 */
export const PERPLEXITY_USAGE: UsageShape = {
  ...CHAT_USAGE,
  excludes: [],
  outside: { outputReasoning: ["reasoning_tokens"], outputCitation: ["citation_tokens"] },
  // No type has it, but a router of models may report it as OpenAI does.
  inside: { cacheRead: ["prompt_tokens_details.cached_tokens"] },
  searches: ["num_search_queries"],
  // `stated` reads the total.
  informs: ["cost.*"],
};

/** Source: `EmbeddingsUsage` of the same file. */
export const PERPLEXITY_EMBEDDINGS_USAGE: UsageShape = { ...EMBEDDINGS_USAGE, informs: ["cost.*"] };

/** Source: `ResponsesUsage` of the same file. */
export const PERPLEXITY_RESPONSES_USAGE: UsageShape = {
  ...RESPONSES_USAGE,
  inside: { outputReasoning: ["output_tokens_details.reasoning_tokens"] },
  either: {
    cacheRead: ["input_tokens_details.cache_read_input_tokens", "input_tokens_details.cached_tokens"],
    cacheWrite: ["input_tokens_details.cache_creation_input_tokens"],
  },
  informs: ["cost.*"],
  apart: ["tool_calls_details.*"],
};

/** What was billed. The chat's costs have no currency: they are in USD, as docs.perplexity.ai/guides/pricing is. */
function stated({ usage }: Reported): Stated | undefined {
  const currency = valueAt(usage, "cost.currency") ?? "USD";
  if (currency !== "USD") throw new UncountableError("cost.currency is not USD");
  return statedUsd(usage, ["cost.total_cost"], "bills");
}

/** A search model searches in every call, which `search_context_size` shows. */
function searches({ usage, response }: Reported, counted: number): number {
  const isSearchModel = valueAt(usage, "search_context_size") !== undefined;
  const counts = valueAt(usage, "num_search_queries") !== undefined;
  return Math.max(counted, chatSearches(response), isSearchModel && !counts ? 1 : 0);
}

const FINISHED = ["completed", "incomplete", "failed", "cancelled", "requires_action"];

/** Perplexity's chat completions, responses (the Agent API) and embeddings. */
export const PERPLEXITY: Protocol = /* @__PURE__ */ openaiDialect("perplexity", [
  /* @__PURE__ */ chatForm("perplexity", { shape: PERPLEXITY_USAGE, stated, searches }),
  /* @__PURE__ */ responsesForm("perplexity", {
    shape: PERPLEXITY_RESPONSES_USAGE,
    stated,
    unfinished: (response) => unfinishedResponse(response, FINISHED),
  }),
  /* @__PURE__ */ embeddingsForm("perplexity", { shape: PERPLEXITY_EMBEDDINGS_USAGE, stated }),
]);
