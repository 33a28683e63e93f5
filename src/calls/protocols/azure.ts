import type { Protocol } from "../reports/account.ts";
import { chatForm } from "./openai-chat.ts";
import { openaiDialect } from "./openai-dialect.ts";
import { embeddingsForm } from "./openai-embeddings.ts";
import { responsesForm } from "./openai-responses.ts";

/**
 * OpenAI's models on Azure. They report what OpenAI reports, and name the model, not the deployment.
 *
 * Source: learn.microsoft.com/azure/ai-foundry/openai/reference; `AzureOpenAI` of the npm package openai 7.57.0 has the
 * same types.
 */
export const AZURE: Protocol = /* @__PURE__ */ openaiDialect("azure", [
  /* @__PURE__ */ chatForm("azure"),
  /* @__PURE__ */ responsesForm("azure"),
  /* @__PURE__ */ embeddingsForm("azure"),
]);
