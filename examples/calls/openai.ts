/** A chat completion by the `openai` client, under a hold: its cost is settled from the usage it reports. */
import {
  estimateTokens,
  type ExternalEndpoint,
  type MicroCents,
  type ScopeCap,
  tokenCost,
  TokenRates,
} from "dispatch-kit";
import {
  type CallLedger,
  endpointFetch,
  maxTokensOf,
  withHold,
  type WithHoldOutcome,
} from "dispatch-kit/calls";
import OpenAI from "openai";

export const MODEL = "gpt-4o-mini";
export const RATES = new TokenRates({
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
    // The key comes from the endpoint. No retries: a hold pays for one request.
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
    return { value: answer.choices[0]?.message.content ?? null, actual: costOf(answer.usage) };
  });
}

/** What a report says; `null`, and so the whole hold, if there is none. Cached tokens are inside the prompt's. */
export function costOf(usage: OpenAI.CompletionUsage | null | undefined): MicroCents | null {
  if (!usage) return null;
  return tokenCost(RATES, {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    cacheReadTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  });
}
