import { type AnyObject, isObject } from "../own-fields.ts";
import { type Part, type Protocol, type ReadContext, UncountableError } from "../reports/account.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import { shapeReader, type UsageShape } from "../reports/shape.ts";
import { type Reported, tokenProtocol } from "../reports/token-protocol.ts";
import { listAt, textAt } from "./lists.ts";
import { withTools } from "./parts.ts";

/** Numbers of a request's usage that have no price. */
const REQUEST_INFORMS: readonly string[] = [
  "input_tokens_details.text_tokens",
  "output_tokens_details.text_tokens",
  // Both are part of the output and billed there.
  "output_tokens_details.accepted_prediction_tokens",
  "output_tokens_details.rejected_prediction_tokens",
];

/**
 * One request: the counts of OpenAI's chat completions or responses.
 *
 * Source: `RequestUsage` and `Usage` of the npm package @openai/agents-core 0.20.0, `dist/usage.d.ts`.
 */
export const REQUEST_USAGE: UsageShape = {
  requires: ["input_tokens", "output_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: ["input_tokens_details.cached_tokens"],
    cacheWrite: ["input_tokens_details.cache_write_tokens"],
    inputAudio: ["input_tokens_details.audio_tokens"],
    inputImage: ["input_tokens_details.image_tokens"],
    outputAudio: ["output_tokens_details.audio_tokens"],
    outputImage: ["output_tokens_details.image_tokens"],
    outputReasoning: ["output_tokens_details.reasoning_tokens"],
  },
  informs: REQUEST_INFORMS,
};

export const RUN_USAGE: UsageShape = {
  ...REQUEST_USAGE,
  requires: ["requests", "input_tokens", "output_tokens"],
  informs: [
    ...REQUEST_INFORMS,
    // `split` reads both.
    "requests",
    "request_usage_entries[].*",
  ],
};

/** In the sum of a run, the details are lists with one object for each request. */
function prepare(usage: AnyObject): AnyObject {
  const lists = ["input_tokens_details", "output_tokens_details"].filter((key) =>
    Array.isArray(valueAt(usage, key)),
  );
  return Object.fromEntries([
    ...dataOf(usage),
    ...lists.map((key) => [key, sumOfObjects(listAt(usage, key))] as const),
  ]);
}

function sumOfObjects(objects: readonly unknown[]): AnyObject {
  const sums = new Map<string, unknown>();
  for (const [key, value] of objects.flatMap((of) => (isObject(of) ? dataOf(of) : []))) {
    const before = sums.get(key);
    // What is no number stays, so that the shape refuses it.
    if (value !== null && value !== undefined) {
      sums.set(key, typeof before === "number" && typeof value === "number" ? before + value : value);
    }
  }
  return Object.fromEntries(sums);
}

/** Every request of a run, if the report lists them all. Without a list, the counts are a sum of `requests`. */
function split(whole: Part, { usage }: Reported, context: ReadContext): readonly Part[] {
  const requests = valueAt(usage, "requests");
  const entries = listAt(usage, "request_usage_entries");
  if (entries.length === 0) return [{ ...whole, requests: typeof requests === "number" ? requests : null }];
  const reader = shapeReader(REQUEST_USAGE);
  const parts = entries.map((entry): Part => {
    if (!isObject(entry) || !reader.fits(entry)) {
      throw new UncountableError("requestUsageEntries has an entry without counts");
    }
    const { usage: counts, apart } = reader.count(entry, context.informs);
    if (counts.inputTokens === 0)
      throw new UncountableError("requestUsageEntries has a request without input tokens");
    return { usage: counts, served: whole.served, apart };
  });
  const sum = (side: "inputTokens" | "outputTokens"): number =>
    parts.reduce((total, { usage: counts }) => total + counts[side], 0);
  const isWhole =
    parts.length === requests &&
    sum("inputTokens") === whole.usage.inputTokens &&
    sum("outputTokens") === whole.usage.outputTokens;
  if (!isWhole)
    throw new UncountableError("requestUsageEntries must list all requests, and add up to their sum");
  return withTools(parts, whole);
}

/** Hosted tools in the output of a model. */
function hosted({ response }: Reported): readonly string[] {
  return listAt(response, "output")
    .filter((item) => textAt(item, "type") === "hosted_tool_call")
    .map((item) => textAt(item, "name"));
}

const isSearch = (name: string): boolean => /^web_search(?:_preview)?(?:_call)?$/.test(name);

/** OpenAI's agents: the usage of a run, of one of its models' answers, or of the context of a run. */
export const OPENAI_AGENTS: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "openai-agents",
  shape: RUN_USAGE,
  camelCase: true,
  prepare,
  searches: (reported, counted) => Math.max(counted, hosted(reported).filter(isSearch).length),
  apart: (reported) => hosted(reported).filter((name) => !isSearch(name)),
  split,
});
