import { isObject } from "../own-fields.ts";
import { type Protocol, type Stated, type StreamRules, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import { inWireSpelling } from "../reports/spelling.ts";
import { statedUsd } from "../reports/stated.ts";
import { type Reported, type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";
import { CHAT_INFORMS, CHAT_STREAM, CHAT_USAGE, chatForm } from "./openai-chat.ts";
import { openaiDialect } from "./openai-dialect.ts";
import { EMBEDDINGS_USAGE, embeddingsForm } from "./openai-embeddings.ts";
import {
  responseApart,
  RESPONSES_APART,
  RESPONSES_STREAM,
  RESPONSES_USAGE,
  responsesForm,
} from "./openai-responses.ts";

const TOOLS = ["server_tool_use_details", "server_tool_use"];

/** What OpenRouter adds to every usage. The costs are read by `stated`, the tools by `otherTools`. */
const ADDED = {
  searches: TOOLS.map((tools) => `${tools}.web_search_requests`),
  informs: [
    ...["cost", "cost_details.upstream_inference_cost", "cost_details.server_tool_cost"],
    ...["prompt", "completions", "input", "output"].map(
      (side) => `cost_details.upstream_inference_${side}_cost`,
    ),
    ...TOOLS.flatMap((tools) => [`${tools}.tool_calls_executed`, `${tools}.tool_calls_requested`]),
  ],
};

const HOUR = "cache_creation.ephemeral_1h_input_tokens";

/**
 * Source: `ChatUsage`, `ImageGenerationUsage` and `ServerToolUseDetails` of the npm package @openrouter/sdk 1.3.19,
 * `esm/models`; openrouter.ai/docs/use-cases/usage-accounting.
 */
export const OPENROUTER_USAGE: UsageShape = {
  ...CHAT_USAGE,
  ...ADDED,
  inside: {
    ...CHAT_USAGE.inside,
    cacheWrite: [
      "prompt_tokens_details.cache_write_tokens",
      `cache_creation.ephemeral_5m_input_tokens + ${HOUR}`,
    ],
    cacheWrite1h: [HOUR],
    inputVideo: ["prompt_tokens_details.video_tokens"],
  },
  informs: [...CHAT_INFORMS, ...ADDED.informs, "prompt_tokens_details.file_tokens"],
  // The iterations of Anthropic's messages: whose tokens they are is not said.
  apart: ["iterations[].*"],
};

/** Source: `Usage` of `esm/models/openresponsesresult.d.ts`. */
export const OPENROUTER_RESPONSES_USAGE: UsageShape = {
  ...RESPONSES_USAGE,
  ...ADDED,
  // A transcription also has the length of the sound.
  apart: [...RESPONSES_APART, "seconds"],
};

/** As the client spells it. Without its details it would be a usage of the Vercel AI SDK. */
const CLIENT_RESPONSES_USAGE: UsageShape = {
  ...OPENROUTER_RESPONSES_USAGE,
  requires: [
    ...OPENROUTER_RESPONSES_USAGE.requires,
    ...["input_tokens_details.cached_tokens", "output_tokens_details.reasoning_tokens"],
  ],
};

/** Source: `CreateEmbeddingsUsage` of `esm/models/operations/createembeddings.d.ts`. */
export const OPENROUTER_EMBEDDINGS_USAGE: UsageShape = {
  ...EMBEDDINGS_USAGE,
  ...ADDED,
  inside: {
    inputAudio: ["prompt_tokens_details.audio_tokens"],
    inputImage: ["prompt_tokens_details.image_tokens"],
    inputVideo: ["prompt_tokens_details.video_tokens"],
  },
  informs: [...ADDED.informs, ...["prompt_tokens_details.text_tokens", "prompt_tokens_details.file_tokens"]],
};

/**
 * What has a cost and no tokens of a model of text: reranking, transcriptions and videos.
 *
 * Source: `CreateRerankUsage`, `STTUsage` and `VideoGenerationUsage` of the same package.
 */
export const OPENROUTER_COST_USAGE: UsageShape = {
  requires: ["cost"],
  excludes: ["prompt_tokens", "completion_tokens"],
  input: [],
  output: [],
  informs: ["cost"],
  apart: ["search_units", "total_tokens", "seconds", "input_tokens", "output_tokens"],
};

/**
 * `cost` is all that was charged to the account. Where the caller's own key was used, that is a fee, and the provider
 * charges the upstream cost: openrouter.ai/docs/use-cases/usage-accounting
 */
function stated({ usage }: Reported): Stated | undefined {
  const upstream = "cost_details.upstream_inference_cost";
  if (valueAt(usage, "is_byok") !== true) return statedUsd(usage, ["cost"], "bills");
  if (valueAt(usage, upstream) !== undefined) return statedUsd(usage, ["cost", upstream], "bills");
  throw new UncountableError(`is_byok is true, and ${upstream} is missing`);
}

/** Tools that ran and are no web searches. Searches are counted among the calls. */
function otherTools({ usage }: Reported): readonly string[] {
  return TOOLS.flatMap((tools) => {
    const searches = countAt(usage, `${tools}.web_search_requests`) ?? 0;
    const names = ["executed", "requested"].map((done) => `${tools}.tool_calls_${done}`);
    return names.filter((name) => (countAt(usage, name) ?? 0) > searches);
  });
}

const DIALECT: Partial<TokenProtocol> = { camelCase: true, stated, apart: otherTools };

const RESPONSES: Partial<TokenProtocol> = {
  stated,
  apart: (reported) => [...otherTools(reported), ...responseApart(reported.response)],
};

/** OpenRouter's client hands out the events in camel case too. */
const STREAM: StreamRules = {
  fold: (report, event) => {
    const wire = isObject(event) ? inWireSpelling(event) : event;
    return rulesOf(event).fold(report, wire);
  },
  isLast: (event, report) => rulesOf(event).isLast(event, report),
};

function rulesOf(event: unknown): StreamRules {
  return typeof valueAt(event, "type") === "string" ? RESPONSES_STREAM : CHAT_STREAM;
}

/** OpenRouter's chat completions, responses, embeddings, pictures, and what it states the cost of. */
export const OPENROUTER: Protocol = /* @__PURE__ */ openaiDialect(
  "openrouter",
  [
    /* @__PURE__ */ chatForm("openrouter", { ...DIALECT, shape: OPENROUTER_USAGE }),
    /* @__PURE__ */ responsesForm("openrouter", { ...RESPONSES, shape: OPENROUTER_RESPONSES_USAGE }),
    /* @__PURE__ */ responsesForm("openrouter", {
      ...RESPONSES,
      camelCase: true,
      shape: CLIENT_RESPONSES_USAGE,
    }),
    /* @__PURE__ */ embeddingsForm("openrouter", { ...DIALECT, shape: OPENROUTER_EMBEDDINGS_USAGE }),
    /* @__PURE__ */ tokenProtocol({ ...DIALECT, name: "openrouter", shape: OPENROUTER_COST_USAGE }),
  ],
  STREAM,
);
