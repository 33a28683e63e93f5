import { tokenCost, type TokenRates } from "dispatch-kit";
import { boundOf, type Prices, ratesFor } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AT, CHAT, CLAUDE, GEMINI, usageWithin } from "./bounds-support.ts";
import { genaiModels, litellmList } from "./support.ts";

/** Where the models of each provider in the lists are asked for, and how their bodies are written. */
const ENDPOINTS = {
  openai: [CHAT, { max_completion_tokens: 77 }],
  anthropic: [CLAUDE, { max_tokens: 77 }],
  gemini: [GEMINI, { generationConfig: { maxOutputTokens: 77 } }],
  mistral: ["https://api.mistral.ai/v1/chat/completions", { max_tokens: 77 }],
  groq: ["https://api.groq.com/openai/v1/chat/completions", { max_tokens: 77 }],
  deepseek: ["https://api.deepseek.com/chat/completions", { max_tokens: 77 }],
  perplexity: ["https://api.perplexity.ai/chat/completions", { max_tokens: 77 }],
  cohere: ["https://api.cohere.com/v2/chat", { max_tokens: 77 }],
  xai: ["https://api.x.ai/v1/chat/completions", { max_completion_tokens: 77 }],
  azure: ["https://x.openai.azure.com/openai/v1/chat/completions", { max_completion_tokens: 77 }],
} as const;
type Endpoint = keyof typeof ENDPOINTS;

const TEXT = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constant('\u{FDFA}é<\\"漢'));

/** A request with a text that is turned into a message of that provider. */
function requestOf(
  endpoint: Endpoint,
  model: string,
  text: string,
): { readonly url: string; readonly body: object } {
  const [url, limits] = ENDPOINTS[endpoint];
  if (endpoint !== "gemini")
    return { url, body: { model, messages: [{ role: "user", content: text }], ...limits } };
  return {
    url: url.replace("gemini-3-flash", model),
    body: { contents: [{ parts: [{ text }] }], ...limits },
  };
}

/** The rates at which a provider may bill a call without a tier. OpenAI's may be the default of a project. */
function openRates(prices: Prices, endpoint: Endpoint, model: string): readonly TokenRates[] {
  const hasDefaults = endpoint === "openai" || endpoint === "azure";
  const queries = hasDefaults ? [{}, { serviceTier: "flex" }, { serviceTier: "priority" }] : [{}];
  return queries
    .map((query) => ratesFor(prices, { model, at: AT, ...query }))
    .flatMap((found) => (found.kind === "priced" ? [found.rates] : []));
}

/** Checks that no usage within the bound of a model costs more, at any rates that are open; `false` if refused. */
function holds(
  prices: Prices,
  endpoint: Endpoint,
  model: string,
  listed: string,
  text: string,
  seed: number,
): boolean {
  const found = boundOf(requestOf(endpoint, model, text), prices, {
    at: AT,
    addedTokens: 100,
    maxSearches: 3,
  });
  if (found.kind !== "bounded") return false;
  let state = seed;
  const draw = (most: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * (most + 1));
  };
  for (const rates of [found.rates, ...openRates(prices, endpoint, listed)]) {
    // A kind that rates leave out cannot be billed by them.
    const usage = usageWithin(found.limits, rates, draw);
    const cost = tokenCost(rates, usage);
    if (cost > found.amount) expect.fail(`${listed}: ${String(cost)} > ${String(found.amount)}`);
  }
  return true;
}

describe("boundOf: no usage within a bound costs more", () => {
  it("for every model of LiteLLM's list", () => {
    const list = litellmList();
    const models = Object.entries(list).flatMap(([listed, entry]) => {
      const provider = String(entry["litellm_provider"]);
      const endpoint = (provider === "cohere_chat" ? "cohere" : provider) as Endpoint;
      if (!Object.hasOwn(ENDPOINTS, endpoint) || entry["mode"] !== "chat") return [];
      return [{ listed, endpoint, model: listed.replace(new RegExp(`^${endpoint}/`), "") }];
    });
    let bounded = 0;
    fc.assert(
      fc.property(TEXT, fc.integer({ min: 1, max: 1e6 }), (text, seed) => {
        bounded = models.filter(({ endpoint, model, listed }) =>
          holds(list, endpoint, model, listed, text, seed),
        ).length;
      }),
      { numRuns: 3 },
    );
    // Most have prices by the token; the others are refused.
    expect(models.length).toBeGreaterThan(350);
    expect(bounded / models.length).toBeGreaterThan(0.8);
  });

  it("for every model of genai-prices", () => {
    const providers: Readonly<Record<string, Endpoint>> = {
      openai: "openai",
      anthropic: "anthropic",
      google: "gemini",
      mistral: "mistral",
      groq: "groq",
      deepseek: "deepseek",
      perplexity: "perplexity",
      cohere: "cohere",
      "x-ai": "xai",
      azure: "azure",
    };
    const listed = genaiModels();
    const prices = [...new Set(listed.map(({ provider }) => provider))];
    const models = listed.flatMap(({ provider, model }) => {
      const endpoint = Object.hasOwn(providers, provider.id) ? providers[provider.id] : undefined;
      return endpoint === undefined ? [] : [{ endpoint, model: model.id, id: provider.id }];
    });
    const bounded = models.filter(({ endpoint, model, id }, index) =>
      holds(prices, endpoint, model, `${id}/${model}`, "Hello", index + 1),
    );
    expect(models.length).toBeGreaterThan(250);
    expect(bounded.length / models.length).toBeGreaterThan(0.7);
  });

  it("and more text, choices or output never cost less", () => {
    const list = litellmList();
    const cost = (text: string, n: number, limit: number): bigint => {
      const body = {
        model: "gpt-4o",
        n,
        max_completion_tokens: limit,
        messages: [{ role: "user", content: text }],
      };
      const found = boundOf({ url: CHAT, body }, list, { at: AT });
      if (found.kind !== "bounded") throw new Error(found.kind);
      return found.amount;
    };
    fc.assert(
      fc.property(
        TEXT,
        TEXT,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 99 }),
        (a, b, n, limit) => {
          expect(cost(a + b, n, limit)).toBeGreaterThanOrEqual(cost(a, n, limit) - 2n);
          expect(cost(a, n + 1, limit)).toBeGreaterThan(cost(a, n, limit));
          expect(cost(a, n, limit + 1)).toBeGreaterThan(cost(a, n, limit));
        },
      ),
    );
  });
});
