// npm install dispatch-kit ai @ai-sdk/mistral
import { createMistral } from "@ai-sdk/mistral";
import { generateText } from "ai";
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

const baseUrl = "https://api.mistral.ai/v1";
const endpoint = new ExternalEndpoint({ name: "mistral", baseUrl, secret: new SecretRef("MISTRAL_API_KEY") });
const rates = new TokenRates({
  inputUsdPerMTok: "0.10",
  outputUsdPerMTok: "0.30",
  cacheReadUsdPerMTok: "0.01",
});
const prices = { "mistral-small-latest": rates }; // mistral.ai/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const mistral = createMistral({ apiKey: "unused", fetch: guard });
const { text } = await generateText({
  model: mistral("mistral-small-latest"),
  maxOutputTokens: 200,
  prompt: "What is the capital of France?",
});
console.log(text);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
