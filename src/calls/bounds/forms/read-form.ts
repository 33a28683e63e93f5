import type { AnyObject } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { BodyForm } from "../../routes/rows.ts";
import type { Wanted } from "../options.ts";
import type { Reading } from "../reading.ts";
import { readAnthropic } from "./anthropic.ts";
import { readConverse } from "./bedrock.ts";
import { readGemini, readGeminiEmbed } from "./gemini.ts";
import { readInteraction } from "./gemini-interactions.ts";
import { readOpenaiChat } from "./openai-chat.ts";
import { readCompact, readCompletion, readEmbeddings, readImages, readRerank } from "./openai-others.ts";
import { readOpenaiResponses } from "./openai-responses.ts";
import { readCohereChat, readOllama, readOllamaEmbed, readVoyageMultimodal } from "./others.ts";

/** Reads a body into a reading, or throws why it has no bound. */
type FormReader = (body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted) => void;

/** The reader of each form of bodies. */
export const FORMS: Readonly<Record<BodyForm, FormReader>> = {
  anthropic: readAnthropic,
  "bedrock-converse": readConverse,
  "cohere-chat": readCohereChat,
  "cohere-embed": readEmbeddings,
  "cohere-rerank": readRerank,
  gemini: readGemini,
  "gemini-embed": readGeminiEmbed,
  "gemini-interactions": readInteraction,
  "ollama-chat": readOllama,
  "ollama-embed": readOllamaEmbed,
  "ollama-generate": readOllama,
  "openai-chat": readOpenaiChat,
  "openai-compact": readCompact,
  "openai-completions": readCompletion,
  "openai-embeddings": readEmbeddings,
  "openai-image-edits": readImages,
  "openai-images": readImages,
  "openai-responses": readOpenaiResponses,
  "voyage-embed": readEmbeddings,
  "voyage-multimodal": readVoyageMultimodal,
  "voyage-rerank": readRerank,
};
