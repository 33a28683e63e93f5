import type { Client } from "../client.ts";
import { agentsClients } from "./agents.ts";
import { aiSdkClients } from "./ai-sdk.ts";
import { anthropicClients } from "./anthropic.ts";
import { cohereClients } from "./cohere.ts";
import { googleClients } from "./google.ts";
import { groqClients } from "./groq.ts";
import { langchainClients } from "./langchain.ts";
import { mistralClients } from "./mistral.ts";
import { ollamaClients } from "./ollama.ts";
import { openaiClients } from "./openai.ts";

export const clients: readonly Client[] = [
  ...openaiClients,
  ...anthropicClients,
  ...googleClients,
  ...mistralClients,
  ...cohereClients,
  ...groqClients,
  ...aiSdkClients,
  ...langchainClients,
  ...agentsClients,
  ...ollamaClients,
];
