// npm install dispatch-kit ai @ai-sdk/openai
import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

const baseUrl = "https://api.openai.com/v1";
const endpoint = new ExternalEndpoint({ name: "openai", baseUrl, secret: new SecretRef("OPENAI_API_KEY") });
const rates = new TokenRates({
  inputUsdPerMTok: "0.25",
  outputUsdPerMTok: "2",
  cacheReadUsdPerMTok: "0.025",
});
const prices = { "gpt-5-mini": rates }; // openai.com/api/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const openai = createOpenAI({ apiKey: "unused", fetch: guard });
const { text } = await generateText({
  model: openai("gpt-5-mini"),
  maxOutputTokens: 200,
  prompt: "What is the capital of France?",
});
console.log(text);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
