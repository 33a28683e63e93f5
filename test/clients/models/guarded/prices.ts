import { TokenRates } from "dispatch-kit";
import { MAX_TOKENS } from "../client.ts";

/** As LiteLLM's list has them: USD for a token. */
export const PRICES: Readonly<Record<string, unknown>> = {
  "gpt-4o-mini": {
    litellm_provider: "openai",
    mode: "chat",
    max_input_tokens: 128_000,
    max_output_tokens: 16_384,
    input_cost_per_token: 1.5e-7,
    output_cost_per_token: 6e-7,
    cache_read_input_token_cost: 7.5e-8,
  },
  "gpt-4o": {
    litellm_provider: "openai",
    mode: "chat",
    max_input_tokens: 128_000,
    max_output_tokens: 16_384,
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 1e-5,
    cache_read_input_token_cost: 1.25e-6,
  },
  "gpt-5-mini": {
    litellm_provider: "openai",
    mode: "responses",
    max_input_tokens: 272_000,
    max_output_tokens: 128_000,
    input_cost_per_token: 2.5e-7,
    output_cost_per_token: 2e-6,
    cache_read_input_token_cost: 2.5e-8,
  },
  "text-embedding-3-small": {
    litellm_provider: "openai",
    mode: "embedding",
    max_input_tokens: 8191,
    input_cost_per_token: 2e-8,
    output_cost_per_token: 0,
  },
  "claude-haiku-4-5": {
    litellm_provider: "anthropic",
    mode: "chat",
    max_input_tokens: 200_000,
    max_output_tokens: 64_000,
    input_cost_per_token: 1e-6,
    output_cost_per_token: 5e-6,
    cache_read_input_token_cost: 1e-7,
    cache_creation_input_token_cost: 1.25e-6,
    cache_creation_input_token_cost_above_1hr: 2e-6,
  },
  "gemini/gemini-2.5-flash": {
    litellm_provider: "gemini",
    mode: "chat",
    max_input_tokens: 1_048_576,
    max_output_tokens: 65_535,
    input_cost_per_token: 3e-7,
    output_cost_per_token: 2.5e-6,
    cache_read_input_token_cost: 3e-8,
  },
  "gemini/gemini-embedding-001": {
    litellm_provider: "gemini",
    mode: "embedding",
    max_input_tokens: 2048,
    input_cost_per_token: 1.5e-7,
    output_cost_per_token: 0,
  },
  "mistral/mistral-small-latest": {
    litellm_provider: "mistral",
    mode: "chat",
    max_input_tokens: 128_000,
    input_cost_per_token: 1e-7,
    output_cost_per_token: 3e-7,
    cache_read_input_token_cost: 1e-8,
  },
  "command-a-03-2025": {
    litellm_provider: "cohere_chat",
    mode: "chat",
    max_input_tokens: 256_000,
    max_output_tokens: 8000,
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 1e-5,
  },
  "groq/llama-3.3-70b-versatile": {
    litellm_provider: "groq",
    mode: "chat",
    max_input_tokens: 128_000,
    max_output_tokens: 32_768,
    input_cost_per_token: 5.9e-7,
    output_cost_per_token: 7.9e-7,
  },
  "gpt-5": {
    litellm_provider: "openai",
    mode: "responses",
    max_input_tokens: 200_000,
    max_output_tokens: 64_000,
    input_cost_per_token: 1.25e-6,
    output_cost_per_token: 1e-5,
    cache_read_input_token_cost: 1.25e-7,
  },
  "claude-opus-4-5": {
    litellm_provider: "anthropic",
    mode: "chat",
    max_input_tokens: 200_000,
    max_output_tokens: 64_000,
    input_cost_per_token: 5e-6,
    output_cost_per_token: 2.5e-5,
    cache_read_input_token_cost: 5e-7,
  },
  "gemini/gemini-2.5-pro": {
    litellm_provider: "gemini",
    mode: "chat",
    max_input_tokens: 200_000,
    max_output_tokens: 64_000,
    input_cost_per_token: 1.25e-6,
    output_cost_per_token: 1e-5,
    cache_read_input_token_cost: 1.25e-7,
  },
  "mistral/mistral-large-latest": {
    litellm_provider: "mistral",
    mode: "chat",
    max_input_tokens: 200_000,
    max_output_tokens: 64_000,
    input_cost_per_token: 5e-7,
    output_cost_per_token: 1.5e-6,
    cache_read_input_token_cost: 5e-8,
  },
  "groq/openai/gpt-oss-120b": {
    litellm_provider: "groq",
    mode: "chat",
    max_input_tokens: 200_000,
    max_output_tokens: 64_000,
    input_cost_per_token: 1.5e-7,
    output_cost_per_token: 7.5e-7,
  },
  // Rates of one's own, for a model that no list has.
  "gpt-oss:120b": new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" }),
};

/** What the reports of this suite's server cost, in micro-cents: a dollar for a million tokens is 100 for one. */
export const COSTS: Readonly<Record<string, number>> = {
  "gpt-4o-mini": 41 * 15 + 16 * 7.5 + 14 * 60,
  "gpt-5-mini": 41 * 25 + 16 * 2.5 + 46 * 200,
  "text-embedding-3-small": 8 * 2,
  "claude-haiku-4-5": 57 * 100 + 14 * 500,
  "gemini-2.5-flash": 57 * 30 + (14 + 32) * 250,
  "gemini-embedding-001": 8 * 15,
  "mistral-small-latest": 41 * 10 + 16 * 1 + 14 * 30,
  "command-a-03-2025": 57 * 250 + 14 * 1000,
  "llama-3.3-70b-versatile": 57 * 59 + 14 * 79,
  "gpt-oss:120b": 57 * 15 + 14 * 60,
};

/**
 * Another model of the same provider that may serve a request instead, and what the same report costs then; a provider
 * that does not say what served a request is not here.
 */
export const OTHERS: Readonly<Record<string, { readonly model: string; readonly cost: number }>> = {
  "gpt-4o-mini": { model: "gpt-4o", cost: 41 * 250 + 16 * 125 + 14 * 1000 },
  "gpt-5-mini": { model: "gpt-5", cost: 41 * 125 + 16 * 12.5 + 46 * 1000 },
  "claude-haiku-4-5": { model: "claude-opus-4-5", cost: 57 * 500 + 14 * 2500 },
  "gemini-2.5-flash": { model: "gemini-2.5-pro", cost: 57 * 125 + (14 + 32) * 1000 },
  "mistral-small-latest": { model: "mistral-large-latest", cost: 41 * 50 + 16 * 5 + 14 * 150 },
  "llama-3.3-70b-versatile": { model: "openai/gpt-oss-120b", cost: 57 * 15 + 14 * 75 },
};

/** What a stream costs that is cut off after its first word, where its first events report the input. */
export const CUT_OFF: Readonly<Record<string, number>> = {
  "claude-haiku-4-5": 57 * 100 + MAX_TOKENS * 500,
  "gemini-2.5-flash": 57 * 30 + MAX_TOKENS * 250,
};
