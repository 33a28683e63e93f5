import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import { leaveOut, limitOf, objectsOf, onlyFields, type Reading, refer, unseen, words } from "../reading.ts";
import { readGeminiOutput } from "./gemini-output.ts";
import { both, either, eitherObject, spellingOf } from "./google-fields.ts";

/** Google's servers take a field in camel case or in snake case. */
const FIELDS = /* @__PURE__ */ both(
  "cachedContent contents generationConfig labels model safetySettings serviceTier store systemInstruction toolConfig tools",
);
export const GEMINI_CONFIG: ReadonlySet<string> =
  /* @__PURE__ */ both(`audioTimestamp candidateCount enableAffectiveDialog enableEnhancedCivicAnswers frequencyPenalty logprobs
  maxOutputTokens mediaResolution presencePenalty responseFormat responseJsonSchema responseLogprobs responseMimeType
  responseModalities responseSchema seed speechConfig stopSequences temperature thinkingConfig topK topP imageConfig`);

/** Reads a request to Gemini, at the Gemini API or at Vertex AI. */
export function readGemini(body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyFields(body, FIELDS, wanted.ignoreFields);
  const config = eitherObject(body, "generationConfig");
  onlyFields(config, GEMINI_CONFIG, wanted.ignoreFields);
  const resolution = either(config, "mediaResolution");
  const contents = objectsOf("contents", either(body, "contents"));
  for (const content of [...contents, eitherObject(body, "systemInstruction")]) {
    readParts(either(content, "parts"), resolution, reading, provider, wanted);
  }
  const cached = either(body, "cachedContent");
  if (cached !== undefined) refer(reading, "the cached content", cached);
  for (const tool of objectsOf("tools", either(body, "tools"))) readTool(tool, reading);
  readGeminiOutput(config, config, reading, wanted);
  const configName = spellingOf(body, "generationConfig");
  reading.output = {
    tokens: limitOf(either(config, "maxOutputTokens")),
    path: [configName, spellingOf(config, "maxOutputTokens")],
  };
  reading.tier = either(body, "serviceTier");
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

/** A resolution may also ask for a number of tokens, in `numTokens`. */
const LEVEL = /* @__PURE__ */ words("level");

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
      const mimeType = either(content, "mimeType");
      const type = typeof mimeType === "string" ? mimeType : "";
      const own = either(part, "mediaResolution");
      if (isObject(own)) onlyFields(own, LEVEL, wanted.ignoreFields);
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
