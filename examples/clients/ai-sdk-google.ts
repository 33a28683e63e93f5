// npm install dispatch-kit ai @ai-sdk/google
import { createGoogle } from "@ai-sdk/google";
import { generateText } from "ai";
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

const baseUrl = "https://generativelanguage.googleapis.com";
const endpoint = new ExternalEndpoint({ name: "google", baseUrl, secret: new SecretRef("GEMINI_API_KEY") });
const rates = new TokenRates({
  inputUsdPerMTok: "0.30",
  outputUsdPerMTok: "2.50",
  cacheReadUsdPerMTok: "0.03",
});
const prices = { "gemini-2.5-flash": rates }; // ai.google.dev/gemini-api/docs/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const google = createGoogle({ apiKey: "unused", fetch: guard });
const { text } = await generateText({
  model: google("gemini-2.5-flash"),
  maxOutputTokens: 200,
  prompt: "What is the capital of France?",
});
console.log(text);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
