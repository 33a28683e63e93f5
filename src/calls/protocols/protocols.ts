import type { Protocol } from "../reports/account.ts";
import { AI_SDK } from "./ai-sdk.ts";
import { ANTHROPIC } from "./anthropic.ts";
import { AZURE } from "./azure.ts";
import { BEDROCK } from "./bedrock.ts";
import { CLAUDE_AGENT } from "./claude-agent.ts";
import { CODEX } from "./codex.ts";
import { COHERE } from "./cohere.ts";
import { DEEPSEEK } from "./deepseek.ts";
import { GEMINI_INTERACTIONS } from "./gemini-interactions.ts";
import { GEMINI } from "./gemini.ts";
import { GROQ } from "./groq.ts";
import { LANGCHAIN } from "./langchain.ts";
import { LITELLM } from "./litellm.ts";
import { MISTRAL } from "./mistral.ts";
import { OLLAMA } from "./ollama.ts";
import { OPENAI_AGENTS } from "./openai-agents.ts";
import { OPENAI_CHAT } from "./openai-chat.ts";
import { OPENAI_EMBEDDINGS } from "./openai-embeddings.ts";
import { OPENAI_IMAGES } from "./openai-images.ts";
import { OPENAI_REALTIME } from "./openai-realtime.ts";
import { OPENAI_RESPONSES } from "./openai-responses.ts";
import { OPENAI_TRANSCRIPTION } from "./openai-transcription.ts";
import { OPENROUTER } from "./openrouter.ts";
import { PERPLEXITY } from "./perplexity.ts";
import { VERTEX } from "./vertex.ts";
import { VOYAGE } from "./voyage.ts";
import { XAI } from "./xai.ts";

/** Every protocol, in the order of the documentation. */
export const PROTOCOLS: readonly Protocol[] = [
  OPENAI_CHAT,
  OPENAI_RESPONSES,
  OPENAI_EMBEDDINGS,
  OPENAI_IMAGES,
  OPENAI_TRANSCRIPTION,
  OPENAI_REALTIME,
  AZURE,
  GROQ,
  DEEPSEEK,
  XAI,
  PERPLEXITY,
  OPENROUTER,
  LITELLM,
  MISTRAL,
  COHERE,
  VOYAGE,
  OLLAMA,
  ANTHROPIC,
  GEMINI,
  VERTEX,
  GEMINI_INTERACTIONS,
  BEDROCK,
  AI_SDK,
  LANGCHAIN,
  OPENAI_AGENTS,
  CLAUDE_AGENT,
  CODEX,
];
