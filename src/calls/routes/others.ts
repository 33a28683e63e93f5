import {
  BATCH,
  bounded,
  BY_TIME,
  ELSEWHERE,
  family,
  type Family,
  free,
  freeToRead,
  LATER,
  NO_REPORT,
  refused,
} from "./rows.ts";

const OLDER = "its older form is not read; use the route of the same name below v2";

/** Mistral. The paths are those of the npm package `@mistralai/mistralai` 2.7.0. */
export const MISTRAL: Family = /* @__PURE__ */ family(() => ({
  protocol: "mistral",
  bases: ["v1"],
  rows: [
    bounded("chat/completions", "openai-chat", "mistral"),
    bounded("fim/completions", "openai-completions", "mistral"),
    bounded("embeddings", "openai-embeddings", "mistral", "never"),
    ...freeToRead("models", "models/*", "files", "files/**"),
    ...free(["POST"], "files"),
    ...free(["DELETE"], "files/*", "models/*"),
    ...refused(ELSEWHERE, "agents", "agents/**", "conversations", "conversations/**"),
    ...refused(BY_TIME, "ocr", "audio/**", "libraries", "libraries/**"),
    ...refused(BATCH, "batch/**"),
    ...refused(LATER, "fine_tuning/**", "workflows", "workflows/**"),
    ...refused(NO_REPORT, "moderations", "chat/moderations", "classifications", "chat/classifications"),
  ],
}));

/** Cohere. The paths are those of the npm package `cohere-ai` 8.1.0. */
export const COHERE: Family = /* @__PURE__ */ family(() => ({
  protocol: "cohere",
  bases: [""],
  rows: [
    bounded("v2/chat", "cohere-chat", "cohere"),
    bounded("v2/embed", "cohere-embed", "cohere", "never"),
    bounded("v2/rerank", "cohere-rerank", "cohere", "never"),
    ...freeToRead("v1/models", "v1/models/*"),
    ...free(["POST"], "v1/tokenize", "v1/detokenize", "v1/check-api-key"),
    ...refused(OLDER, "v1/chat", "v1/embed", "v1/rerank"),
    ...refused(NO_REPORT, "v1/generate", "v1/summarize", "v1/classify", "v2/parse"),
    ...refused(BATCH, "v2/batches", "v2/batches/**", "v1/embed-jobs", "v1/embed-jobs/**"),
    ...refused(BY_TIME, "v1/datasets", "v1/datasets/**", "v2/audio/**"),
    ...refused(LATER, "v1/finetuning/**"),
    ...refused(ELSEWHERE, "v1/connectors", "v1/connectors/**"),
  ],
}));

/** Voyage. The paths are those of the npm package `voyageai` 0.4.0. */
export const VOYAGE: Family = /* @__PURE__ */ family(() => ({
  protocol: "voyage",
  bases: ["v1"],
  rows: [
    bounded("embeddings", "voyage-embed", "voyage", "never"),
    bounded("contextualizedembeddings", "voyage-embed", "voyage", "never"),
    bounded("multimodalembeddings", "voyage-multimodal", "voyage", "never"),
    bounded("rerank", "voyage-rerank", "voyage", "never"),
  ],
}));

/** Ollama, on its own machines or at ollama.com. The paths are those of the npm package `ollama` 0.6.4. */
export const OLLAMA: Family = /* @__PURE__ */ family(() => ({
  protocol: "ollama",
  bases: [""],
  rows: [
    bounded("api/chat", "ollama-chat", "ollama", "ndjson-unless-false"),
    bounded("api/generate", "ollama-generate", "ollama", "ndjson-unless-false"),
    bounded("api/embed", "ollama-embed", "ollama", "never"),
    bounded("api/embeddings", "ollama-embed", "ollama", "never"),
    bounded("v1/chat/completions", "openai-chat", "openai-chat"),
    bounded("v1/completions", "openai-completions", "openai-chat"),
    bounded("v1/embeddings", "openai-embeddings", "openai-embeddings", "never"),
    ...freeToRead("api/tags", "api/ps", "api/version", "v1/models", "v1/models/*"),
    ...free(["POST"], "api/show", "api/pull", "api/push", "api/create", "api/copy", "api/blobs/*"),
    ...free(["DELETE"], "api/delete"),
    ...refused(NO_REPORT, "api/web_search", "api/web_fetch"),
  ],
}));
