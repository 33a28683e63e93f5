import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import { addClientTool, addUnpublished, cacheOf, isForced, toolPrompt } from "../claude.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import {
  itemsOf,
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

/** The fields of a request, as in the npm package `@anthropic-ai/sdk` 1.13.0. */
const FIELDS =
  /* @__PURE__ */ words(`anthropic_beta anthropic_version betas billing_policy cache_control context_management diagnostics
  fallback_credit_token inference_geo max_tokens messages metadata model output_config output_format service_tier speed
  stop_sequences stream system temperature thinking tool_choice tools top_k top_p user_profile_id workspace_id
  mcp_servers container`);

/** Parts whose content is all in the body. */
const SEEN = /* @__PURE__ */ words(`text tool_use tool_reference tool_addition tool_removal server_tool_use
  mcp_tool_use mcp_tool_listing compaction fallback`);

/** The limit of a loop of tools on Anthropic's servers. */
const LOOPS = 10;

/** Reads a request to Claude. */
export function readAnthropic(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  onlyFields(body, FIELDS, wanted.ignoreFields);
  for (const message of objectsOf("messages", ownField(body, "messages"))) {
    onlyTexts(message);
    readContent(ownField(message, "content"), reading, provider, wanted);
  }
  readContent(ownField(body, "system"), reading, provider, wanted);
  readClaudeTools(objectsOf("tools", ownField(body, "tools")), objectField(body, "tool_choice"), reading);
  if (itemsOf(ownField(body, "mcp_servers")).length > 0) serve(reading, "the tools of its MCP servers");
  if (presentField(body, "container") !== undefined) throw unbounded("its container is billed by time");
  readSettings(body, reading);
  reading.output = { tokens: limitOf(ownField(body, "max_tokens")), path: ["max_tokens"] };
  reading.cache = reading.hasServerTools ? "any" : cacheOf(body, "cache_control");
}

function readSettings(body: AnyObject, reading: Reading): void {
  for (const edit of objectsOf("edits", ownField(objectField(body, "context_management"), "edits"))) {
    if (textField(edit, "type")?.startsWith("clear_") !== true) {
      throw unbounded("compaction reads and writes the conversation once more, which no limit bounds");
    }
  }
  const config = objectField(body, "output_config");
  const hasFormat =
    presentField(config, "format") !== undefined || presentField(body, "output_format") !== undefined;
  if (hasFormat) reading.added.push("for a JSON schema of its output");
  reading.tier = presentField(body, "speed");
  reading.region = textField(body, "inference_geo");
}

/** The tools of a request to Claude. */
export function readClaudeTools(tools: readonly AnyObject[], choice: AnyObject, reading: Reading): void {
  if (tools.length === 0) return;
  reading.numbers.push(...reading.models.map((model) => toolPrompt(model, isForced(choice))));
  for (const tool of tools) {
    const type = textField(tool, "type");
    addUnpublished(reading, tool);
    if (type === null || type === "custom" || addClientTool(reading, type)) continue;
    readServerTool(type, tool, reading);
  }
}

function readServerTool(type: string, tool: AnyObject, reading: Reading): void {
  if (/^memory_\d+$/.test(type)) {
    reading.added.push(`for its tool ${quote(type)}`);
    return;
  }
  if (type.startsWith("code_execution_")) throw unbounded("its code execution is billed by time");
  if (type.startsWith("advisor_")) throw unbounded("its advisor is another model, which no limit bounds");
  if (!/^(?:web_search_|web_fetch_|tool_search_tool_|mcp_toolset$)/.test(type)) {
    throw unbounded(`nobody knows what its tool ${quote(type)} costs`);
  }
  serve(reading, `what its tool ${quote(type)} finds`);
  if (!type.startsWith("web_search_")) return;
  const uses = limitOf(ownField(tool, "max_uses"));
  reading.searches = uses === null || reading.searches === null ? null : reading.searches + uses;
}

function serve(reading: Reading, what: string): void {
  reading.hasServerTools = true;
  reading.loops = LOOPS;
  // The limit of the output is that of one reply; whether it holds for the whole loop is not published.
  reading.outputLoops = LOOPS;
  unseen(reading, what);
}

function readContent(content: unknown, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  for (const part of itemsOf(content)) {
    if (typeof part === "string") continue;
    if (!isObject(part)) throw unreadable("content must be texts and objects");
    readPart(part, reading, provider, wanted);
  }
}

function readPart(part: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  const type = textField(part, "type") ?? "";
  if (SEEN.has(type)) {
    onlyTexts(part);
    return;
  }
  switch (type) {
    case "thinking":
    case "redacted_thinking":
      reading.numbers.push({ name: "encrypted reasoning", value: 0, unit: "tokens", standing: "assumed" });
      return;
    case "image":
      readSource(part, reading);
      addPicture(reading, provider, null, wanted);
      return;
    case "document":
      addUnpublished(reading, part);
      readDocument(part, reading, provider, wanted);
      return;
    case "container_upload":
      throw unbounded("its container is billed by time");
    case "tool_result":
    case "search_result":
    case "mcp_tool_result":
      addUnpublished(reading, part);
      readContent(ownField(part, "content"), reading, provider, wanted);
      return;
    default:
      // The results of tools on Anthropic's servers: their texts are encrypted, and as long as what they stand for.
      if (type.endsWith("_tool_result")) {
        reading.numbers.push({ name: "encrypted result", value: 0, unit: "tokens", standing: "assumed" });
        readServerResult(part, reading, provider, wanted);
        return;
      }
      throw unbounded(`nobody knows what a part of the type ${quote(type)} costs`);
  }
}

/** The result of a tool on Anthropic's servers. A fetched page or PDF file is a document in it, and not encrypted. */
function readServerResult(result: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyTexts(result);
  for (const inner of itemsOf(ownField(result, "content"))) {
    if (!isObject(inner)) continue;
    const type = textField(inner, "type");
    if (type === "document" || type === "image") readPart(inner, reading, provider, wanted);
    else readServerResult(inner, reading, provider, wanted);
  }
}

/** A picture's source: its data is no text. */
function readSource(part: AnyObject, reading: Reading): void {
  const source = objectField(part, "source");
  for (const key of ["data", "url", "file_id"]) leaveOut(reading, source, key);
}

function readDocument(part: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  const source = objectField(part, "source");
  switch (textField(source, "type")) {
    case "text":
      return;
    case "content":
      readContent(ownField(source, "content"), reading, provider, wanted);
      return;
    case "file":
      refer(reading, "the file", ownField(source, "file_id"));
      return;
    default:
      readSource(part, reading);
      addFile(reading, "document", wanted);
  }
}
