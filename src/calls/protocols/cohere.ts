import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import type { Protocol, StreamRules } from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";

/** What is beside the billed units: a larger count of the same tokens, and the version of the API. */
const INFORMS = ["tokens.*", "cached_tokens", "api_version.*"];

/** What is billed, and not by the token. */
const APART = ["search_units", "classifications", "images", "pages"].map((unit) => `billed_units.${unit}`);

/**
 * Only the billed units are billed: github.com/pydantic/genai-prices/issues/453
 *
 * Source: `Usage` and `UsageBilledUnits` of the npm package cohere-ai 8.1.0, `api/types`.
 */
export const COHERE_CHAT_USAGE: UsageShape = {
  requires: ["billed_units.input_tokens", "billed_units.output_tokens"],
  input: ["billed_units.input_tokens"],
  output: ["billed_units.output_tokens"],
  beside: { inputImage: ["billed_units.image_tokens"] },
  informs: INFORMS,
  apart: APART,
};

/** Embeddings, of texts or of images. Source: `ApiMetaBilledUnits` of the same package. */
export const COHERE_EMBED_USAGE: UsageShape = {
  ...COHERE_CHAT_USAGE,
  requires: ["billed_units.input_tokens"],
  excludes: ["billed_units.output_tokens"],
  output: [],
};

/** Embeddings of images only. */
export const COHERE_IMAGES_USAGE: UsageShape = {
  requires: ["billed_units.image_tokens"],
  excludes: ["billed_units.input_tokens", "billed_units.output_tokens"],
  input: ["billed_units.image_tokens"],
  output: [],
  inside: { inputImage: ["billed_units.image_tokens"] },
  informs: INFORMS,
  apart: APART,
};

/** Reranking, classifying and parsing are billed by other units. */
export const COHERE_UNITS_USAGE: UsageShape = {
  requires: ["billed_units"],
  excludes: ["billed_units.input_tokens", "billed_units.output_tokens", "billed_units.image_tokens"],
  input: [],
  output: [],
  informs: INFORMS,
  apart: APART,
};

/** Source: `ChatFinishReason` of the same package. Whether what ended by an error is billed is not published. */
const FINISHED = ["COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL"];

function unfinished(response: AnyObject): string | null {
  if (!("finish_reason" in response)) return null;
  const reason = valueAt(response, "finish_reason");
  if (FINISHED.some((finished) => finished === reason)) return null;
  return `the response is not finished: finish_reason is ${typeof reason === "string" ? quote(reason) : "null"}`;
}

/** Only the last event has the usage. Source: `ChatMessageEndEvent` of the same package. */
const STREAM: StreamRules = {
  fold: (report, event) => {
    const delta = valueAt(event, "delta");
    return isLast(event) && isObject(delta) ? delta : report;
  },
  isLast: (event) => isLast(event),
};

function isLast(event: unknown): boolean {
  return valueAt(event, "type") === "message-end";
}

const ANSWER: Omit<TokenProtocol, "shape"> = {
  name: "cohere",
  at: ["usage", "meta"],
  inEvent: ["delta", "response"],
  camelCase: true,
  unfinished,
};

/** Cohere's chat, embeddings and reranking. */
export const COHERE: Protocol = /* @__PURE__ */ severalForms(
  "cohere",
  [
    /* @__PURE__ */ tokenProtocol({ ...ANSWER, shape: COHERE_CHAT_USAGE }),
    /* @__PURE__ */ tokenProtocol({ ...ANSWER, shape: COHERE_EMBED_USAGE }),
    /* @__PURE__ */ tokenProtocol({ ...ANSWER, shape: COHERE_IMAGES_USAGE }),
    /* @__PURE__ */ tokenProtocol({ ...ANSWER, shape: COHERE_UNITS_USAGE }),
  ],
  STREAM,
);
