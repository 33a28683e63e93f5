import { type AnyObject, isObject, ownField, presentField } from "../../own-fields.ts";
import { maxTokensOf } from "../../max-tokens.ts";
import type { ProviderName } from "../../protocols/names.ts";
import type { Wanted } from "../options.ts";
import { type BoundNumber, unbounded, unreadable } from "../outcome.ts";
import { addPicture } from "../pictures.ts";
import {
  choicesOf,
  itemsOf,
  leaveOut,
  limitOf,
  onlyFields,
  type Reading,
  refer,
  textField,
  words,
} from "../reading.ts";
import { readItems } from "./openai-responses.ts";

const COMPLETION =
  /* @__PURE__ */ words(`best_of echo frequency_penalty logit_bias logprobs max_tokens min_tokens metadata model n
  presence_penalty prompt random_seed seed stop stream stream_options suffix temperature top_p user`);

/** Reads a completion of the older API, or one in the middle of a text. */
export function readCompletion(body: AnyObject, reading: Reading, _: ProviderName, wanted: Wanted): void {
  onlyFields(body, COMPLETION, wanted.ignoreFields);
  reading.output = { tokens: limitOf(ownField(body, "max_tokens")), path: ["max_tokens"] };
  const choices = Math.max(
    choicesOf("n", ownField(body, "n")),
    choicesOf("best_of", ownField(body, "best_of")),
  );
  // Of several prompts, each gets its own choices. A list of numbers is one prompt, already as tokens.
  const prompts = itemsOf(ownField(body, "prompt")).filter((prompt) => typeof prompt !== "number");
  reading.choices = choices * Math.max(1, prompts.length);
}

const EMBEDDING =
  /* @__PURE__ */ words(`dimensions embedding_types encoding_format input input_type inputs metadata model output_dimension
  output_dtype priority texts truncate truncation user enable_chunk_embeddings`);

/** Reads embeddings of texts or tokens. */
export function readEmbeddings(body: AnyObject, reading: Reading, _: ProviderName, wanted: Wanted): void {
  onlyFields(body, EMBEDDING, wanted.ignoreFields);
  // Cohere and Voyage take objects with pictures there.
  const inputs = itemsOf(ownField(body, "input")).concat(itemsOf(ownField(body, "inputs")));
  for (const input of inputs) {
    if (isObject(input)) throw unbounded("nobody knows the tokens of inputs that are objects; use texts");
  }
  reading.noOutput = true;
}

const RERANK = /* @__PURE__ */ words(
  "documents model query return_documents top_k top_n truncation max_tokens_per_doc priority",
);

/** Reads a rerank of Voyage: the query is counted once for each document. */
export function readRerank(body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyFields(body, RERANK, wanted.ignoreFields);
  if (provider !== "voyage") throw unbounded("its search units depend on how its documents are split");
  const documents = itemsOf(ownField(body, "documents"));
  const query = textField(body, "query");
  if (query === null) throw unreadable("query must be a text");
  reading.numbers.push({
    name: "query for each document",
    // The texts hold it once already; that makes room for what separates it from a document.
    value: documents.length * maxTokensOf(query),
    unit: "tokens",
    standing: "published",
    source: "docs.voyageai.com/docs/faq",
    date: "2026-09",
  });
  reading.noOutput = true;
}

const COMPACT =
  /* @__PURE__ */ words(`input instructions model previous_response_id prompt_cache_key prompt_cache_options
  prompt_cache_retention service_tier`);

/** Reads a request to compact a conversation; only the model limits its output. */
export function readCompact(body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyFields(body, COMPACT, wanted.ignoreFields);
  readItems(ownField(body, "input"), reading, provider, wanted);
  const previous = presentField(body, "previous_response_id");
  if (previous !== undefined) refer(reading, "the answer", previous);
  reading.tier = presentField(body, "service_tier");
}

const IMAGE =
  /* @__PURE__ */ words(`background model moderation n output_compression output_format partial_images prompt quality
  response_format safety_identifier size stream user`);
const EDIT = /* @__PURE__ */ words("images mask input_fidelity");

const IMAGE_PAGE = {
  source: "developers.openai.com/api/docs/guides/image-generation",
  date: "2026-09",
} as const;

/** Output tokens of a picture of the models before gpt-image-2, the most of all sizes. */
const QUALITIES: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ["low", 408],
  ["medium", 1_584],
  ["high", 6_240],
]);
const PARTIAL_IMAGE = 100;

/** 32 tokens were measured beside the prompt of an edit. */
const ADDED_TO_PROMPT: BoundNumber = {
  name: "added to the prompt",
  value: 64,
  unit: "tokens",
  standing: "measured",
  source: "community.openai.com/t/1281361",
  date: "2025-06",
  margin: 32,
};

/** Reads a request for pictures of a GPT Image model. */
export function readImages(body: AnyObject, reading: Reading, provider: ProviderName, wanted: Wanted): void {
  onlyFields(body, new Set([...IMAGE, ...EDIT]), wanted.ignoreFields);
  reading.makesPictures = reading.onlyPictures = true;
  reading.numbers.push(ADDED_TO_PROMPT);
  for (const image of itemsOf(ownField(body, "images")).concat(itemsOf(ownField(body, "mask")))) {
    if (!isObject(image)) throw unbounded("nobody knows the tokens of its pictures");
    leaveOut(reading, image, "image_url");
    addPicture(reading, provider, null, wanted);
  }
  const choices = choicesOf("n", ownField(body, "n"));
  if (wanted.maxOutputTokens !== null) return;
  const known = reading.models.every((model) => /^gpt-image-1(?:$|\.5|-mini|-\d{4})/.test(model));
  if (!known) throw unbounded("OpenAI publishes no number of tokens for its pictures; set maxOutputTokens");
  const picture = QUALITIES.get(textField(body, "quality") ?? "") ?? Math.max(...QUALITIES.values());
  const partial = Math.min(3, limitOf(ownField(body, "partial_images")) ?? 0);
  const tokens: BoundNumber = {
    name: "picture made",
    value: picture + partial * PARTIAL_IMAGE,
    unit: "tokens",
    standing: "published",
    ...IMAGE_PAGE,
  };
  reading.choices = choices;
  reading.fixedOutput = tokens;
}
