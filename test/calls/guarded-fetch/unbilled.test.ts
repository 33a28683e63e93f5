import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import type { GuardOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { chat, ground, message, MESSAGES, post, RATES } from "./support.ts";

const WITH_FLEX = {
  input_cost_per_token: 1e-6,
  output_cost_per_token: 2e-6,
  input_cost_per_token_flex: 5e-7,
  output_cost_per_token_flex: 1e-6,
};
const GOOGLE = post({
  contents: [{ role: "user", parts: [{ text: "Hi" }] }],
  generationConfig: { maxOutputTokens: 100 },
});
const ROUTER = chat({
  model: "openai/gpt-4o-mini",
  provider: { max_price: { prompt: 1, completion: 2, request: 0, image: 0 } },
});

const AZURE = "https://x.openai.azure.com/openai/v1/chat/completions";
const GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent";
const OPENAI = "https://api.openai.com/v1/chat/completions";
const OPENROUTER = "https://openrouter.ai/api/v1/chat/completions";
const VERTEX =
  "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent";

/** What each provider says of its errors; the sources are at the table in docs/guarded-fetch.md. */
const CASES: readonly (readonly [string, number, boolean, string, RequestInit])[] = [
  ["anthropic", 529, false, MESSAGES, message()],
  ["azure", 401, true, AZURE, chat()],
  ["azure", 429, true, AZURE, chat()],
  ["azure", 400, false, AZURE, chat()],
  ["azure", 408, false, AZURE, chat()],
  ["gemini", 400, true, GEMINI, GOOGLE],
  ["gemini", 500, true, GEMINI, GOOGLE],
  ["gemini", 429, false, GEMINI, GOOGLE],
  ["openai", 429, false, OPENAI, chat()],
  ["openai", 429, true, OPENAI, chat({ service_tier: "flex" })],
  ["openai", 500, false, OPENAI, chat({ service_tier: "flex" })],
  ["openrouter", 502, true, OPENROUTER, ROUTER],
  ["vertex", 404, true, VERTEX, GOOGLE],
];

describe("guardedFetch: an error", () => {
  it.each(CASES)("of %s with status %i, which is free: %s", async (provider, status, isFree, url, init) => {
    const { origin } = new URL(url);
    const options: Partial<GuardOptions> = {
      endpoint: new ExternalEndpoint({ name: "one", baseUrl: origin, secret: new SecretRef("KEY") }),
      prices: {
        "claude-sonnet-4-5": RATES,
        "gpt-4o-mini": WITH_FLEX,
        "gemini-2.5-flash": RATES,
        "openai/gpt-4o-mini": RATES,
      },
    };
    const { guard, usage, events } = ground(() => Response.json({ error: {} }, { status }), options);
    const answer = await guard(url, init);
    expect([answer.status, await answer.json()]).toEqual([status, { error: {} }]);
    const [held] = events.flatMap((event) => (event.kind === "held" ? [event.amount] : []));
    expect(await usage()).toMatchObject({ reserved: isFree ? 0n : held, spent: 0n });
    expect(events.slice(1)).toMatchObject([
      isFree
        ? {
            kind: "settled",
            provider,
            amount: held,
            booked: 0n,
            usage: null,
            stated: null,
            without: "unbilled",
          }
        : {
            kind: "unknown",
            provider,
            amount: held,
            reason: `${provider} does not say whether it bills an error ${status}`,
          },
    ]);
  });
});
