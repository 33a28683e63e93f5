import { CREATED, type Fields, type Wire } from "./wire.ts";
import { anthropic } from "./anthropic.ts";
import { gemini } from "./gemini.ts";
import { openaiChat } from "./openai-chat.ts";

/** A list of one model. */
const listOf = (wire: Wire, list: Fields): Wire => ({
  ...wire,
  streams: () => false,
  whole: () => list,
  pieces: () => [],
});

export const openaiModels: Wire = listOf(openaiChat, {
  object: "list",
  data: [{ id: "gpt-5-mini", object: "model", created: CREATED, owned_by: "system" }],
});

export const anthropicModels: Wire = listOf(anthropic, {
  data: [
    {
      type: "model",
      id: "claude-haiku-4-5-20251001",
      display_name: "Claude Haiku 4.5",
      created_at: "2025-10-15T00:00:00Z",
    },
  ],
  has_more: false,
  first_id: "claude-haiku-4-5-20251001",
  last_id: "claude-haiku-4-5-20251001",
});

export const geminiModels: Wire = listOf(gemini, {
  models: [
    {
      name: "models/gemini-2.5-flash",
      displayName: "Gemini 2.5 Flash",
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
    },
  ],
});
