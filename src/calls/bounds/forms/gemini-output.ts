import { quote } from "../../../internal/text.ts";
import { type AnyObject, isObject } from "../../own-fields.ts";
import type { Wanted } from "../options.ts";
import { unbounded, unreadable } from "../outcome.ts";
import { choicesOf, itemsOf, type Reading, textField, words } from "../reading.ts";
import { either } from "./google-fields.ts";

/**
 * Reads what an answer of Gemini is made of: texts, pictures or sound.
 *
 * @param body - the object with the formats of the answer.
 * @param config - the object with the settings of the generation.
 * @throws RefusedBoundError for a kind of answer that is not known, or for pictures without a limit.
 */
export function readGeminiOutput(body: AnyObject, config: AnyObject, reading: Reading, wanted: Wanted): void {
  const made = [...modalitiesOf(body), ...formatsOf(either(body, "responseFormat"))];
  const mimeType = either(body, "responseMimeType") ?? "text/plain";
  if (typeof mimeType !== "string" || !/^(?:text|application)\//.test(mimeType)) {
    throw unreadable("the type of its answer must be that of a text");
  }
  reading.makesAudio =
    made.includes("AUDIO") ||
    either(config, "speechConfig") !== undefined ||
    reading.models.some((model) => /-tts|audio|lyria/.test(model));
  reading.makesPictures =
    made.includes("IMAGE") ||
    either(config, "imageConfig") !== undefined ||
    reading.models.some((model) => /image|banana/.test(model));
  reading.choices = choicesOf("candidateCount", either(config, "candidateCount"));
  if (!reading.makesPictures || wanted.maxOutputTokens !== null) return;
  throw unbounded("no page says that the output limit covers pictures; set maxOutputTokens");
}

/** The kinds of an answer. Servers take a number for each, too, so a number is not read. */
function modalitiesOf(body: AnyObject): readonly string[] {
  return itemsOf(either(body, "responseModalities")).map((kind) => {
    const name = typeof kind === "string" ? kind.toUpperCase() : "";
    if (name === "TEXT" || name === "IMAGE" || name === "AUDIO") return name;
    throw unreadable("responseModalities must be TEXT, IMAGE or AUDIO");
  });
}

/** The types of texts: plain ones, and those of JSON schemas. */
const TEXTS = /* @__PURE__ */ words("text object array string number integer boolean");

/** The kinds of the formats of an answer, by their types, or by the names of their fields. */
function formatsOf(format: unknown): readonly string[] {
  return itemsOf(format).flatMap((one) => {
    if (!isObject(one)) throw unreadable("the format of its answer must be an object");
    const type = textField(one, "type");
    return (type === null ? Object.keys(one) : [type]).map((kind) => {
      if (TEXTS.has(kind)) return "TEXT";
      if (kind === "image" || kind === "audio") return kind.toUpperCase();
      throw unbounded(`nobody knows what an answer of the form ${quote(kind)} costs`);
    });
  });
}
