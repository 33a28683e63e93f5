import { type AnyObject, isObject } from "../own-fields.ts";
import { type Protocol, UnfinishedError } from "../reports/account.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";
import { ANTHROPIC, ANTHROPIC_STREAM } from "./anthropic.ts";
import { listAt, textAt } from "./lists.ts";
import { OPENAI_CHAT } from "./openai-chat.ts";

const METRICS = "amazon-bedrock-invocationMetrics";

/** Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html */
const LLAMA: UsageShape = {
  requires: ["prompt_token_count", "generation_token_count"],
  input: ["prompt_token_count"],
  output: ["generation_token_count"],
  // The last part of a stream has the same counts again.
  informs: [`${METRICS}.*`],
};

/**
 * The answer of Titan's text and embedding models.
 *
 * Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html
 */
const TITAN: UsageShape = {
  requires: ["inputTextTokenCount"],
  input: ["inputTextTokenCount"],
  output: ["totalOutputTextTokenCount"],
  informs: [`${METRICS}.*`, "index", "results[].tokenCount", "embedding[]", "embeddingsByType.*"],
};

/**
 * What the last part of every stream has. It does not say how long its cache writes live.
 *
 * Source: docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
const INVOCATION: UsageShape = {
  requires: ["inputTokenCount", "outputTokenCount"],
  input: ["inputTokenCount"],
  output: ["outputTokenCount"],
  beside: { cacheRead: ["cacheReadInputTokenCount"], cacheWrite: ["cacheWriteInputTokenCount"] },
  informs: ["invocationLatency", "firstByteLatency"],
};

/** The output tokens of Titan's results; its embeddings have none. */
function withResults(answer: AnyObject): AnyObject {
  if (valueAt(answer, "totalOutputTextTokenCount") !== undefined) return answer;
  const counts = listAt(answer, "results").map((result) => valueAt(result, "tokenCount"));
  const sum = counts.reduce<number>(
    (total, count) => total + (typeof count === "number" ? count : Number.NaN),
    0,
  );
  return { ...Object.fromEntries(dataOf(answer)), totalOutputTextTokenCount: sum };
}

const LLAMA_FORM = /* @__PURE__ */ tokenProtocol({ name: "bedrock", shape: LLAMA });
const INVOCATION_FORM = /* @__PURE__ */ tokenProtocol({ name: "bedrock", shape: INVOCATION, at: [METRICS] });
const TITAN_FORM = /* @__PURE__ */ tokenProtocol({ name: "bedrock", shape: TITAN, prepare: withResults });

/** A form whose parts of a stream have an empty finish field, except the last one. */
function finished(field: string, form: Protocol): Protocol {
  return {
    ...form,
    read: (report, context) => {
      const account = form.read(report, context);
      if (account === null || !(field in report) || textAt(report, field) !== "") return account;
      throw new UnfinishedError(`the answer is not finished: it has no ${field}`);
    },
  };
}

/** A report of another protocol; only for a caller who names Bedrock, because that protocol reads it too. */
function passedOn(protocol: Protocol): Protocol {
  return { ...protocol, read: (report, context) => (context.named ? protocol.read(report, context) : null) };
}

/**
 * The bodies of `invoke`: Llama's, Titan's and those in the protocols of Anthropic and OpenAI. Cohere's and Mistral's
 * have no counts: theirs are only in the headers of the answer.
 */
export const INVOKED_FORMS: readonly Protocol[] = [
  /* @__PURE__ */ finished("stop_reason", LLAMA_FORM),
  /* @__PURE__ */ finished("completionReason", TITAN_FORM),
  /* @__PURE__ */ passedOn(ANTHROPIC),
  /* @__PURE__ */ passedOn(OPENAI_CHAT),
  INVOCATION_FORM,
];

/** Adds a part of a stream: an event of Anthropic's messages, or an object whose later fields replace earlier ones. */
export function foldInvoked(report: AnyObject | null, event: unknown): AnyObject | null {
  if (!isObject(event)) return report;
  const isAnthropic = /^(?:message|content_block)_/.test(textAt(event, "type"));
  if (isAnthropic) return ANTHROPIC_STREAM.fold(report, event);
  const kept = dataOf(event).filter(([key]) => KEPT.test(key));
  // An empty finish is kept, and never replaces anything.
  const later = kept.filter(([, value]) => value !== null && value !== undefined);
  return kept.length === 0
    ? report
    : { ...Object.fromEntries(kept), ...report, ...Object.fromEntries(later) };
}

/** Counts and finishes, and none of the text. */
const KEPT =
  /_token_count$|TokenCount$|^usage$|^stop_reason$|^completionReason$|^amazon-bedrock-invocationMetrics$/;

/** Whether a part of a stream is the last one. */
export function isLastInvoked(event: unknown): boolean {
  return textAt(event, "type") === "message_stop" || isObject(valueAt(event, METRICS));
}
