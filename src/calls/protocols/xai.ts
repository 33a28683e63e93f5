import { microCents } from "../../money/micro-cents.ts";
import type { Protocol, Stated } from "../reports/account.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import { type Reported, tokenProtocol } from "../reports/token-protocol.ts";
import { CHAT_INFORMS, CHAT_USAGE, chatForm, chatSearches } from "./openai-chat.ts";
import { openaiDialect } from "./openai-dialect.ts";
import { embeddingsForm } from "./openai-embeddings.ts";
import { responseApart, RESPONSES_USAGE, responsesForm, responseSearches } from "./openai-responses.ts";

const TICKS = "cost_in_usd_ticks";
const WEB_SEARCHES = "server_side_tool_usage_details.web_search_calls";
const ALL_TOOLS = "num_server_side_tools_used";

/** What xAI adds to every usage. Prices of the tools: docs.x.ai/developers/pricing */
const TOOLS = {
  searches: [WEB_SEARCHES],
  // `serverTools` compares the number of all tools with that of the searches.
  informs: [TICKS, ALL_TOOLS],
  apart: ["num_sources_used", "server_side_tool_usage_details.*"],
};

/**
 * Reasoning is beside the completion. The total decides, because OpenAI's clients and proxies put it inside.
 *
 * Source: `xai-openapi` 0.1.1, `src/usage.rs` (docs.rs); github.com/vercel/ai/issues/11487
 */
export const XAI_CHAT_USAGE: UsageShape = {
  ...CHAT_USAGE,
  inside: {
    inputAudio: ["prompt_tokens_details.audio_tokens"],
    inputImage: ["prompt_tokens_details.image_tokens"],
    outputAudio: ["completion_tokens_details.audio_tokens"],
  },
  either: {
    cacheRead: ["prompt_tokens_details.cached_tokens"],
    outputReasoning: ["completion_tokens_details.reasoning_tokens"],
  },
  ...TOOLS,
  informs: [...CHAT_INFORMS, ...TOOLS.informs],
};

/**
 * Reasoning is inside the output. More cached tokens than input have been seen: then they are beside it.
 *
 * Source: `xaiResponsesUsageSchema` of the npm package @ai-sdk/xai 5.0.12, `src/responses/xai-responses-api.ts`, and
 * `convert-xai-responses-usage.ts` beside it.
 */
export const XAI_RESPONSES_USAGE: UsageShape = {
  ...RESPONSES_USAGE,
  inside: { outputReasoning: ["output_tokens_details.reasoning_tokens"] },
  either: { cacheRead: ["input_tokens_details.cached_tokens"] },
  ...TOOLS,
};

/** Pictures and videos have no tokens: `xai-image-model.ts` of the same package. */
export const XAI_COST_USAGE: UsageShape = {
  requires: [TICKS],
  excludes: ["prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"],
  input: [],
  output: [],
  informs: [TICKS],
};

/** What was billed, tokens and tools together, in 10^-10 USD: docs.x.ai/developers/cost-tracking */
function stated({ usage }: Reported): Stated | undefined {
  const ticks = countAt(usage, TICKS);
  return ticks === undefined
    ? undefined
    : { amount: microCents((BigInt(ticks) + 99n) / 100n), standing: "bills" };
}

/** The number of all tools that ran, unless all of them are web searches. */
function serverTools({ usage }: Reported): readonly string[] {
  return (countAt(usage, ALL_TOOLS) ?? 0) > (countAt(usage, WEB_SEARCHES) ?? 0) ? [ALL_TOOLS] : [];
}

/** xAI's chat completions, responses, embeddings, pictures and videos. */
export const XAI: Protocol = /* @__PURE__ */ openaiDialect("xai", [
  /* @__PURE__ */ chatForm("xai", {
    stated,
    shape: XAI_CHAT_USAGE,
    searches: ({ response }, counted) => Math.max(counted, chatSearches(response)),
    apart: serverTools,
  }),
  /* @__PURE__ */ responsesForm("xai", {
    stated,
    shape: XAI_RESPONSES_USAGE,
    searches: ({ response }, counted) => responseSearches(response, counted),
    apart: (reported) => [...serverTools(reported), ...responseApart(reported.response)],
  }),
  /* @__PURE__ */ embeddingsForm("xai"),
  /* @__PURE__ */ tokenProtocol({ name: "xai", shape: XAI_COST_USAGE, stated }),
]);
