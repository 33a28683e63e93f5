// npm install dispatch-kit @langchain/openai @langchain/core
import { ChatOpenAI } from "@langchain/openai";
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

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

const model = new ChatOpenAI({
  apiKey: "unused",
  model: "gpt-4o-mini",
  maxTokens: 200,
  configuration: { fetch: guard },
});
const answer = await model.invoke("What is the capital of France?");
console.log(answer.text);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
