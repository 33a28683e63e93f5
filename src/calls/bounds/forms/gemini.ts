import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import {
  choicesOf,
  itemsOf,
  leaveOut,
  limitOf,
  objectsOf,
  onlyFields,
  type Reading,
  refer,
  textField,
  unseen,
  words,
} from "../reading.ts";

/** Google's servers take a field in camel case or in snake case. */
const FIELDS = /* @__PURE__ */ both(
  "cachedContent contents generationConfig labels model safetySettings serviceTier store systemInstruction toolConfig tools",
);
const CONFIG =
  /* @__PURE__ */ both(`audioTimestamp candidateCount enableAffectiveDialog enableEnhancedCivicAnswers frequencyPenalty logprobs
  maxOutputTokens mediaResolution presencePenalty responseFormat responseJsonSchema responseLogprobs responseMimeType
  responseModalities responseSchema seed speechConfig stopSequences temperature thinkingConfig topK topP imageConfig`);

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function both(names: string): ReadonlySet<string> {
  const camel = words(names);
  return new Set([...camel, ...[...camel].map(snake)]);
}

/** A field in either case. */
function either(object: AnyObject, name: string): unknown {
  const camel = presentField(object, name);
  const other = snake(name) === name ? undefined : presentField(object, snake(name));
  if (camel !== undefined && other !== undefined) throw unreadable(`${name} is there in two spellings`);
  return camel ?? other;
}

function eitherObject(object: AnyObject, name: string): AnyObject {
  const value = either(object, name);
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw unreadable(`${name} must be an object`);
}

/** Reads a request to Gemini, at the Gemini API or at Vertex AI. */
export function readGemini(body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyFields(body, FIELDS, wanted.ignoreFields);
  const config = eitherObject(body, "generationConfig");
  onlyFields(config, CONFIG, wanted.ignoreFields);
  const resolution = either(config, "mediaResolution");
  const contents = objectsOf("contents", either(body, "contents"));
  for (const content of [...contents, eitherObject(body, "systemInstruction")]) {
    readParts(either(content, "parts"), resolution, reading, provider, wanted);
  }
  const cached = either(body, "cachedContent");
  if (cached !== undefined) refer(reading, "the cached content", cached);
  for (const tool of objectsOf("tools", either(body, "tools"))) readTool(tool, reading);
  readOutput(config, reading, wanted);
  reading.tier = either(body, "serviceTier");
}

function readOutput(config: AnyObject, reading: Reading, wanted: Wanted): void {
  const made = itemsOf(either(config, "responseModalities")).map((kind) => String(kind).toUpperCase());
  reading.makesAudio = made.includes("AUDIO") || reading.models.some((model) => /-tts|audio/.test(model));
  reading.makesPictures = made.includes("IMAGE") || reading.models.some((model) => model.includes("image"));
  reading.output = {
    tokens: limitOf(either(config, "maxOutputTokens")),
    path: ["generationConfig", "maxOutputTokens"],
  };
  reading.choices = choicesOf("candidateCount", either(config, "candidateCount"));
  if (!reading.makesPictures || wanted.maxOutputTokens !== null) return;
  throw unbounded("no page says that the output limit covers pictures; set maxOutputTokens");
}

function readTool(tool: AnyObject, reading: Reading): void {
  for (const key of Object.keys(tool)) {
    if (key === "functionDeclarations" || key === "function_declarations") continue;
    if (/file_?search|retrieval|maps|computer/i.test(key)) {
      throw unbounded(`its tool ${quote(key)} has fees that no price list and no limit bounds`);
    }
    if (!/^(?:google_?search|url_?context|code_?execution)/i.test(key)) {
      throw unbounded(`nobody knows what its tool ${quote(key)} costs`);
    }
    reading.hasServerTools = true;
    // The number of loops is not published.
    reading.loops = Infinity;
    unseen(reading, `what its tool ${quote(key)} finds`);
    if (/search/i.test(key)) reading.searches = null;
  }
}

const SEEN = /* @__PURE__ */ both(
  "text functionCall executableCode codeExecutionResult toolCall toolResponse",
);
const BESIDE = /* @__PURE__ */ both("thought thoughtSignature videoMetadata mediaResolution partMetadata");

function readParts(
  parts: unknown,
  resolution: unknown,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  for (const part of objectsOf("parts", parts)) {
    for (const key of Object.keys(part)) {
      if (SEEN.has(key) || BESIDE.has(key)) continue;
      readPart(part, key, resolution, reading, provider, wanted);
    }
    if (either(part, "thoughtSignature") === undefined) continue;
    reading.numbers.push({ name: "encrypted reasoning", value: 0, unit: "tokens", standing: "assumed" });
  }
}

function readPart(
  part: AnyObject,
  key: string,
  resolution: unknown,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  const content = ownField(part, key);
  if (!isObject(content)) throw unreadable(`${key} must be an object`);
  switch (key) {
    case "functionResponse":
    case "function_response":
      readParts(either(content, "parts"), resolution, reading, provider, wanted);
      return;
    case "inlineData":
    case "inline_data":
    case "fileData":
    case "file_data": {
      leaveOut(reading, content, "data");
      const type = String(either(content, "mimeType"));
      const own = either(part, "mediaResolution");
      const level = isObject(own) ? ownField(own, "level") : own;
      if (type.startsWith("image/")) {
        addPicture(reading, provider, level ?? resolution, wanted);
        return;
      }
      if (type.startsWith("audio/")) reading.hasAudio = true;
      else if (type !== "application/pdf") reading.hasVideo = reading.hasAudio = true;
      addFile(reading, "file", wanted);
      return;
    }
    default:
      throw unbounded(`nobody knows what a part with ${quote(key)} costs`);
  }
}

const EMBED = /* @__PURE__ */ both(
  `content embedContentConfig model outputDimensionality requests taskType title autoTruncate`,
);

/** Reads embeddings of texts. */
export function readGeminiEmbed(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  onlyFields(body, EMBED, wanted.ignoreFields);
  for (const request of [body, ...objectsOf("requests", either(body, "requests"))]) {
    onlyFields(request, EMBED, wanted.ignoreFields);
    readParts(either(eitherObject(request, "content"), "parts"), null, reading, provider, wanted);
  }
  reading.noOutput = true;
}

const INTERACTION =
  /* @__PURE__ */ words(`background generation_config input model previous_interaction_id response_format
  response_mime_type response_modalities service_tier store stream system_instruction tools`);

/** Reads an interaction: of its input, texts and calls of functions. */
export function readInteraction(body: AnyObject, reading: Reading, _: ProviderName, wanted: Wanted): void {
  onlyFields(body, INTERACTION, wanted.ignoreFields);
  const previous = presentField(body, "previous_interaction_id");
  if (previous !== undefined) refer(reading, "the interaction", previous);
  readTurns(ownField(body, "input"));
  for (const tool of objectsOf("tools", ownField(body, "tools"))) {
    if (textField(tool, "type") !== "function") throw unbounded("of its tools, only functions have a bound");
  }
  const config = eitherObject(body, "generationConfig");
  reading.output = {
    tokens: limitOf(ownField(config, "max_output_tokens")),
    path: ["generation_config", "max_output_tokens"],
  };
  reading.makesAudio = reading.makesPictures = presentField(body, "response_modalities") !== undefined;
  reading.tier = presentField(body, "service_tier");
}

const TURN_TYPES = /* @__PURE__ */ words(
  "text thought function_call function_result user_input model_output",
);

function readTurns(input: unknown): void {
  for (const item of itemsOf(input)) {
    if (typeof item === "string") continue;
    const type = isObject(item) ? (textField(item, "type") ?? "user_input") : "";
    if (!TURN_TYPES.has(type)) throw unbounded(`nobody knows what an input of the type ${quote(type)} costs`);
    if (isObject(item)) readTurns(ownField(item, "content"));
  }
}
