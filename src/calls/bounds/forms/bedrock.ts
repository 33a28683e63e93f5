import { quote } from "../../../internal/text.ts";
import { type AnyObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import { addUnpublished, cacheOf, isForced, toolPrompt } from "../claude.ts";
import type { Wanted } from "../options.ts";
import { unbounded } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import { leaveOut, limitOf, objectField, objectsOf, onlyFields, type Reading, words } from "../reading.ts";

/** The fields of Converse, as in the npm package `@aws-sdk/client-bedrock-runtime` 3.1164.0. */
const FIELDS =
  /* @__PURE__ */ words(`additionalModelRequestFields additionalModelResponseFieldPaths inferenceConfig messages outputConfig
  performanceConfig requestMetadata serviceTier system toolConfig`);
/** What a maker's own fields may ask for without other costs. */
const OWN_FIELDS = /* @__PURE__ */ words(
  "thinking reasoning_config reasoningConfig top_k anthropic_beta reasoning_effort",
);

/** Reads a request to Converse. */
export function readConverse(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  onlyFields(body, FIELDS, wanted.ignoreFields);
  onlyFields(objectField(body, "additionalModelRequestFields"), OWN_FIELDS, wanted.ignoreFields);
  const latency = presentField(objectField(body, "performanceConfig"), "latency") ?? "standard";
  if (latency !== "standard") throw unbounded("optimized latency has its own price");
  for (const message of objectsOf("messages", ownField(body, "messages"))) {
    readParts("content", message, reading, provider, wanted);
  }
  readParts("system", body, reading, provider, wanted);
  readTools(objectField(body, "toolConfig"), reading);
  if (presentField(body, "outputConfig") !== undefined) reading.added.push("for a JSON schema of its output");
  const config = objectField(body, "inferenceConfig");
  reading.output = { tokens: limitOf(ownField(config, "maxTokens")), path: ["inferenceConfig", "maxTokens"] };
  reading.tier = presentField(objectField(body, "serviceTier"), "type");
  reading.cache = cacheOf(body, "cachePoint");
}

function readTools(config: AnyObject, reading: Reading): void {
  const tools = objectsOf("tools", ownField(config, "tools"));
  if (tools.length === 0) return;
  const forced = isForced(objectField(config, "toolChoice"));
  // The ARN of a profile of one's own does not say whether its model is Claude.
  const models = reading.models.filter((model) => /claude|^arn:/.test(model));
  reading.numbers.push(...models.map((model) => toolPrompt(model, forced)));
  for (const tool of tools) {
    const other = Object.keys(tool).find((key) => key !== "toolSpec" && key !== "cachePoint");
    if (other !== undefined) throw unbounded(`nobody knows what its tool ${quote(other)} costs`);
    addUnpublished(reading, objectField(tool, "toolSpec"));
  }
}

/** Reads the parts in a field of an object. What they are is the name of their only field. */
function readParts(
  field: string,
  object: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  for (const part of objectsOf(field, ownField(object, field))) {
    for (const key of Object.keys(part)) readPart(key, part, reading, provider, wanted);
  }
}

const SEEN = /* @__PURE__ */ words("text toolUse cachePoint json citationsContent");

function readPart(
  key: string,
  part: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  if (SEEN.has(key)) return;
  switch (key) {
    case "image":
      leaveOut(reading, objectField(objectField(part, key), "source"), "bytes");
      addPicture(reading, provider, null, wanted);
      return;
    case "document":
    case "audio":
    case "video":
      readFile(key, objectField(part, key), reading, wanted);
      return;
    case "searchResult":
      addUnpublished(reading, objectField(part, key));
      return;
    case "toolResult":
      readParts("content", objectField(part, key), reading, provider, wanted);
      return;
    case "reasoningContent":
      reading.numbers.push({ name: "encrypted reasoning", value: 0, unit: "tokens", standing: "assumed" });
      return;
    default:
      throw unbounded(`nobody knows what a part with ${quote(key)} costs`);
  }
}

function readFile(
  what: "document" | "audio" | "video",
  file: AnyObject,
  reading: Reading,
  wanted: Wanted,
): void {
  addUnpublished(reading, file);
  const source = objectField(file, "source");
  // Only a document may be a text, and only if it has no other source beside it.
  if (what === "document" && Object.keys(source).join() === "text") return;
  leaveOut(reading, source, "bytes");
  if (what !== "document") reading.hasAudio = true;
  if (what === "video") reading.hasVideo = true;
  addFile(reading, what, wanted);
}
