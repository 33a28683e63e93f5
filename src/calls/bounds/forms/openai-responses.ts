import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addFile, addPicture } from "../pictures.ts";
import {
  itemsOf,
  leaveOut,
  limitOf,
  objectsOf,
  onlyFields,
  onlyTexts,
  type Reading,
  refer,
  textField,
  unseen,
  words,
} from "../reading.ts";

/** The fields of a response, as in the npm package `openai` 7.57.0, and those of xAI. */
const FIELDS =
  /* @__PURE__ */ words(`background conversation include input instructions max_output_tokens max_tool_calls metadata model
  moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention
  reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p
  truncation user search_parameters`);

/** Items whose content is all in the body. */
const SEEN =
  /* @__PURE__ */ words(`function_call custom_tool_call local_shell_call local_shell_call_output shell_call shell_call_output
  apply_patch_call apply_patch_call_output computer_call mcp_list_tools mcp_approval_request mcp_approval_response mcp_call
  tool_search_call tool_search_output configuration_update`);

/** Tools that the client runs, with a definition in the body. */
const CLIENT_TOOLS = /* @__PURE__ */ words("function custom namespace");
/** Tools that the client runs, with a definition that OpenAI adds. */
const ADDED_TOOLS = /* @__PURE__ */ words("computer computer_use_preview local_shell apply_patch");

/** Reads a response of OpenAI, or of a dialect. */
export function readOpenaiResponses(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  onlyFields(body, FIELDS, wanted.ignoreFields);
  readItems(ownField(body, "input"), reading, provider, wanted);
  readItems(ownField(body, "instructions"), reading, provider, wanted);
  readReferences(body, reading);
  readTools(body, reading, provider);
  reading.output = { tokens: limitOf(ownField(body, "max_output_tokens")), path: ["max_output_tokens"] };
  reading.tier = presentField(body, "service_tier");
}

function readReferences(body: AnyObject, reading: Reading): void {
  const previous = presentField(body, "previous_response_id");
  if (previous !== undefined) refer(reading, "the answer", previous);
  const conversation = presentField(body, "conversation");
  if (conversation !== undefined) {
    refer(reading, "the conversation", isObject(conversation) ? ownField(conversation, "id") : conversation);
  }
  if (presentField(body, "prompt") !== undefined) unseen(reading, "its stored prompt");
  if (presentField(body, "search_parameters") !== undefined) throw unbounded("its live search has no limit");
}

function isOpenai(provider: ProviderName): boolean {
  return provider === "openai" || provider === "azure";
}

function readTools(body: AnyObject, reading: Reading, provider: ProviderName): void {
  // Dialects may ignore this limit.
  const calls = isOpenai(provider) ? limitOf(ownField(body, "max_tool_calls")) : null;
  for (const tool of objectsOf("tools", ownField(body, "tools"))) {
    const type = textField(tool, "type") ?? "";
    if (CLIENT_TOOLS.has(type)) continue;
    if (ADDED_TOOLS.has(type)) {
      reading.added.push(`for its tool ${quote(type)}`);
      continue;
    }
    const searches = type.startsWith("web_search");
    if (!searches && type !== "mcp") {
      throw unbounded(`its tool ${quote(type)} has fees that no price list and no limit bounds`);
    }
    reading.hasServerTools = true;
    unseen(reading, searches ? "what its searches find" : "the tools of its MCP server");
    // Each call is followed by another reading of the input.
    reading.loops = calls === null ? Infinity : calls + 1;
    if (searches) reading.searches = calls;
  }
}

/** Input items, or a text. */
export function readItems(input: unknown, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  for (const item of itemsOf(input)) {
    if (typeof item === "string") continue;
    if (!isObject(item)) throw unreadable("input must be a text or a list of items");
    readItem(item, reading, provider, wanted);
  }
}

function readItem(item: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  const type = textField(item, "type") ?? "";
  switch (type) {
    case "":
    case "message": {
      // The type of a reference may be left out.
      onlyTexts(item);
      if (presentField(item, "content") === undefined) refer(reading, "the item", ownField(item, "id"));
      readContent(ownField(item, "content"), reading, provider, wanted);
      return;
    }
    case "item_reference":
      refer(reading, "the item", ownField(item, "id"));
      return;
    case "function_call_output":
    case "custom_tool_call_output":
    case "computer_call_output":
      readContent(ownField(item, "output"), reading, provider, wanted);
      return;
    case "image_generation_call":
      leaveOut(reading, item, "result");
      addPicture(reading, provider, null, wanted);
      return;
    case "reasoning":
    case "compaction":
      readReasoning(item, reading, provider);
      return;
    case "code_interpreter_call":
      readCodeOutputs(item, reading);
      return;
    case "web_search_call":
    case "file_search_call":
      refer(reading, "the results of the search", ownField(item, "id"));
      return;
    default:
      onlyTexts(item);
      if (SEEN.has(type)) return;
      throw unbounded(`nobody knows what an item of the type ${quote(type)} costs`);
  }
}

/**
 * Encrypted reasoning is as long as what it stands for. Without it, the id is all that there is at OpenAI, which never
 * shows the reasoning itself; dialects do.
 */
function readReasoning(item: AnyObject, reading: Reading, provider: ProviderName): void {
  const isEncrypted = (textField(item, "encrypted_content") ?? "") !== "";
  if (isEncrypted) {
    reading.numbers.push({ name: "encrypted reasoning", value: 0, unit: "tokens", standing: "assumed" });
  } else if (isOpenai(provider) || itemsOf(ownField(item, "content")).length === 0) {
    refer(reading, "the reasoning", ownField(item, "id"));
  }
}

/** What code has printed is in the body only if the answer was asked to include it. */
function readCodeOutputs(item: AnyObject, reading: Reading): void {
  if (presentField(item, "outputs") === undefined)
    refer(reading, "the output of the code", ownField(item, "id"));
  const isLogs = objectsOf("outputs", ownField(item, "outputs")).every(
    (one) => textField(one, "type") === "logs",
  );
  if (!isLogs) throw unbounded("nobody knows the tokens of pictures that code has made");
}

function readContent(content: unknown, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  for (const part of itemsOf(content)) {
    if (typeof part !== "string") readPart(part, reading, provider, wanted);
  }
}

const TEXTS = /* @__PURE__ */ words("input_text output_text text refusal summary_text reasoning_text");

function readPart(part: unknown, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  if (!isObject(part)) throw unreadable("content must be texts and objects");
  const type = textField(part, "type") ?? "";
  if (TEXTS.has(type)) {
    onlyTexts(part);
    return;
  }
  switch (type) {
    case "input_image":
    case "computer_screenshot":
      leaveOut(reading, part, "image_url");
      addPicture(reading, provider, ownField(part, "detail"), wanted);
      return;
    case "input_file":
      leaveOut(reading, part, "file_data");
      if (presentField(part, "file_id") !== undefined) refer(reading, "the file", ownField(part, "file_id"));
      else addFile(reading, "file", wanted);
      return;
    case "input_audio":
      reading.hasAudio = true;
      leaveOut(reading, part, "input_audio");
      addFile(reading, "audio", wanted);
      return;
    default:
      throw unbounded(`nobody knows what a part of the type ${quote(type)} costs`);
  }
}
