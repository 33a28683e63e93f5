import { type AnyObject, isObject } from "../own-fields.ts";
import { type Protocol, type StreamRules, UnfinishedError } from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";

/** How long the parts of the work took, in nanoseconds. */
const DURATIONS = ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"];

/** Source: `ChatResponse` and `GenerateResponse` of the npm package ollama 0.6.4, `dist/browser.d.ts`. */
export const OLLAMA_USAGE: UsageShape = {
  requires: ["prompt_eval_count", "eval_count"],
  input: ["prompt_eval_count"],
  output: ["eval_count"],
  // `completed` and `total` are the steps of a picture that is being made.
  informs: [...DURATIONS, "completed", "total"],
};

/** Source: `EmbedResponse` of the same file. */
export const OLLAMA_EMBED_USAGE: UsageShape = {
  ...OLLAMA_USAGE,
  requires: ["prompt_eval_count"],
  excludes: ["eval_count", "done"],
  output: [],
};

/** The counts stand in the answer itself, beside this content. */
const CONTENT = [
  "message",
  "response",
  "thinking",
  "context",
  "embeddings",
  "logprobs",
  "image",
  "created_at",
];

export function withoutContent(report: AnyObject): AnyObject {
  return Object.fromEntries(
    Object.keys(report)
      .filter((key) => !CONTENT.includes(key))
      .map((key) => [key, valueAt(report, key)]),
  );
}

const ANSWER: Omit<TokenProtocol, "shape"> = {
  name: "ollama",
  prepare: withoutContent,
  adjust: (usage, { usage: report }) => {
    if (valueAt(report, "done") === false)
      throw new UnfinishedError("the response is not finished: done is false");
    return usage;
  },
};

/** Only the last line of a stream has the counts. */
const STREAM: StreamRules = {
  fold: (report, event) => (isObject(event) && isDone(event) ? withoutContent(event) : report),
  isLast: (event) => isDone(event),
};

function isDone(event: unknown): boolean {
  return valueAt(event, "done") === true;
}

/** Ollama's chat, completions and embeddings. */
export const OLLAMA: Protocol = /* @__PURE__ */ severalForms(
  "ollama",
  [
    /* @__PURE__ */ tokenProtocol({ ...ANSWER, shape: OLLAMA_USAGE }),
    /* @__PURE__ */ tokenProtocol({ ...ANSWER, shape: OLLAMA_EMBED_USAGE }),
  ],
  STREAM,
);
