import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Part,
  type Protocol,
  type ReadContext,
  type Served,
  type StreamRules,
  UncountableError,
} from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { countAt, shapeReader, type UsageShape } from "../reports/shape.ts";
import { type Reported, servedBy, tokenProtocol } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";

/** The counts that a message and each of its iterations have: cache tokens are beside the input. */
const COUNTS: UsageShape = {
  requires: ["input_tokens", "output_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  beside: {
    cacheRead: ["cache_read_input_tokens"],
    cacheWrite: [
      "cache_creation_input_tokens",
      "cache_creation.ephemeral_5m_input_tokens + cache_creation.ephemeral_1h_input_tokens",
    ],
    cacheWrite1h: ["cache_creation.ephemeral_1h_input_tokens"],
  },
};

/**
 * Source: `Usage` and `BetaUsage` of the npm package @anthropic-ai/sdk 1.13.0, `resources/messages/messages.d.ts` and
 * `resources/beta/messages/messages.d.ts`.
 */
const USAGE: UsageShape = {
  ...COUNTS,
  inside: { outputReasoning: ["output_tokens_details.thinking_tokens"] },
  searches: ["server_tool_use.web_search_requests"],
  informs: [
    // A fetched page costs its tokens only: platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool
    "server_tool_use.web_fetch_requests",
    // `iterationParts` reads them.
    "iterations[].*",
  ],
};

/** Says why a message is not finished. */
function unfinished(message: AnyObject): string | null {
  const isOpen = "stop_reason" in message && (message["stop_reason"] ?? null) === null;
  return isOpen ? "the message is not finished: stop_reason is null" : null;
}

function served(reported: Reported): Served {
  const { usage } = reported;
  const geo = valueAt(usage, "inference_geo");
  const fast = valueAt(usage, "speed") === "fast";
  const { model, serviceTier } = servedBy(reported);
  return {
    model,
    ...(serviceTier !== undefined && { serviceTier }),
    ...(fast && { serviceTier: "fast" }),
    ...(typeof geo === "string" && { region: ["", "global", "not_available"].includes(geo) ? null : geo }),
  };
}

/** The whole of a message: its cache writes, if the report does not split them, have the lifetime that was asked for. */
function adjust(usage: TokenUsage, { usage: report }: Reported, { cacheTtl }: ReadContext): TokenUsage {
  if (valueAt(report, "fallback_credit.status.type") === "redeemed") {
    throw new UncountableError("fallback_credit was redeemed, which changes the price of cache writes");
  }
  return withLifetime(usage, report, cacheTtl);
}

function withLifetime(usage: TokenUsage, report: AnyObject, cacheTtl: ReadContext["cacheTtl"]): TokenUsage {
  const written = usage.cacheWriteTokens ?? 0;
  const split = ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"].map((key) =>
    countAt(report, `cache_creation.${key}`),
  );
  if (split.some((count) => count !== undefined)) {
    const sum = split.reduce<number>((total, count) => total + (count ?? 0), 0);
    if (sum === written) return usage;
    throw new UncountableError(`cache_creation must add up to ${written}; got ${sum}`);
  }
  return written > 0 && cacheTtl === "1h" ? { ...usage, cacheWrite1hTokens: written } : usage;
}

/**
 * Compactions, advisors: their tokens are outside the message's own counts, and each advisor names its model. The
 * iterations of type `message` and `fallback_message` are inside.
 */
function iterationParts({ usage }: Reported, context: ReadContext): readonly Part[] {
  const reader = shapeReader(COUNTS);
  return listAt(usage, "iterations").flatMap((one): readonly Part[] => {
    const type = valueAt(one, "type");
    if (type === "message" || type === "fallback_message") return [];
    if (!isObject(one) || (type !== "compaction" && type !== "advisor_message") || !reader.fits(one)) {
      throw new UncountableError("iterations has an entry that the protocol does not know");
    }
    const model = valueAt(one, "model");
    const counted = reader.count(one, context.informs);
    return [
      {
        usage: withLifetime(counted.usage, one, context.cacheTtl),
        served: typeof model === "string" ? { model } : {},
        apart: counted.apart,
      },
    ];
  });
}

/**
 * The first event has the whole message without its content, and a placeholder of the output. Each `message_delta` has
 * running totals, which replace those before.
 *
 * Source: `BetaMessageStream.#accumulateMessage` of @anthropic-ai/sdk 1.13.0.
 */
const STREAM: StreamRules = {
  fold: (report, event) => {
    if (!isObject(event)) return report;
    if (event["type"] === "message_start") {
      const message = valueAt(event, "message");
      return isObject(message) ? { ...message, content: [] } : report;
    }
    if (event["type"] !== "message_delta" || report === null) return report;
    const later = Object.entries(Object(valueAt(event, "usage") ?? {}) as AnyObject);
    const usage = {
      ...(valueAt(report, "usage") as AnyObject | undefined),
      ...Object.fromEntries(later.filter(([, value]) => value !== null)),
    };
    return { ...report, stop_reason: valueAt(event, "delta.stop_reason") ?? report["stop_reason"], usage };
  },
  isLast: (event) => valueAt(event, "type") === "message_stop",
};

/** Anthropic's messages, also on Vertex and as the body of Bedrock's invoke. */
export const ANTHROPIC: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "anthropic",
  shape: USAGE,
  unfinished,
  served,
  adjust,
  more: iterationParts,
  reportsInputFirst: true,
  stream: STREAM,
});
