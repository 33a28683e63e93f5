import type { ProtocolName } from "../protocols/names.ts";
import {
  BATCH,
  bounded,
  BY_TIME,
  ELSEWHERE,
  family,
  type Family,
  free,
  freeToRead,
  KEYS,
  LATER,
  NO_REPORT,
  refused,
  type Row,
} from "./rows.ts";

/** What every dialect of OpenAI has, by the protocol of its chat and its responses. */
function textRows(chat: ProtocolName, responses: ProtocolName): readonly Row[] {
  return [
    bounded("chat/completions", "openai-chat", chat),
    bounded("completions", "openai-completions", chat),
    bounded("responses", "openai-responses", responses),
    bounded("embeddings", "openai-embeddings", "openai-embeddings", "never"),
  ];
}

/** Reading, deleting and uploading. */
const upkeep = (): readonly Row[] => [
  ...freeToRead("models", "models/**", "files", "files/**", "batches", "batches/**"),
  ...freeToRead("responses/**", "chat/completions", "chat/completions/**", "conversations/**"),
  ...freeToRead("vector_stores", "vector_stores/**", "fine_tuning/**", "evals", "evals/**", "uploads/**"),
  ...freeToRead("videos", "videos/**"),
  ...free(["POST"], "responses/input_tokens", "responses/*/cancel", "moderations", "chat/completions/*"),
  ...free(["POST"], "files", "uploads", "uploads/**", "batches/*/cancel", "fine_tuning/jobs/*/cancel"),
  ...free(["POST"], "conversations", "conversations/*", "conversations/*/items"),
  ...free(["DELETE"], "**"),
];

const refusedRows = (): readonly Row[] => [
  ...refused(BATCH, "batches"),
  ...refused(LATER, "evals", "evals/**", "fine_tuning/**", "videos", "videos/**"),
  ...refused(BY_TIME, "vector_stores", "vector_stores/**", "containers", "containers/**", "audio/**"),
  ...refused(KEYS, "realtime/**", "live/**", "chatkit/**"),
  ...refused(ELSEWHERE, "threads", "threads/**", "assistants", "assistants/**", "agents", "agents/**"),
  ...refused(NO_REPORT, "decisions", "content_provenance_checks"),
];

/**
 * OpenAI. The paths are those of the npm package `openai` 7.57.0.
 */
export const OPENAI: Family = /* @__PURE__ */ family(() => ({
  protocol: "openai-chat",
  bases: ["v1"],
  rows: [
    ...textRows("openai-chat", "openai-responses"),
    bounded("responses/compact", "openai-compact", "openai-responses", "never"),
    bounded("images/generations", "openai-images", "openai-images"),
    bounded("images/edits", "openai-image-edits", "openai-images"),
    ...refused("only DALL-E 2 makes variations, and it is not billed by tokens", "images/variations"),
    ...upkeep(),
    ...refusedRows(),
  ],
}));

/** Azure: below a deployment, or as OpenAI's routes below `v1`, or `responses` of a dated version. */
export const AZURE: Family = /* @__PURE__ */ family(() => ({
  protocol: "azure",
  bases: ["openai"],
  rows: [
    bounded("deployments/{model}/chat/completions", "openai-chat", "azure"),
    bounded("deployments/{model}/completions", "openai-completions", "azure"),
    bounded("deployments/{model}/embeddings", "openai-embeddings", "openai-embeddings", "never"),
    bounded("deployments/{model}/images/generations", "openai-images", "openai-images"),
    bounded("deployments/{model}/images/edits", "openai-image-edits", "openai-images"),
    ...refused(BY_TIME, "deployments/*/audio/**"),
    ...refused(ELSEWHERE, "deployments/*/extensions/**"),
    ...[...textRows("azure", "azure"), ...upkeep(), ...refusedRows()].flatMap((row) => [
      { ...row, path: `v1/${row.path}` },
      row,
    ]),
    bounded("v1/responses/compact", "openai-compact", "azure", "never"),
    bounded("v1/images/generations", "openai-images", "openai-images"),
    bounded("v1/images/edits", "openai-image-edits", "openai-images"),
  ],
}));

/** Groq. The paths are those of the npm package `groq-sdk` 1.6.0; `responses` is in Groq's API reference. */
export const GROQ: Family = /* @__PURE__ */ family(() => ({
  protocol: "groq",
  bases: ["openai/v1"],
  rows: [
    bounded("chat/completions", "openai-chat", "groq"),
    bounded("responses", "openai-responses", "groq"),
    bounded("embeddings", "openai-embeddings", "openai-embeddings", "never"),
    ...freeToRead("models", "models/**", "files", "files/**", "batches", "batches/**"),
    ...free(["POST"], "files", "batches/*/cancel"),
    ...free(["DELETE"], "**"),
    ...refused(BATCH, "batches"),
    ...refused(BY_TIME, "audio/**"),
    ...refused(LATER, "fine_tunings", "fine_tunings/**"),
  ],
}));

/** DeepSeek. Below `beta` are completions of a prefix and in the middle. */
export const DEEPSEEK: Family = /* @__PURE__ */ family(() => ({
  protocol: "deepseek",
  bases: ["", "v1", "beta"],
  rows: [
    bounded("chat/completions", "openai-chat", "deepseek"),
    bounded("completions", "openai-completions", "deepseek"),
    ...freeToRead("models", "user/balance"),
  ],
}));

/** xAI. The paths are those of the npm package `@ai-sdk/xai` 5.0.12 and of xAI's API reference. */
export const XAI: Family = /* @__PURE__ */ family(() => ({
  protocol: "xai",
  bases: ["v1"],
  rows: [
    bounded("chat/completions", "openai-chat", "xai"),
    bounded("completions", "openai-completions", "xai"),
    bounded("responses", "openai-responses", "xai"),
    bounded("embeddings", "openai-embeddings", "openai-embeddings", "never"),
    ...freeToRead("models", "models/**", "language-models", "language-models/**", "embedding-models"),
    ...freeToRead("embedding-models/**", "image-generation-models", "image-generation-models/**"),
    ...freeToRead("api-key", "files", "files/**", "responses/*", "chat/deferred-completion/*"),
    ...free(["POST"], "tokenize-text", "files"),
    ...free(["DELETE"], "responses/*", "files/*"),
    ...refused(BY_TIME, "images/**", "videos/**", "tts", "stt"),
    ...refused(KEYS, "realtime/**"),
    ...refused(BATCH, "batches", "batches/**"),
  ],
}));

/** Perplexity. */
export const PERPLEXITY: Family = /* @__PURE__ */ family(() => ({
  protocol: "perplexity",
  bases: ["", "v1"],
  rows: [
    bounded("chat/completions", "openai-chat", "perplexity"),
    bounded("embeddings", "openai-embeddings", "perplexity", "never"),
    ...freeToRead("models", "async/chat/completions", "async/chat/completions/*"),
    ...refused(LATER, "async/**"),
    ...refused(NO_REPORT, "search", "responses", "agent", "contextualizedembeddings"),
  ],
}));

/** OpenRouter. The paths are those of the npm package `@openrouter/sdk` 1.3.19. */
export const OPENROUTER: Family = /* @__PURE__ */ family(() => ({
  protocol: "openrouter",
  bases: ["api/v1"],
  rows: [
    bounded("chat/completions", "openai-chat", "openrouter"),
    bounded("completions", "openai-completions", "openrouter"),
    ...freeToRead("models", "models/**", "model/**", "endpoints/**", "providers", "embeddings/models"),
    ...freeToRead("credits", "key", "generation", "generation/content", "activity", "images/models"),
    ...refused(ELSEWHERE, "presets/**", "interns", "interns/**"),
    ...refused(KEYS, "keys", "keys/**", "auth/**", "oauth/**", "byok", "byok/**"),
    ...refused(BY_TIME, "audio/**", "videos", "videos/**", "images"),
    ...refused(
      "its cost in this form is not read; use chat/completions",
      "responses",
      "messages",
      "embeddings",
      "rerank",
    ),
  ],
}));
