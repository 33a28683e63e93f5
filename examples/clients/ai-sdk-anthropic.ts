// npm install dispatch-kit ai @ai-sdk/anthropic
import { createAnthropic } from "@ai-sdk/anthropic";
import { streamText } from "ai";
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

const baseUrl = "https://api.anthropic.com";
const endpoint = new ExternalEndpoint({
  name: "anthropic",
  baseUrl,
  secret: new SecretRef("ANTHROPIC_API_KEY"),
});
const rates = new TokenRates({ inputUsdPerMTok: "1", outputUsdPerMTok: "5", cacheReadUsdPerMTok: "0.1" });
const prices = { "claude-haiku-4-5": rates }; // claude.com/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const anthropic = createAnthropic({ apiKey: "unused", fetch: guard });
const answer = streamText({
  model: anthropic("claude-haiku-4-5"),
  maxOutputTokens: 200,
  prompt: "What is the capital of France?",
});
console.log(await answer.text);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
