import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import {
  itemsOf,
  limitOf,
  objectsOf,
  onlyFields,
  type Reading,
  refer,
  textField,
  words,
} from "../reading.ts";
import { GEMINI_CONFIG } from "./gemini.ts";
import { readGeminiOutput } from "./gemini-output.ts";
import { either, eitherObject } from "./google-fields.ts";

const INTERACTION =
  /* @__PURE__ */ words(`background generation_config input model previous_interaction_id response_format
  response_mime_type response_modalities service_tier store stream system_instruction tools`);

const CONFIG: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...GEMINI_CONFIG,
  ...words("thinking_level thinking_summaries tool_choice"),
]);

/** Reads an interaction: of its input, texts and calls of functions. */
export function readInteraction(body: AnyObject, reading: Reading, _: ProviderName, wanted: Wanted): void {
  onlyFields(body, INTERACTION, wanted.ignoreFields);
  const previous = presentField(body, "previous_interaction_id");
  if (previous !== undefined) refer(reading, "the interaction", previous);
  readTurns(ownField(body, "input"));
  readTurns(ownField(body, "system_instruction"));
  for (const tool of objectsOf("tools", ownField(body, "tools"))) {
    if (textField(tool, "type") !== "function") throw unbounded("of its tools, only functions have a bound");
  }
  const config = eitherObject(body, "generationConfig");
  onlyFields(config, CONFIG, wanted.ignoreFields);
  readGeminiOutput(body, config, reading, wanted);
  const limit = Object.hasOwn(config, "maxOutputTokens") ? "maxOutputTokens" : "max_output_tokens";
  reading.output = { tokens: limitOf(either(config, "maxOutputTokens")), path: ["generation_config", limit] };
  reading.tier = presentField(body, "service_tier");
}

const TURN_TYPES = /* @__PURE__ */ words(
  "text thought function_call function_result user_input model_output",
);

/** The fields of pictures and other files. */
const FILES = ["uri", "mime_type", "mimeType", "file_id"] as const;

function readTurns(input: unknown): void {
  for (const item of itemsOf(input)) {
    if (typeof item === "string") continue;
    if (!isObject(item)) throw unreadable("its input must be texts and objects");
    const type = textField(item, "type") ?? "user_input";
    if (!TURN_TYPES.has(type)) throw unbounded(`nobody knows what an input of the type ${quote(type)} costs`);
    const file = FILES.find((key) => Object.hasOwn(item, key));
    if (file !== undefined) throw unbounded(`nobody knows what an input with ${quote(file)} costs`);
    // The result of a function may have pictures, in a list or in its `items`.
    for (const key of ["content", "summary", "result", "items"]) readTurns(ownField(item, key));
  }
}
