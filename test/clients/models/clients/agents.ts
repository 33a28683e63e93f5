import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";
import { all, type Client, first, MAX_TOKENS, PROMPT } from "../client.ts";
import type { Fetch } from "../fetch.ts";
import { TOOL } from "../wire/wire.ts";
import { OPENAI, STAINLESS_REQUESTS } from "./openai.ts";

function runnerOf(fetch: Fetch): Runner {
  const openAIClient = new OpenAI({ apiKey: "unused", fetch });
  return new Runner({ modelProvider: new OpenAIProvider({ openAIClient }), tracingDisabled: true });
}

const agent = new Agent({
  name: "Geographer",
  instructions: "You answer questions about geography.",
  model: "gpt-5-mini",
  modelSettings: { maxTokens: MAX_TOKENS },
});

const withTool = agent.clone({
  tools: [
    tool({
      name: TOOL.name,
      description: "The weather of a city.",
      parameters: z.object({ city: z.string() }),
      execute: ({ city }) => `In ${city} the sun shines.`,
    }),
  ],
});

export const agentsClients: readonly Client[] = [
  {
    name: "@openai/agents",
    provider: OPENAI,
    model: "gpt-5-mini",
    more: [
      {
        name: "two steps with a tool",
        model: "gpt-5-mini",
        steps: 2,
        lastHas: '"type":"reasoning"',
        ask: async (fetch) => {
          const { finalOutput, rawResponses } = await runnerOf(fetch).run(withTool, PROMPT);
          return { finalOutput, usage: rawResponses.map(({ usage }) => usage) };
        },
      },
    ],
    refusal: { is: "APIError", status: "status", says: "402 {text}", has: { code: "over_budget" } },
    requests: STAINLESS_REQUESTS,
    stopping: "ends the request",
    cutShort: "throws",
    make: (fetch) => {
      const runner = runnerOf(fetch);
      return {
        call: async () => {
          const { finalOutput, rawResponses } = await runner.run(agent, PROMPT);
          return { finalOutput, usage: rawResponses.map(({ usage }) => usage) };
        },
        stream: async () => {
          const run = await runner.run(agent, PROMPT, { stream: true });
          return (await all(run)).flatMap((event) =>
            event.type === "raw_model_stream_event" ? [event.data] : [],
          );
        },
        stop: async () => first(await runner.run(agent, PROMPT, { stream: true })),
      };
    },
  },
];
