// npm install dispatch-kit groq-sdk
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import Groq from "groq-sdk";

const baseUrl = "https://api.groq.com/openai/v1";
const endpoint = new ExternalEndpoint({ name: "groq", baseUrl, secret: new SecretRef("GROQ_API_KEY") });
const rates = new TokenRates({ inputUsdPerMTok: "0.59", outputUsdPerMTok: "0.79" });
const prices = { "llama-3.3-70b-versatile": rates }; // groq.com/pricing; or LiteLLM's list as it is
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const client = new Groq({ apiKey: "unused", fetch: guard });
const answer = await client.chat.completions.create({
  model: "llama-3.3-70b-versatile",
  max_completion_tokens: 200,
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
console.log(answer.choices[0]?.message.content);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
