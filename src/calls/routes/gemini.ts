import {
  BATCH,
  bounded,
  BY_TIME,
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

/** The methods of a model, by its place in the path. */
function models(place: string, protocol: "gemini" | "vertex"): readonly Row[] {
  return [
    bounded(`${place}:generateContent`, "gemini", protocol, "never"),
    bounded(`${place}:streamGenerateContent`, "gemini", protocol, "alt"),
    bounded(`${place}:embedContent`, "gemini-embed", protocol, "never"),
    ...free(["POST"], `${place}:countTokens`, `${place}:computeTokens`),
    ...refused(BATCH, `${place}:batchGenerateContent`, `${place}:asyncBatchEmbedContent`),
    ...refused(NO_REPORT, `${place}:predict`),
    ...refused(LATER, `${place}:predictLongRunning`),
  ];
}

/** The Gemini API. The paths are those of the npm package `@google/genai` 3.3.0. */
export const GEMINI: Family = /* @__PURE__ */ family(() => ({
  protocol: "gemini",
  bases: ["v1beta", "v1", "v1alpha"],
  rows: [
    ...models("models/{model}", "gemini"),
    bounded("models/{model}:batchEmbedContents", "gemini-embed", "gemini", "never"),
    bounded("interactions", "gemini-interactions", "gemini-interactions"),
    ...freeToRead("models", "models/*", "tunedModels", "tunedModels/*", "files", "files/*", "interactions/*"),
    ...freeToRead("batches", "batches/*", "operations/*", "/download/*/files/*"),
    ...freeToRead("cachedContents", "cachedContents/*", "fileSearchStores", "fileSearchStores/**"),
    ...free(["DELETE"], "files/*", "cachedContents/*", "interactions/*", "batches/*", "fileSearchStores/**"),
    ...free(["POST"], "files", "/upload/*/files", "interactions/*/cancel", "batches/*:cancel"),
    ...refused(BY_TIME, "cachedContents", "cachedContents/**", "fileSearchStores", "fileSearchStores/**"),
    ...refused(BY_TIME, "/upload/**"),
    ...refused(KEYS, "auth_tokens", "authTokens"),
    ...refused(LATER, "tuningJobs", "tuningJobs/**", "tunedModels", "tunedModels/**"),
    ...refused("its reports leave out thinking tokens; use generateContent", "openai/**"),
  ],
}));

const PROJECT = "projects/*/locations/{region}";

/**
 * Vertex AI: Gemini in a project or with a key (express mode), and Claude. The paths are those of the npm packages
 * `@google/genai` 3.3.0 and `@ai-sdk/google-vertex` 4.0.208.
 */
export const VERTEX: Family = /* @__PURE__ */ family(() => ({
  protocol: "vertex",
  bases: ["v1beta1", "v1"],
  rows: [
    ...models(`${PROJECT}/publishers/google/models/{model}`, "vertex"),
    ...models("publishers/google/models/{model}", "vertex"),
    ...models(`${PROJECT}/endpoints/{endpoint}`, "vertex"),
    bounded(`${PROJECT}/publishers/anthropic/models/{model}:rawPredict`, "anthropic", "anthropic"),
    bounded(
      `${PROJECT}/publishers/anthropic/models/{model}:streamRawPredict`,
      "anthropic",
      "anthropic",
      "sse",
    ),
    ...freeToRead("publishers/**", `${PROJECT}/models`, `${PROJECT}/models/*`, `${PROJECT}/cachedContents`),
    ...freeToRead(`${PROJECT}/cachedContents/*`),
    ...free(["DELETE"], `${PROJECT}/cachedContents/*`),
    ...refused(BY_TIME, `${PROJECT}/cachedContents`, `${PROJECT}/cachedContents/*`),
    ...refused(BATCH, `${PROJECT}/batchPredictionJobs`, `${PROJECT}/batchPredictionJobs/**`),
    ...refused(LATER, `${PROJECT}/tuningJobs`, `${PROJECT}/tuningJobs/**`),
  ],
}));
