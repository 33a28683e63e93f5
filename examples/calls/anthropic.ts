/** A message with the `@anthropic-ai/sdk` client, under a hold: complete, or streamed. */
import {
  estimateTokens,
  type ExternalEndpoint,
  type MicroCents,
  type ScopeCap,
  TokenRates,
} from "dispatch-kit";
import {
  actualOf,
  type CallLedger,
  endpointFetch,
  maxTokensOf,
  type OpenHold,
  withHold,
  type WithHoldOutcome,
} from "dispatch-kit/calls";
import Anthropic from "@anthropic-ai/sdk";

const MODEL = "claude-sonnet-4-5";
const RATES = new TokenRates({
  model: MODEL,
  inputUsdPerMTok: "3",
  outputUsdPerMTok: "15",
  cacheReadUsdPerMTok: "0.30",
  cacheWriteUsdPerMTok: "3.75",
});
const MAX_OUTPUT_TOKENS = 500;
const AROUND = 16;

interface Question {
  readonly id: string;
  readonly prompt: string;
  readonly scopes: readonly ScopeCap[];
}

export async function ask(
  ledger: CallLedger,
  endpoint: ExternalEndpoint,
  question: Question,
): Promise<WithHoldOutcome<string>> {
  return withHold(ledger, holdFor(question), async ({ hold, signal }) => {
    const message = await clientOf(endpoint, hold).messages.create(bodyOf(question), { signal });
    const text = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    return { value: text, actual: costOf(message) };
  });
}

export async function askStreaming(
  ledger: CallLedger,
  endpoint: ExternalEndpoint,
  question: Question,
  onText: (text: string) => void,
): Promise<WithHoldOutcome<null>> {
  return withHold(ledger, holdFor(question), async ({ hold, signal }) => {
    const stream = clientOf(endpoint, hold).messages.stream(bodyOf(question), { signal });
    stream.on("text", onText);
    return { value: null, actual: costOf(await stream.finalMessage()) };
  });
}

/** `null` if the message does not say its whole cost: then the whole hold is charged. */
function costOf(message: Anthropic.Message): MicroCents | null {
  return actualOf(RATES, message, { protocol: "anthropic" }).actual;
}

function holdFor({ id, prompt, scopes }: Question): Parameters<CallLedger["hold"]>[0] {
  const limits = { maxInputTokens: maxTokensOf(prompt) + AROUND, maxOutputTokens: MAX_OUTPUT_TOKENS };
  return { holdId: id, amount: estimateTokens(RATES, limits), scopes, ttlSeconds: 900 };
}

/** The key comes from the endpoint. Retries are off, because a hold pays for one request. */
function clientOf(endpoint: ExternalEndpoint, hold: OpenHold): Anthropic {
  const fetch = endpointFetch(endpoint, { hold, header: "x-api-key", detail: hold.holdId });
  return new Anthropic({ baseURL: endpoint.baseUrl, apiKey: "the endpoint's", maxRetries: 0, fetch });
}

function bodyOf({ prompt }: Question): Anthropic.MessageCreateParamsNonStreaming {
  return {
    model: MODEL,
    max_tokens: MAX_OUTPUT_TOKENS,
    messages: [{ role: "user", content: prompt }],
  };
}
