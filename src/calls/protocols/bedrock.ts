import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Protocol,
  type ReadContext,
  type Served,
  type StreamRules,
  UncountableError,
} from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { dataOf, isZero, numbersIn, valueAt } from "../reports/numbers.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import { type Reported, tierName, tokenProtocol } from "../reports/token-protocol.ts";
import { foldInvoked, INVOKED_FORMS, isLastInvoked } from "./bedrock-invoke.ts";
import { listAt, textAt, withFields } from "./lists.ts";

/**
 * Cached tokens are beside the input. Nova's own body, from `invoke`, has other names for them.
 *
 * Source: `TokenUsage` and `CacheDetail` of the npm package @aws-sdk/client-bedrock-runtime 3.1164.0,
 * `dist-types/models/models_0.d.ts`; docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
export const CONVERSE_USAGE: UsageShape = {
  requires: ["inputTokens", "outputTokens"],
  input: ["inputTokens"],
  output: ["outputTokens"],
  beside: {
    cacheRead: ["cacheReadInputTokens", "cacheReadInputTokenCount"],
    cacheWrite: ["cacheWriteInputTokens", "cacheWriteInputTokenCount", "cacheDetails.5m + cacheDetails.1h"],
    cacheWrite1h: ["cacheDetails.1h"],
  },
  // `adjust` reads it: it may leave out what was cached.
  informs: ["totalTokens"],
};

function adjust(usage: TokenUsage, { usage: report }: Reported, { cacheTtl }: ReadContext): TokenUsage {
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
  const total = countAt(report, "totalTokens");
  const whole = inputTokens + outputTokens;
  if (total !== undefined && total !== whole && total !== whole - cacheReadTokens - cacheWriteTokens) {
    throw new UncountableError(`totalTokens must be ${whole}, the sum of its parts; got ${total}`);
  }
  const isSplit = valueAt(report, "cacheDetails") !== undefined;
  return !isSplit && cacheTtl === "1h" && cacheWriteTokens > 0
    ? { ...usage, cacheWrite1hTokens: cacheWriteTokens }
    : usage;
}

function unfinished(response: AnyObject): string | null {
  const isOpen = "stopReason" in response && textAt(response, "stopReason") === "";
  return isOpen ? "the message is not finished: it has no stopReason" : null;
}

/** The answer does not name the model, unless a router chose it. A latency-optimized model has prices of its own. */
function served({ response }: Reported): Served {
  const routed = textAt(response, "trace.promptRouter.invokedModelId").replace(/^.*\//, "");
  const tier = textAt(response, "serviceTier.type");
  const fast = textAt(response, "performanceConfig.latency") === "optimized";
  return {
    ...(routed !== "" && { model: routed }),
    ...(tier !== "" && { serviceTier: tierName(tier) }),
    ...(fast && { serviceTier: "optimized" }),
  };
}

/** The units of guardrails that have a price: aws.amazon.com/bedrock/pricing. Words and `…FreeUnits` have none. */
const GUARDRAIL_UNITS =
  /(?:topicPolicy|contentPolicy|contentPolicyImage|sensitiveInformationPolicy|contextualGroundingPolicy|automatedReasoningPolicy)Units$/;

/** Guardrails, and tools that Bedrock ran. */
function apart({ response }: Reported): readonly string[] {
  const guardrail = valueAt(response, "trace.guardrail");
  const units = (isObject(guardrail) ? numbersIn(guardrail) : []).filter(
    ({ path, value }) => GUARDRAIL_UNITS.test(path) && !isZero(value),
  );
  const tools = listAt(response, "output.message.content").filter(
    (block) => textAt(block, "toolUse.type") === "server_tool_use",
  );
  return [
    ...units.map(({ path }) => path),
    ...tools.map((block) => textAt(block, "toolUse.name") || "toolUse"),
  ];
}

/** The answer of `converse`. A response with one of the `foreign` fields is one of the Vercel AI SDK. */
const CONVERSE = /* @__PURE__ */ tokenProtocol({
  name: "bedrock",
  shape: CONVERSE_USAGE,
  foreign: [
    "steps",
    "totalUsage",
    "providerMetadata",
    "experimental_providerMetadata",
    "finishReason",
    "responses",
  ],
  prepare: (usage) => withFields(usage, ["cacheDetails"], "ttl", "inputTokens"),
  unfinished,
  served,
  apart,
  adjust,
});

/**
 * The events of `converse-stream`, by name or without it: `messageStop` has the finish, and `metadata`, the last one,
 * has the usage. The parts of `invoke-with-response-stream` are in the format of the model's maker.
 */
const STREAM: StreamRules = {
  fold: (report, event) => {
    const start = valueAt(event, "contentBlockStart.start") ?? valueAt(event, "start");
    if (textAt(start, "toolUse.type") === "server_tool_use") return withTool(report, start);
    const stop = valueAt(event, "messageStop") ?? event;
    if (textAt(stop, "stopReason") !== "") return { ...report, stopReason: textAt(stop, "stopReason") };
    const metadata = metadataOf(event);
    if (metadata === null) return foldInvoked(report, event);
    return { stopReason: null, ...report, ...Object.fromEntries(dataOf(metadata)) };
  },
  isLast: (event) => metadataOf(event) !== null || isLastInvoked(event),
};

/** The `metadata` event: no other one has latencies. */
function metadataOf(event: unknown): AnyObject | null {
  const metadata = valueAt(event, "metadata") ?? event;
  const isMetadata =
    isObject(metadata) && isObject(valueAt(metadata, "usage")) && isObject(valueAt(metadata, "metrics"));
  return isMetadata ? metadata : null;
}

function withTool(report: AnyObject | null, start: unknown): AnyObject {
  const content = [...listAt(report, "output.message.content"), start];
  return { ...report, output: { message: { content } } };
}

/** Bedrock's `converse`, and the bodies of `invoke`. */
export const BEDROCK: Protocol = /* @__PURE__ */ severalForms(
  "bedrock",
  [CONVERSE, ...INVOKED_FORMS],
  STREAM,
);
