import { anthropic, anthropicCount } from "./wire/anthropic.ts";
import { cohere } from "./wire/cohere.ts";
import { gemini, geminiCount, geminiEmbeddings } from "./wire/gemini.ts";
import { groq } from "./wire/groq.ts";
import { mistral } from "./wire/mistral.ts";
import { ollama } from "./wire/ollama.ts";
import { openaiChat, openaiEmbeddings } from "./wire/openai-chat.ts";
import { openaiResponses } from "./wire/openai-responses.ts";
import { anthropicModels, geminiModels, openaiModels } from "./wire/models.ts";
import type { Wire } from "./wire/wire.ts";

/** Where each wire format is spoken. */
const ROUTES: readonly (readonly [host: string, path: RegExp, wire: Wire])[] = [
  ["api.openai.com", /^\/v1\/chat\/completions$/, openaiChat],
  ["api.openai.com", /^\/v1\/responses$/, openaiResponses],
  ["api.openai.com", /^\/v1\/embeddings$/, openaiEmbeddings],
  ["api.anthropic.com", /^\/v1\/messages(?:\?beta=true)?$/, anthropic],
  ["api.anthropic.com", /^\/v1\/messages\/count_tokens$/, anthropicCount],
  ["generativelanguage.googleapis.com", /^\/v1(?:beta)?\/models\/[\w.-]+:generateContent$/, gemini],
  [
    "generativelanguage.googleapis.com",
    /^\/v1(?:beta)?\/models\/[\w.-]+:streamGenerateContent\?alt=sse$/,
    gemini,
  ],
  [
    "generativelanguage.googleapis.com",
    /^\/v1(?:beta)?\/models\/[\w.-]+:batchEmbedContents$/,
    geminiEmbeddings,
  ],
  ["generativelanguage.googleapis.com", /^\/v1(?:beta)?\/models\/[\w.-]+:countTokens$/, geminiCount],
  ["api.openai.com", /^\/v1\/models$/, openaiModels],
  ["api.anthropic.com", /^\/v1\/models$/, anthropicModels],
  ["generativelanguage.googleapis.com", /^\/v1(?:beta)?\/models$/, geminiModels],
  ["api.mistral.ai", /^\/v1\/chat\/completions$/, mistral],
  ["api.cohere.com", /^\/v2\/chat$/, cohere],
  ["api.groq.com", /^\/openai\/v1\/chat\/completions$/, groq],
  ["ollama.com", /^\/api\/chat$/, ollama],
];

/** @throws RangeError if no provider has this route. */
export function wireAt(host: string, path: string): Wire {
  const found = ROUTES.find(([at, pattern]) => at === host && pattern.test(path));
  if (found === undefined) throw new RangeError(`no provider answers at ${host}${path}`);
  return found[2];
}
