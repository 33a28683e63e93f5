// npm install dispatch-kit @anthropic-ai/sdk
import Anthropic from "@anthropic-ai/sdk";
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

const client = new Anthropic({ apiKey: "unused", fetch: guard });
const stream = client.messages.stream({
  model: "claude-haiku-4-5",
  max_tokens: 200,
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
console.log(await stream.finalText());

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
