import { Agent, OpenAIProvider, Runner } from "@openai/agents";
import OpenAI from "openai";
import { all, type Client, first, MAX_TOKENS, PROMPT } from "../client.ts";
import { OPENAI, STAINLESS_REQUESTS } from "./openai.ts";

export const agentsClients: readonly Client[] = [
  {
    name: "@openai/agents",
    provider: OPENAI,
    model: "gpt-5-mini",
    refusal: { is: "APIError", status: "status", says: "402 {text}" },
    requests: STAINLESS_REQUESTS,
    stopping: "ends the request",
    cutShort: "throws",
    make: (fetch) => {
      const openAIClient = new OpenAI({ apiKey: "unused", fetch });
      const modelProvider = new OpenAIProvider({ openAIClient });
      const runner = new Runner({ modelProvider, tracingDisabled: true });
      const agent = new Agent({
        name: "Geographer",
        instructions: "You answer questions about geography.",
        model: "gpt-5-mini",
        modelSettings: { maxTokens: MAX_TOKENS },
      });
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
