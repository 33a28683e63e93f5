import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import {
  embed,
  generateText,
  type LanguageModel,
  stepCountIs,
  streamText,
  type TextStreamPart,
  tool,
  type ToolSet,
} from "ai";
import { z } from "zod";
import {
  all,
  type Calls,
  type Client,
  type Deed,
  MAX_TOKENS,
  plain,
  PROMPT,
  type Provider,
} from "../client.ts";
import type { Fetch } from "../fetch.ts";
import { ANTHROPIC } from "./anthropic.ts";
import { GOOGLE } from "./google.ts";
import { MISTRAL } from "./mistral.ts";
import { TOOL } from "../wire/wire.ts";
import { OPENAI } from "./openai.ts";

const apiKey = "unused";

const shared = {
  refusal: { is: "APICallError", status: "statusCode", says: "{text}", has: { isRetryable: false } },
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

type ModelOf = (fetch: Fetch) => LanguageModel;

const request = { prompt: PROMPT, maxOutputTokens: MAX_TOKENS };

const make =
  (modelOf: ModelOf) =>
  (fetch: Fetch): Calls => {
    const asked = { ...request, model: modelOf(fetch) };
    const parts = (): AsyncIterable<TextStreamPart<ToolSet>> =>
      streamText({ ...asked, onError: () => undefined }).stream;
    return {
      call: async () => {
        const { text, usage, finishReason } = await generateText(asked);
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

const tools = {
  [TOOL.name]: tool({
    description: "The weather of a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => `In ${city} the sun shines.`,
  }),
};

/** The model asks for a tool, gets its answer, and answers. */
const twoSteps = (modelOf: ModelOf, model: string, lastHas: string): readonly Deed[] => {
  const asked = { ...request, tools, stopWhen: stepCountIs(3) };
  return [
    {
      name: "two steps with a tool",
      model,
      steps: 2,
      lastHas,
      ask: async (fetch) => {
        const { text, usage, steps } = await generateText({ ...asked, model: modelOf(fetch) });
        const outputs = steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output));
        return plain({ text, usage, outputs });
      },
    },
    {
      name: "two steps with a tool, streamed",
      model,
      steps: 2,
      lastHas,
      ask: async (fetch) => {
        const result = streamText({ ...asked, model: modelOf(fetch), onError: () => undefined });
        for await (const part of result.stream) if (part.type === "error") throw part.error;
        return plain({ text: await result.text, usage: await result.usage });
      },
    },
  ];
};

/** A client by the way to make its model. */
function clientOf(name: string, provider: Provider, model: string, modelOf: ModelOf): Client {
  return {
    ...shared,
    name,
    provider,
    model,
    make: make(modelOf),
    // OpenAI keeps its answers, and a later request refers to their items.
    more: twoSteps(modelOf, model, model === "gpt-5-mini" ? '"type":"item_reference"' : "the sun shines"),
  };
}

const embeddings: Deed = {
  name: "embeddings",
  model: "text-embedding-3-small",
  steps: 1,
  ask: async (fetch) => {
    const model = createOpenAI({ apiKey, fetch }).embedding("text-embedding-3-small");
    const { embedding, usage } = await embed({ model, value: PROMPT });
    return plain({ embedding, usage });
  },
};

/** As with an account that keeps nothing: all input is in the request. */
const unstored: Deed = {
  name: "two steps of which nothing is stored",
  model: "gpt-5-mini",
  steps: 2,
  lastHas: "encrypted_content",
  ask: async (fetch) => {
    const model = createOpenAI({ apiKey, fetch })("gpt-5-mini");
    const providerOptions = { openai: { store: false } };
    const asked = { ...request, model, tools, providerOptions, stopWhen: stepCountIs(3) };
    const { text, usage } = await generateText(asked);
    return plain({ text, usage });
  },
};

const responses = clientOf("ai, @ai-sdk/openai", OPENAI, "gpt-5-mini", (fetch) =>
  createOpenAI({ apiKey, fetch })("gpt-5-mini"),
);

export const aiSdkClients: readonly Client[] = [
  { ...responses, more: [...(responses.more ?? []), unstored, embeddings] },
  clientOf("ai, @ai-sdk/openai, chat", OPENAI, "gpt-4o-mini", (fetch) =>
    createOpenAI({ apiKey, fetch }).chat("gpt-4o-mini"),
  ),
  clientOf("ai, @ai-sdk/anthropic", ANTHROPIC, "claude-haiku-4-5", (fetch) =>
    createAnthropic({ apiKey, fetch })("claude-haiku-4-5"),
  ),
  clientOf("ai, @ai-sdk/google", GOOGLE, "gemini-2.5-flash", (fetch) =>
    createGoogle({ apiKey, fetch })("gemini-2.5-flash"),
  ),
  clientOf("ai, @ai-sdk/mistral", MISTRAL, "mistral-small-latest", (fetch) =>
    createMistral({ apiKey, fetch })("mistral-small-latest"),
  ),
];
