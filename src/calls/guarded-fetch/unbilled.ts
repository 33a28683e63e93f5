import type { ProviderName } from "../protocols/names.ts";

/** An answer that is an error. */
interface FailedAnswer {
  readonly status: number;
  /** The service tier that the request asked for; `null` for the standard tier. */
  readonly serviceTier: string | null;
}

/**
 * Which errors a provider says that it does not bill. Of all other errors the cost is unknown.
 *
 * - Azure: 401 and 429 are not billed; a content filter or an input limit (400) and a timeout (408) are.
 *   learn.microsoft.com/azure/ai-foundry/openai/faq
 * - Vertex: only answers with status 200 are billed. cloud.google.com/vertex-ai/generative-ai/pricing
 * - Gemini: 400 and 500 are not billed. ai.google.dev/gemini-api/docs/billing
 * - OpenRouter: an error status before the first token is not billed. openrouter.ai/docs/api-reference/errors
 * - OpenAI: a 429 of the flex tier is not billed. developers.openai.com/api/docs/guides/flex-processing
 */
const UNBILLED: Readonly<Partial<Record<ProviderName, (answer: FailedAnswer) => boolean>>> = {
  azure: ({ status }) => status === 401 || status === 429,
  vertex: () => true,
  gemini: ({ status }) => status === 400 || status === 500,
  openrouter: () => true,
  openai: ({ status, serviceTier }) => status === 429 && serviceTier === "flex",
};

/**
 * Whether an error is not billed.
 *
 * @param own - the statuses that the caller says are not billed.
 */
export function isUnbilled(provider: ProviderName, answer: FailedAnswer, own: readonly number[]): boolean {
  return own.includes(answer.status) || (UNBILLED[provider]?.(answer) ?? false);
}
