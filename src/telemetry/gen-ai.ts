import type { GuardEvent } from "../calls/guarded-fetch/events.ts";
import type { ProtocolName, ProviderName } from "../calls/protocols/names.ts";
import type { TelemetryAttributes } from "./api.ts";

// The names and values are those of OpenTelemetry's conventions for generative AI, status "development", schema
// gen-ai-dev/1.42.0-dev, as of November 2026:
// https://github.com/open-telemetry/semantic-conventions-genai/blob/ac48b1f9df15fdf281b96cccf15eb707e1fc1868/docs/gen-ai/client-inference.md

/** What a request asks for, as attributes of its span and of metrics. Of a refused request the model may be any text. */
export function genAiRequest(event: GuardEvent): TelemetryAttributes {
  const { provider, protocol, model } = event;
  return {
    ...(protocol !== null && { "gen_ai.operation.name": operationName(protocol, event) }),
    ...(provider !== null && { "gen_ai.provider.name": PROVIDERS[provider] ?? provider }),
    ...(model !== null && { "gen_ai.request.model": model.slice(0, 200) }),
  };
}

/** The token counts of a usage report. */
export function genAiUsage({
  usage,
}: Extract<GuardEvent, { readonly kind: "settled" }>): TelemetryAttributes {
  if (usage === null) return {};
  const { inputTokens, outputTokens, cacheReadTokens, outputReasoningTokens } = usage;
  return {
    "gen_ai.usage.input_tokens": inputTokens,
    "gen_ai.usage.output_tokens": outputTokens,
    ...(cacheReadTokens !== undefined && { "gen_ai.usage.cache_read.input_tokens": cacheReadTokens }),
    ...(outputReasoningTokens !== undefined && {
      "gen_ai.usage.reasoning.output_tokens": outputReasoningTokens,
    }),
  };
}

/** The providers that the conventions call otherwise. */
const PROVIDERS: Readonly<Partial<Record<ProviderName, string>>> = {
  azure: "azure.ai.openai",
  bedrock: "aws.bedrock",
  gemini: "gcp.gemini",
  mistral: "mistral_ai",
  vertex: "gcp.vertex_ai",
  xai: "x_ai",
};

/** A request without output is an embedding. Ranking documents, which the conventions do not name, counts as one too. */
function operationName(protocol: ProtocolName, event: GuardEvent): string {
  const hasNoOutput = "bound" in event && event.bound.maxOutputTokens === 0;
  if (hasNoOutput || protocol === "openai-embeddings" || protocol === "voyage") return "embeddings";
  return GENERATES.includes(protocol) ? "generate_content" : "chat";
}

const GENERATES: readonly ProtocolName[] = ["gemini", "gemini-interactions", "openai-images", "vertex"];
