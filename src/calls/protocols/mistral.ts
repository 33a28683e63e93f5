import { isObject } from "../own-fields.ts";
import type { Protocol, StreamRules } from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { inWireSpelling } from "../reports/spelling.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";
import { CHAT_STREAM, CHAT_USAGE, chatForm } from "./openai-chat.ts";
import { embeddingsForm } from "./openai-embeddings.ts";

/**
 * The cached tokens have three names. Sound is billed by the second, connectors by the call.
 *
 * Source: `UsageInfo` and `ConversationUsageInfo` of the npm package @mistralai/mistralai 2.7.0,
 * `esm/models/components`; `mistralUsageSchema` of @ai-sdk/mistral 4.0.87, `src/convert-mistral-usage.ts`.
 */
export const MISTRAL_USAGE: UsageShape = {
  ...CHAT_USAGE,
  inside: {
    cacheRead: [
      "prompt_tokens_details.cached_tokens",
      "prompt_token_details.cached_tokens",
      "num_cached_tokens",
    ],
    inputAudio: ["prompt_tokens_details.audio_tokens", "prompt_token_details.audio_tokens"],
    outputReasoning: ["completion_tokens_details.reasoning_tokens"],
  },
  informs: ["request_count"],
  apart: ["prompt_audio_seconds", "connector_tokens", "connectors.*"],
};

/** Billed by the page. Source: `OCRUsageInfo` of the same package. */
export const MISTRAL_OCR_USAGE: UsageShape = {
  requires: ["pages_processed"],
  input: [],
  output: [],
  informs: ["doc_size_bytes"],
  apart: ["pages_processed"],
};

/** The client hands out each chunk as `data`, in camel case. */
const STREAM: StreamRules = {
  fold: (report, event) => {
    const data = valueAt(event, "data");
    const chunk = isObject(data) ? data : event;
    return CHAT_STREAM.fold(report, isObject(chunk) ? inWireSpelling(chunk) : chunk);
  },
  isLast: (event) => CHAT_STREAM.isLast(event, null),
};

/** Mistral's chat, completions in the middle, embeddings, conversations and OCR. */
export const MISTRAL: Protocol = /* @__PURE__ */ severalForms(
  "mistral",
  [
    /* @__PURE__ */ chatForm("mistral", { shape: MISTRAL_USAGE, camelCase: true, inEvent: ["data"] }),
    /* @__PURE__ */ embeddingsForm("mistral", { camelCase: true }),
    /* @__PURE__ */ tokenProtocol({
      name: "mistral",
      shape: MISTRAL_OCR_USAGE,
      at: ["usage_info"],
      camelCase: true,
    }),
  ],
  STREAM,
);
