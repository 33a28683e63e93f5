import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import { maxTokensOf } from "../../max-tokens.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import {
  choicesOf,
  itemsOf,
  largest,
  leaveOut,
  limitOf,
  objectField,
  objectsOf,
  onlyFields,
  onlyTexts,
  type Reading,
  refer,
  textField,
  unseen,
  words,
} from "../reading.ts";

/** The fields of a chat completion, as in the npm package `openai` 7.57.0. */
const OPENAI =
  /* @__PURE__ */ words(`audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
  messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
  prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop
  store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity`);

/** The fields that dialects add. */
const DIALECTS: Partial<Record<ProviderName, ReadonlySet<string>>> = {
  deepseek: /* @__PURE__ */ words("thinking"),
  groq: /* @__PURE__ */ words("include_reasoning reasoning_format disable_tool_validation citation_options"),
  mistral: /* @__PURE__ */ words("random_seed safe_prompt"),
  openrouter:
    /* @__PURE__ */ words(`debug image_config min_p models provider reasoning repetition_penalty session_id top_a top_k trace usage
    cache_control transforms`),
  perplexity:
    /* @__PURE__ */ words(`disable_search enable_search_classifier language_preference last_updated_after_filter
    last_updated_before_filter return_images return_related_questions search_after_date_filter search_before_date_filter
    search_domain_filter search_language_filter search_mode search_recency_filter top_k web_search_options`),
  xai: /* @__PURE__ */ words("bootstrap_host bootstrap_room"),
};

/**
 * The fields with an output limit that a dialect obeys; the first is the one to write. Whether the older field of xAI
 * covers reasoning is not published.
 */
const LIMITS: Partial<Record<ProviderName, readonly [string, ...string[]]>> = {
  deepseek: ["max_tokens"],
  mistral: ["max_tokens"],
  ollama: ["max_tokens"],
  perplexity: ["max_tokens"],
  xai: ["max_completion_tokens"],
};
const BOTH = ["max_completion_tokens", "max_tokens"] as const;

/** Reads a chat completion of OpenAI or of one of its dialects. */
export function readOpenaiChat(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  const dialect = DIALECTS[provider] ?? new Set<string>();
  onlyFields(body, new Set([...OPENAI, ...dialect]), wanted.ignoreFields);
  for (const message of objectsOf("messages", ownField(body, "messages"))) {
    readMessage(message, reading, provider, wanted);
  }
  for (const tool of objectsOf("tools", ownField(body, "tools"))) {
    const type = textField(tool, "type") ?? "";
    if (type !== "function" && type !== "custom") {
      throw unbounded(`nobody knows what its tool ${quote(type)} costs`);
    }
  }
  readLimits(body, reading, provider);
  readOutput(body, reading, provider);
  reading.tier = presentField(body, "service_tier");
}

function readLimits(body: AnyObject, reading: Reading, provider: ProviderName): void {
  const fields = LIMITS[provider] ?? BOTH;
  const present = fields.filter((field) => presentField(body, field) !== undefined);
  const tokens = largest(...fields.map((field) => limitOf(ownField(body, field))));
  // Of two limits, a server may obey the one that is not written.
  reading.output = { tokens, path: present.length > 1 ? [] : [present[0] ?? fields[0]] };
  reading.choices = choicesOf("n", ownField(body, "n"));
  const prediction = presentField(body, "prediction");
  if (prediction === undefined) return;
  // A rejected prediction is billed as output; no page says that the limit covers it.
  reading.extraOutput = maxTokensOf(JSON.stringify(prediction));
}

function readOutput(body: AnyObject, reading: Reading, provider: ProviderName): void {
  const made = itemsOf(ownField(body, "modalities"));
  reading.makesAudio = made.includes("audio") || presentField(body, "audio") !== undefined;
  reading.makesPictures = made.includes("image");
  if (provider === "perplexity") readPerplexity(body, reading);
  else if (
    presentField(body, "web_search_options") !== undefined ||
    /-search\b|compound/.test(modelsOf(reading))
  ) {
    reading.searches = null;
    reading.hasServerTools = true;
    unseen(reading, "what its searches find");
    // Compound models ask others, several times, and publish no limit.
    if (modelsOf(reading).includes("compound")) reading.loops = Infinity;
  }
}

/** Perplexity bills no search results as input, and one fee for the request; deep research bills much more. */
function readPerplexity(body: AnyObject, reading: Reading): void {
  reading.hasServerTools = true;
  const type = presentField(objectField(body, "web_search_options"), "search_type") ?? "fast";
  if (type !== "fast")
    throw unbounded("a search of the type pro or auto has fees that price lists do not have");
  if (!modelsOf(reading).includes("deep-research")) return;
  throw unbounded("deep research bills citations, reasoning and searches, which no limit bounds");
}

function modelsOf(reading: Reading): string {
  return reading.models.join(" ");
}

function readMessage(message: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyTexts(message);
  if (presentField(message, "audio") !== undefined) {
    reading.hasAudio = true;
    refer(reading, "the audio", ownField(objectField(message, "audio"), "id"));
  }
  for (const part of itemsOf(ownField(message, "content"))) {
    if (typeof part === "string") continue;
    if (!isObject(part)) throw unreadable("content must be texts and objects");
    readPart(part, reading, provider, wanted);
  }
}

const TEXTS = /* @__PURE__ */ words("text refusal thinking reference");

function readPart(part: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  const type = textField(part, "type") ?? "";
  if (TEXTS.has(type)) {
    onlyTexts(part);
    return;
  }
  if (provider === "openrouter") throw unbounded("OpenRouter may bill its files beside its tokens");
  switch (type) {
    case "image_url": {
      // Mistral also takes the URL itself.
      const isUrl = textField(part, "image_url") !== null;
      const picture = isUrl ? {} : objectField(part, "image_url");
      leaveOut(reading, isUrl ? part : picture, isUrl ? "image_url" : "url");
      addPicture(reading, provider, ownField(picture, "detail"), wanted);
      return;
    }
    case "input_audio":
      reading.hasAudio = true;
      leaveOut(reading, objectField(part, "input_audio"), "data");
      addFile(reading, "audio", wanted);
      return;
    case "document_url":
      leaveOut(reading, part, "document_url");
      addFile(reading, "document", wanted);
      return;
    case "file": {
      const file = objectField(part, "file");
      leaveOut(reading, file, "file_data");
      if (presentField(file, "file_id") !== undefined) refer(reading, "the file", ownField(file, "file_id"));
      else addFile(reading, "file", wanted);
      return;
    }
    default:
      throw unbounded(`nobody knows what a part of the type ${quote(type)} costs`);
  }
}
