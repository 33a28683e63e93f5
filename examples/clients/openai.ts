// npm install dispatch-kit openai
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import OpenAI from "openai";

const baseUrl = "https://api.openai.com/v1";
const endpoint = new ExternalEndpoint({ name: "openai", baseUrl, secret: new SecretRef("OPENAI_API_KEY") });
const rates = new TokenRates({
  inputUsdPerMTok: "0.15",
  outputUsdPerMTok: "0.60",
  cacheReadUsdPerMTok: "0.075",
});
const prices = { "gpt-4o-mini": rates }; // openai.com/api/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const client = new OpenAI({ apiKey: "unused", fetch: guard });
const answer = await client.chat.completions.create({
  model: "gpt-4o-mini",
  max_completion_tokens: 200,
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
console.log(answer.choices[0]?.message.content);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
