// npm install dispatch-kit ollama
import { ExternalEndpoint, formatUsd, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { Ollama } from "ollama";

const baseUrl = "https://ollama.com";
const endpoint = new ExternalEndpoint({ name: "ollama", baseUrl, secret: new SecretRef("OLLAMA_API_KEY") });
const rates = new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" });
const prices = { "gpt-oss:120b": rates }; // rates of your own: no list has this model
const scopes = [{ scope: runScope("1"), cap: usd("0.10") }];
const ledger = memoryStore(); // in a service: sqliteStore or postgresStore
const guard = guardedFetch({ ledger, prices, endpoint, scopes });

const client = new Ollama({ host: baseUrl, fetch: guard });
const answer = await client.chat({
  model: "gpt-oss:120b",
  messages: [{ role: "user", content: "What is the capital of France?" }],
  options: { num_predict: 200 },
});
console.log(answer.message.content);

await guard.settled();
console.log(`spent $${formatUsd((await ledger.usage("run:1")).spent)} of $0.10`);
