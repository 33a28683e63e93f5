import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Part,
  type Protocol,
  type Served,
  type StreamRules,
  UncountableError,
} from "../reports/account.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import {
  type Reported,
  servedBy,
  tierName,
  type TokenProtocol,
  tokenProtocol,
} from "../reports/token-protocol.ts";
import { distinct, listAt, textAt, withFields } from "./lists.ts";

/**
 * The prompt includes cached tokens. Thoughts and the results of tools are beside, and the total is the sum of all four.
 * Pages of documents are read as pictures.
 *
 * Source: `GenerateContentResponseUsageMetadata` and `UsageMetadata` of the npm package @google/genai 3.3.0,
 * `dist/genai.d.ts`.
 */
export const GEMINI_USAGE: UsageShape = {
  requires: ["promptTokenCount"],
  input: ["promptTokenCount + toolUsePromptTokenCount"],
  output: ["candidatesTokenCount", "responseTokenCount"],
  total: ["totalTokenCount"],
  inside: {
    cacheRead: ["cachedContentTokenCount"],
    inputAudio: ["promptTokensDetails.AUDIO + toolUsePromptTokensDetails.AUDIO"],
    inputImage: [
      "promptTokensDetails.IMAGE + promptTokensDetails.DOCUMENT + toolUsePromptTokensDetails.IMAGE + " +
        "toolUsePromptTokensDetails.DOCUMENT",
    ],
    inputVideo: ["promptTokensDetails.VIDEO + toolUsePromptTokensDetails.VIDEO"],
    cacheReadAudio: ["cacheTokensDetails.AUDIO"],
    cacheReadImage: ["cacheTokensDetails.IMAGE + cacheTokensDetails.DOCUMENT"],
    outputAudio: ["candidatesTokensDetails.AUDIO", "responseTokensDetails.AUDIO"],
    outputImage: ["candidatesTokensDetails.IMAGE", "responseTokensDetails.IMAGE"],
    outputVideo: ["candidatesTokensDetails.VIDEO", "responseTokensDetails.VIDEO"],
  },
  beside: { outputReasoning: ["thoughtsTokenCount"] },
  informs: [
    "promptTokensDetails.TEXT",
    "toolUsePromptTokensDetails.TEXT",
    "cacheTokensDetails.TEXT",
    // `adjust` reads it.
    "cacheTokensDetails.VIDEO",
    "candidatesTokensDetails.TEXT",
    "responseTokensDetails.TEXT",
    // `split` reads it.
    "initialPromptTokenCount",
  ],
};

const LISTS = [
  "promptTokensDetails",
  "toolUsePromptTokensDetails",
  "cacheTokensDetails",
  "candidatesTokensDetails",
  "responseTokensDetails",
];

/** A count of 0 is left out. The SDK keeps the first prompt of several requests in a hidden field. */
function prepare(usage: AnyObject): AnyObject {
  const answered = ["candidatesTokenCount", "responseTokenCount"].some(
    (key) => valueAt(usage, key) !== undefined,
  );
  const initial = valueAt(usage, "initialPromptTokenCount") ?? valueAt(usage, "_initialPromptTokenCount");
  return withFields(
    {
      ...Object.fromEntries(dataOf(usage)),
      // The answer of an embedding lists the kinds of its prompt under another name.
      ...embeddedDetails(usage),
      ...(!answered && { candidatesTokenCount: 0 }),
      ...(initial !== undefined && { initialPromptTokenCount: initial }),
    },
    LISTS,
    "modality",
    "tokenCount",
  );
}

/** Source: `EmbeddingUsageMetadata` of ai.google.dev/api/embeddings. */
function embeddedDetails(usage: AnyObject): AnyObject {
  const details = valueAt(usage, "promptTokenDetails");
  return details === undefined ? {} : { promptTokensDetails: details, promptTokenDetails: null };
}

/** Says why an answer is not finished. If a candidate has no finishReason, the model has not stopped. */
function unfinished(response: AnyObject): string | null {
  const isBlocked = textAt(response, "promptFeedback.blockReason") !== "";
  const candidates = listAt(response, "candidates");
  if (valueAt(response, "candidates") === undefined || (isBlocked && candidates.length === 0)) return null;
  const isOpen = (candidate: unknown): boolean =>
    ["", "FINISH_REASON_UNSPECIFIED"].includes(textAt(candidate, "finishReason"));
  if (candidates.length > 0 && !candidates.some(isOpen)) return null;
  return "the answer is not finished: a candidate has no finishReason";
}

/** The tiers of `TrafficType`; the others have their lower-case name. */
const TRAFFIC: Readonly<Record<string, string | null | undefined>> = {
  TRAFFIC_TYPE_UNSPECIFIED: undefined,
  ON_DEMAND: null,
  ON_DEMAND_PRIORITY: "priority",
  ON_DEMAND_FLEX: "flex",
  ON_DEMAND_OFFPEAK: "off_peak",
};

function served({ usage, response }: Reported): Served {
  const model = textAt(response, "modelVersion");
  const traffic = textAt(usage, "trafficType");
  const named = textAt(usage, "serviceTier");
  const byTraffic = Object.hasOwn(TRAFFIC, traffic) ? TRAFFIC[traffic] : traffic.toLowerCase();
  const tier = ["", "unspecified"].includes(named) ? byTraffic : tierName(named);
  return {
    ...(model !== "" && { model }),
    ...(tier !== undefined && tier !== "" && { serviceTier: tier }),
  };
}

function adjust(usage: TokenUsage, { usage: report, response }: Reported): TokenUsage {
  const isEmbedding = ["embedding", "embeddings"].some((key) => valueAt(response, key) !== undefined);
  if (valueAt(report, "totalTokenCount") === undefined && !isEmbedding) {
    throw new UncountableError("totalTokenCount is missing");
  }
  return withoutCachedVideo(usage, countAt(report, "cacheTokensDetails.VIDEO"));
}

/** Cached video has the price of cached text, so it does not count as video. */
export function withoutCachedVideo(usage: TokenUsage, cached: number | undefined): TokenUsage {
  const { inputVideoTokens = 0, ...others } = usage;
  const video = Math.max(0, inputVideoTokens - (cached ?? 0));
  return video > 0 ? { ...others, inputVideoTokens: video } : others;
}

/** The SDK adds up the counts of a long answer's requests; then the first prompt is less than all prompts. */
function split(whole: Part, { usage }: Reported): readonly Part[] {
  const initial = valueAt(usage, "initialPromptTokenCount");
  const isSum = initial !== undefined && initial !== valueAt(usage, "promptTokenCount");
  return isSum ? [{ ...whole, requests: null }] : [whole];
}

/** What candidates are grounded in. */
function groundings({ response }: Reported): readonly unknown[] {
  return listAt(response, "candidates").map((candidate) => valueAt(candidate, "groundingMetadata"));
}

/**
 * The searches of answers that are grounded: each different query is billed once.
 *
 * Source: ai.google.dev/gemini-api/docs/google-search
 */
export function googleSearches(grounded: readonly unknown[]): number {
  const queries = ["webSearchQueries", "imageSearchQueries"].map((key) =>
    distinct(grounded.flatMap((of) => listAt(of, key))),
  );
  return queries.reduce((sum, { size }) => sum + size, 0);
}

/** What grounded answers have used, and what is billed separately: maps, and searches of an unknown number. */
export function googleApart(grounded: readonly unknown[]): readonly string[] {
  const chunks = grounded.flatMap((of) => listAt(of, "groundingChunks"));
  const has = (key: string): boolean => chunks.some((chunk) => valueAt(chunk, key) !== undefined);
  const isMap = has("maps") || grounded.some((of) => textAt(of, "googleMapsWidgetContextToken") !== "");
  const isSearch = has("web") || has("image");
  return [
    ...(isMap ? ["groundingChunks.maps"] : []),
    ...(isSearch && googleSearches(grounded) === 0 ? ["groundingChunks without webSearchQueries"] : []),
    ...(grounded.some((of) => listAt(of, "retrievalQueries").length > 0) ? ["retrievalQueries"] : []),
  ];
}

/** The last chunk that has counts has those of the whole answer. Finish and grounding are gathered for each candidate. */
const STREAM: StreamRules = {
  // Without `alt=sse`, a stream is a list of chunks.
  fold: (report, event) =>
    (Array.isArray(event) ? listAt({ event }, "event") : [event]).reduce(folded, report),
  isLast: () => false,
};

function folded(report: AnyObject | null, chunk: unknown): AnyObject | null {
  if (!isObject(chunk)) return report;
  const candidates = new Map<unknown, AnyObject>();
  for (const one of [...listAt(report, "candidates"), ...listAt(chunk, "candidates")]) {
    const index = valueAt(one, "index") ?? 0;
    candidates.set(index, foldedCandidate(candidates.get(index), one, index));
  }
  const kept = ["modelVersion", "promptFeedback", "usageMetadata"].map(
    (key) => [key, valueAt(chunk, key) ?? valueAt(report, key)] as const,
  );
  return {
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
    ...(candidates.size > 0 && { candidates: [...candidates.values()] }),
  };
}

/** Keeps the finish and the grounding of a candidate, and nothing of its text. */
function foldedCandidate(before: AnyObject | undefined, candidate: unknown, index: unknown): AnyObject {
  const both = [before, candidate].map((of) => valueAt(of, "groundingMetadata"));
  const lists = ["webSearchQueries", "imageSearchQueries", "retrievalQueries", "groundingChunks"].map(
    (key) => [key, both.flatMap((of) => listAt(of, key))] as const,
  );
  const token = both.map((of) => textAt(of, "googleMapsWidgetContextToken")).find((of) => of !== "");
  const finishReason = valueAt(candidate, "finishReason") ?? before?.["finishReason"];
  return {
    index,
    ...(finishReason !== undefined && { finishReason }),
    groundingMetadata: {
      ...Object.fromEntries(lists.filter(([, items]) => items.length > 0)),
      ...(token !== undefined && { googleMapsWidgetContextToken: token }),
    },
  };
}

/** What was billed separately of an answer that Gemini or Vertex generated. */
export function generatedApart(reported: Reported): readonly string[] {
  return googleApart(groundings(reported));
}

/**
 * What Gemini and Vertex have in common. Pages that the model reads and code that it runs cost only their tokens:
 * ai.google.dev/gemini-api/docs/url-context, ai.google.dev/gemini-api/docs/code-execution
 */
export const GENERATED: Omit<TokenProtocol, "name"> = {
  shape: GEMINI_USAGE,
  at: ["usageMetadata"],
  prepare,
  unfinished,
  served: (reported) => ({ ...servedBy({ ...reported, usage: {} }), ...served(reported) }),
  searches: (reported, counted) => Math.max(counted, googleSearches(groundings(reported))),
  apart: generatedApart,
  adjust,
  split,
  reportsInputFirst: true,
  stream: STREAM,
};

/** Gemini's `generateContent` and `embedContent`, and what the Live API reports of a turn. */
export const GEMINI: Protocol = /* @__PURE__ */ tokenProtocol({ name: "gemini", ...GENERATED });
