import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import { type Part, type Protocol, type StreamRules, UncountableError } from "../reports/account.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import { type Reported, tokenProtocol } from "../reports/token-protocol.ts";
import { withoutCachedVideo } from "./gemini.ts";
import { distinct, listAt, textAt, withFields } from "./lists.ts";

/**
 * The input includes cached tokens; the results of tools are beside. The total shows whether thoughts are part of the
 * output.
 *
 * Source: `Usage` of the interactions in the npm package @google/genai 3.3.0, `dist/genai.d.ts`.
 */
export const INTERACTIONS_USAGE: UsageShape = {
  requires: ["total_input_tokens"],
  input: ["total_input_tokens + total_tool_use_tokens"],
  output: ["total_output_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: ["total_cached_tokens"],
    inputAudio: ["input_tokens_by_modality.audio + tool_use_tokens_by_modality.audio"],
    inputImage: [
      "input_tokens_by_modality.image + input_tokens_by_modality.document + tool_use_tokens_by_modality.image + " +
        "tool_use_tokens_by_modality.document",
    ],
    inputVideo: ["input_tokens_by_modality.video + tool_use_tokens_by_modality.video"],
    cacheReadAudio: ["cached_tokens_by_modality.audio"],
    cacheReadImage: ["cached_tokens_by_modality.image + cached_tokens_by_modality.document"],
    outputAudio: ["output_tokens_by_modality.audio"],
    outputImage: ["output_tokens_by_modality.image"],
    outputVideo: ["output_tokens_by_modality.video"],
  },
  either: { outputReasoning: ["total_thought_tokens"] },
  searches: ["grounding_tool_count.google_search"],
  informs: [
    "input_tokens_by_modality.text",
    "tool_use_tokens_by_modality.text",
    "cached_tokens_by_modality.text",
    // `adjust` reads it.
    "cached_tokens_by_modality.video",
    "output_tokens_by_modality.text",
    // `split` reads it.
    "initial_input_tokens",
  ],
  // Both are billed by the request: ai.google.dev/gemini-api/docs/pricing
  apart: ["grounding_tool_count.google_maps", "grounding_tool_count.retrieval"],
};

const LISTS = ["input", "tool_use", "cached", "output"].map((of) => `${of}_tokens_by_modality`);

/** A count of 0 may be left out. */
function prepare(usage: AnyObject): AnyObject {
  const counts = { ...Object.fromEntries(dataOf(usage)) };
  if (valueAt(usage, "total_output_tokens") === undefined) counts["total_output_tokens"] = 0;
  return withFields(
    withFields(counts, LISTS, "modality", "tokens"),
    ["grounding_tool_count"],
    "type",
    "count",
  );
}

/** The values of `InteractionStatus` after which nothing is generated any more in this request. */
const FINISHED = [
  "completed",
  "incomplete",
  "requires_action",
  "budget_exceeded",
  "cancelled",
  "failed",
  "requires_continuation",
];

function unfinished(response: AnyObject): string | null {
  const status = textAt(response, "status");
  if (status === "" || FINISHED.includes(status)) return null;
  return `the interaction is not finished: its status is ${status}`;
}

function adjust(usage: TokenUsage, { usage: report }: Reported): TokenUsage {
  if (valueAt(report, "total_tokens") === undefined) throw new UncountableError("total_tokens is missing");
  return withoutCachedVideo(usage, countAt(report, "cached_tokens_by_modality.video"));
}

/** An agent makes many requests, and so does an interaction that was continued. */
function split(whole: Part, { usage, response }: Reported): readonly Part[] {
  const initial = valueAt(usage, "initial_input_tokens");
  const isSum = initial !== undefined && initial !== valueAt(usage, "total_input_tokens");
  return isSum || textAt(response, "agent") !== "" ? [{ ...whole, requests: null }] : [whole];
}

/** The larger of the searches that the usage counts and of the different queries in the steps. */
function searches({ response }: Reported, counted: number): number {
  const calls = listAt(response, "steps").filter((step) => textAt(step, "type") === "google_search_call");
  return Math.max(counted, distinct(calls.flatMap((step) => listAt(step, "arguments.queries"))).size);
}

/** Steps that cost their tokens only, or searches, which are counted. */
const FREE_STEP =
  /^(?:model_output|thought|user_input|(?:function|code_execution|url_context|file_search|google_search|mcp_server_tool)_(?:call|result))$/;

function apart({ response }: Reported): readonly string[] {
  return listAt(response, "steps").flatMap((step) => {
    const type = textAt(step, "type");
    const isEnterprise = textAt(step, "search_type") === "enterprise_web_search";
    return FREE_STEP.test(type) && !isEnterprise
      ? []
      : [isEnterprise ? "enterprise_web_search" : `step ${type}`];
  });
}

/** The events of an interaction's life have parts of it; the last one has the usage. Steps have events of their own. */
const STREAM: StreamRules = {
  fold: (report, event) => {
    const interaction = valueAt(event, "interaction");
    const step = valueAt(event, "step");
    const status = valueAt(event, "status");
    if (isObject(interaction)) {
      const present = dataOf(interaction).filter(([, value]) => value !== null && value !== undefined);
      return { ...report, ...Object.fromEntries(present) };
    }
    if (isObject(step)) {
      const steps = textAt(step, "type") === "model_output" ? [] : [step];
      return { ...report, steps: [...listAt(report, "steps"), ...steps] };
    }
    return typeof status === "string" ? { ...report, status } : report;
  },
  isLast: (event) => event === "[DONE]" || textAt(event, "event_type") === "interaction.completed",
};

/** Gemini's interactions, also on Vertex, which spells them in camel case. */
export const GEMINI_INTERACTIONS: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "gemini-interactions",
  shape: INTERACTIONS_USAGE,
  camelCase: true,
  prepare,
  unfinished,
  searches,
  apart,
  adjust,
  split,
  stream: STREAM,
});
