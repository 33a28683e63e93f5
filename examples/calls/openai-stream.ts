/**
 * A streamed chat completion with the `openai` client. A little money is set aside at first, and more as the answer grows.
 * The stream is stopped before it costs more than a cap allows.
 */
import { type ExternalEndpoint, type ScopeCap, usd } from "dispatch-kit";
import {
  actualOf,
  type CallLedger,
  endpointFetch,
  maxTokensOf,
  metered,
  StreamMeter,
  withHold,
  type WithHoldOutcome,
} from "dispatch-kit/calls";
import OpenAI from "openai";
import { AROUND, MODEL, RATES } from "./openai.ts";

const AT_FIRST = usd("0.0001");

export async function askStreaming(
  ledger: CallLedger,
  endpoint: ExternalEndpoint,
  question: { readonly id: string; readonly prompt: string; readonly scopes: readonly ScopeCap[] },
  onText: (text: string) => void,
): Promise<WithHoldOutcome<"whole" | "stopped">> {
  const { id, prompt, scopes } = question;
  const request = { holdId: id, amount: AT_FIRST, scopes, ttlSeconds: 900 };
  return withHold(ledger, request, async ({ hold, signal }) => {
    const fetch = endpointFetch(endpoint, { hold, detail: id });
    const client = new OpenAI({ baseURL: endpoint.baseUrl, apiKey: "the endpoint's", maxRetries: 0, fetch });
    const maxInputTokens = maxTokensOf(prompt) + AROUND;
    const meter = new StreamMeter({ rates: RATES, amount: hold.amount, maxInputTokens, maxChunkTokens: 64 });
    // The prompt alone may cost more than was set aside. This is checked before anything is sent.
    const first = meter.decision();
    if (first.kind === "stop") {
      if ((await hold.extend(first.lacking)).kind !== "held") throw hold.notSent("no room for the prompt");
      meter.extend(first.lacking);
    }
    const chunks = await client.chat.completions.create(
      {
        model: MODEL,
        messages: [{ role: "user", content: prompt }],
        stream: true,
        stream_options: { include_usage: true },
      },
      { signal },
    );
    const count = (chunk: OpenAI.ChatCompletionChunk): { text: string } => {
      return { text: chunk.choices[0]?.delta.content ?? "" };
    };
    let report: OpenAI.ChatCompletionChunk | null = null;
    let finished = false;
    for await (const chunk of metered(chunks, { meter, count, hold, extendBy: AT_FIRST })) {
      onText(chunk.choices[0]?.delta.content ?? "");
      finished ||= typeof chunk.choices[0]?.finish_reason === "string";
      // Some providers report the usage so far in each chunk. Only a report that comes with the finish, or after it, is complete.
      if (finished && chunk.usage) report = chunk;
    }
    const whole = finished && meter.decision().kind === "continue";
    // The provider may have generated more than was received. If the stream was stopped or broke off, its cost is unknown,
    // and the whole hold is charged.
    const actual = whole ? actualOf(RATES, report, { protocol: "openai-chat" }).actual : null;
    return { value: whole ? "whole" : "stopped", actual };
  });
}
