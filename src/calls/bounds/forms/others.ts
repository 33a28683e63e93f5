import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { addPicture } from "../pictures.ts";
import {
  itemsOf,
  leaveOut,
  limitOf,
  objectField,
  objectsOf,
  onlyFields,
  onlyTexts,
  type Reading,
  textField,
  unseen,
  words,
} from "../reading.ts";

/** The fields of a chat, as in the npm package `cohere-ai` 8.1.0. */
const COHERE =
  /* @__PURE__ */ words(`citation_options documents frequency_penalty k logprobs max_tokens messages model p presence_penalty
  priority response_format safety_mode seed stop_sequences stream strict_tools temperature thinking tool_choice tools`);

/** Reads a chat of Cohere. It bills what the request holds, and not what Cohere adds. */
export function readCohereChat(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  onlyFields(body, COHERE, wanted.ignoreFields);
  for (const message of objectsOf("messages", ownField(body, "messages"))) {
    for (const part of itemsOf(ownField(message, "content"))) readPart(part, reading, provider, wanted);
  }
  reading.output = { tokens: limitOf(ownField(body, "max_tokens")), path: ["max_tokens"] };
}

const COHERE_TEXTS = /* @__PURE__ */ words("text thinking document");

function readPart(part: unknown, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  if (typeof part === "string") return;
  if (!isObject(part)) throw unreadable("content must be texts and objects");
  const type = textField(part, "type") ?? "";
  if (COHERE_TEXTS.has(type)) {
    onlyTexts(part);
    return;
  }
  if (type !== "image_url") throw unbounded(`nobody knows what a part of the type ${quote(type)} costs`);
  const picture = objectField(part, "image_url");
  leaveOut(reading, picture, "url");
  addPicture(reading, provider, ownField(picture, "detail"), wanted);
}

/** The fields of a chat and of a generation, as in the npm package `ollama` 0.6.4. */
const OLLAMA =
  /* @__PURE__ */ words(`context format images input keep_alive logprobs messages model options prompt raw stream suffix system
  template think tools top_logprobs truncate dimensions`);

/** Reads a request to Ollama. */
export function readOllama(body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyFields(body, OLLAMA, wanted.ignoreFields);
  for (const message of [body, ...objectsOf("messages", ownField(body, "messages"))]) {
    const pictures = itemsOf(ownField(message, "images"));
    leaveOut(reading, message, "images");
    pictures.forEach(() => {
      addPicture(reading, provider, null, wanted);
    });
  }
  // A template of the request replaces the model's own, and may repeat the prompt.
  if (presentField(body, "template") !== undefined) unseen(reading, "what its template repeats");
  const options = objectField(body, "options");
  reading.output = { tokens: limitOf(ownField(options, "num_predict")), path: ["options", "num_predict"] };
}

/** Reads embeddings of Ollama. */
export function readOllamaEmbed(body: AnyObject, reading: Reading, _: ProviderName, wanted: Wanted): void {
  onlyFields(body, OLLAMA, wanted.ignoreFields);
  reading.noOutput = true;
}

const MULTIMODAL = /* @__PURE__ */ words(
  "inputs input_type model output_encoding output_dimension truncation",
);

/** Reads embeddings of texts and pictures of Voyage. */
export function readVoyageMultimodal(
  body: AnyObject,
  reading: Reading,
  provider: ProviderName,
  wanted: Wanted,
): void {
  onlyFields(body, MULTIMODAL, wanted.ignoreFields);
  for (const input of objectsOf("inputs", ownField(body, "inputs"))) {
    for (const part of objectsOf("content", ownField(input, "content"))) {
      for (const key of Object.keys(part)) {
        if (key === "type" || key === "text") continue;
        if (key !== "image_url" && key !== "image_base64") {
          throw unbounded(`nobody knows what a part with ${quote(key)} costs`);
        }
        leaveOut(reading, part, key);
        addPicture(reading, provider, null, wanted);
      }
    }
  }
  reading.noOutput = true;
}
