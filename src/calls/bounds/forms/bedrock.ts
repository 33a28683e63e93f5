import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import { cacheOf, isForced, toolPrompt } from "../claude.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import {
  leaveOut,
  limitOf,
  objectField,
  objectsOf,
  onlyFields,
  type Reading,
  textField,
  words,
} from "../reading.ts";

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
  const latency = textField(objectField(body, "performanceConfig"), "latency");
  if (latency !== null && latency !== "standard") throw unbounded("optimized latency has its own price");
  for (const message of objectsOf("messages", ownField(body, "messages"))) {
    readContent(ownField(message, "content"), reading, provider, wanted);
  }
  readContent(ownField(body, "system"), reading, provider, wanted);
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
  const [model = ""] = reading.models;
  if (model.includes("claude"))
    reading.numbers.push(toolPrompt(model, isForced(objectField(config, "toolChoice"))));
  for (const tool of tools) {
    for (const key of Object.keys(tool)) {
      if (key !== "toolSpec" && key !== "cachePoint")
        throw unbounded(`nobody knows what its tool ${quote(key)} costs`);
    }
  }
}

const SEEN = /* @__PURE__ */ words("text toolUse cachePoint json searchResult citationsContent");

function readContent(content: unknown, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  for (const part of objectsOf("content", content)) {
    for (const [key, value] of Object.entries(part)) {
      if (SEEN.has(key)) continue;
      if (!isObject(value)) throw unreadable(`${key} must be an object`);
      readPart(key, value, reading, provider, wanted);
    }
  }
}

function readPart(
  key: string,
  value: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  switch (key) {
    case "image":
      leaveOut(reading, objectField(value, "source"), "bytes");
      addPicture(reading, provider, null, wanted);
      return;
    case "document":
    case "audio":
    case "video": {
      const source = objectField(value, "source");
      if (textField(source, "text") !== null) return;
      leaveOut(reading, source, "bytes");
      if (key !== "document") reading.hasAudio = true;
      if (key === "video") reading.hasVideo = true;
      addFile(reading, key, wanted);
      return;
    }
    case "toolResult":
      readContent(ownField(value, "content"), reading, provider, wanted);
      return;
    case "reasoningContent":
      reading.numbers.push({ name: "encrypted reasoning", value: 0, unit: "tokens", standing: "assumed" });
      return;
    default:
      throw unbounded(`nobody knows what a part with ${quote(key)} costs`);
  }
}
