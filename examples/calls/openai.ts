/** A chat completion with the `openai` client, under a hold that is settled from the usage report. */
import { estimateTokens, type ExternalEndpoint, type ScopeCap, TokenRates } from "dispatch-kit";
import {
  actualOf,
  type CallLedger,
  endpointFetch,
  maxTokensOf,
  withHold,
  type WithHoldOutcome,
} from "dispatch-kit/calls";
import OpenAI from "openai";

export const MODEL = "gpt-4o-mini";
export const RATES = new TokenRates({
  model: MODEL,
  inputUsdPerMTok: "0.15",
  outputUsdPerMTok: "0.60",
  cacheReadUsdPerMTok: "0.075",
});
const MAX_OUTPUT_TOKENS = 500;
/** The roles and separators around a message. */
export const AROUND = 16;

export async function ask(
  ledger: CallLedger,
  endpoint: ExternalEndpoint,
  question: { readonly id: string; readonly prompt: string; readonly scopes: readonly ScopeCap[] },
): Promise<WithHoldOutcome<string | null>> {
  const { id, prompt, scopes } = question;
  const limits = { maxInputTokens: maxTokensOf(prompt) + AROUND, maxOutputTokens: MAX_OUTPUT_TOKENS };
  const request = { holdId: id, amount: estimateTokens(RATES, limits), scopes, ttlSeconds: 900 };
  return withHold(ledger, request, async ({ hold, signal }) => {
    // The key comes from the endpoint. Retries are off, because a hold pays for one request.
    const fetch = endpointFetch(endpoint, { hold, detail: id });
    const client = new OpenAI({ baseURL: endpoint.baseUrl, apiKey: "the endpoint's", maxRetries: 0, fetch });
    const answer = await client.chat.completions.create(
      {
        model: MODEL,
        max_completion_tokens: MAX_OUTPUT_TOKENS,
        messages: [{ role: "user", content: prompt }],
      },
      { signal },
    );
    // `null` if the answer does not say its whole cost, or is from another model: then the whole hold is charged.
    const { actual } = actualOf(RATES, answer, { protocol: "openai-chat" });
    return { value: answer.choices[0]?.message.content ?? null, actual };
  });
}
