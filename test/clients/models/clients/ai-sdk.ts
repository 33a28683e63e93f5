import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, type LanguageModel, streamText, type TextStreamPart, type ToolSet } from "ai";
import { all, type Calls, type Client, MAX_TOKENS, plain, PROMPT } from "../client.ts";
import type { Fetch } from "../fetch.ts";
import { ANTHROPIC } from "./anthropic.ts";
import { GOOGLE } from "./google.ts";
import { MISTRAL } from "./mistral.ts";
import { OPENAI } from "./openai.ts";

const apiKey = "unused";

const shared = {
  refusal: { is: "APICallError", status: "statusCode", says: "{text}" },
  // An answer that breaks off is asked for again, and paid for again.
  requests: { 400: 1, 402: 1, 429: 3, 500: 3, 529: 3, broken: 3, "not connected": 3 },
  // The guard's error does not look like a lost connection.
  guarded: { broken: 1 },
  stopping: "reads on",
  cutShort: "ends",
} as const;

/** Without what this process and this minute have added. */
function shown(part: TextStreamPart<ToolSet>): unknown {
  if (part.type !== "finish-step") return plain(part);
  const { id, modelId } = part.response;
  return plain({ ...part, performance: undefined, response: { id, modelId } });
}

const make =
  (modelOf: (fetch: Fetch) => LanguageModel) =>
  (fetch: Fetch): Calls => {
    const request = { model: modelOf(fetch), prompt: PROMPT, maxOutputTokens: MAX_TOKENS };
    const parts = (): AsyncIterable<TextStreamPart<ToolSet>> =>
      streamText({ ...request, onError: () => undefined }).stream;
    return {
      call: async () => {
        const { text, usage, finishReason } = await generateText(request);
        return plain({ text, usage, finishReason });
      },
      stream: async () => {
        const got = await all(parts());
        for (const part of got) if (part.type === "error") throw part.error;
        return got.map(shown);
      },
      stop: async () => {
        // The first parts come before there is a request.
        for await (const { type } of parts()) if (type === "text-delta") return;
      },
    };
  };

export const aiSdkClients: readonly Client[] = [
  {
    ...shared,
    name: "ai, @ai-sdk/openai",
    provider: OPENAI,
    model: "gpt-5-mini",
    make: make((fetch) => createOpenAI({ apiKey, fetch })("gpt-5-mini")),
  },
  {
    ...shared,
    name: "ai, @ai-sdk/openai, chat",
    provider: OPENAI,
    model: "gpt-4o-mini",
    make: make((fetch) => createOpenAI({ apiKey, fetch }).chat("gpt-4o-mini")),
  },
  {
    ...shared,
    name: "ai, @ai-sdk/anthropic",
    provider: ANTHROPIC,
    model: "claude-haiku-4-5",
    make: make((fetch) => createAnthropic({ apiKey, fetch })("claude-haiku-4-5")),
  },
  {
    ...shared,
    name: "ai, @ai-sdk/google",
    provider: GOOGLE,
    model: "gemini-2.5-flash",
    make: make((fetch) => createGoogle({ apiKey, fetch })("gemini-2.5-flash")),
  },
  {
    ...shared,
    name: "ai, @ai-sdk/mistral",
    provider: MISTRAL,
    model: "mistral-small-latest",
    make: make((fetch) => createMistral({ apiKey, fetch })("mistral-small-latest")),
  },
];
