// npm install dispatch-kit cohere-ai
import { CohereClientV2 } from "cohere-ai";
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

const baseUrl = "https://api.cohere.com";
const endpoint = new ExternalEndpoint({ name: "cohere", baseUrl, secret: new SecretRef("COHERE_API_KEY") });
const rates = new TokenRates({ inputUsdPerMTok: "2.50", outputUsdPerMTok: "10" });
const prices = { "command-a-03-2025": rates }; // cohere.com/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const client = new CohereClientV2({ token: "unused", fetch: guard });
const answer = await client.chat({
  model: "command-a-03-2025",
  maxTokens: 200,
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
console.log(answer.message.content?.map((part) => (part.type === "text" ? part.text : "")).join(""));

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
