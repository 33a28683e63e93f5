import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Protocol,
  type ReadContext,
  type Served,
  type StreamRules,
  UncountableError,
} from "../reports/account.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type Reported, servedBy, tokenProtocol } from "../reports/token-protocol.ts";
import { COUNTS, requestsOf, withLifetime } from "./anthropic-iterations.ts";
import { listAt, textAt } from "./lists.ts";

/**
 * Source: `Usage` and `BetaUsage` of the npm package @anthropic-ai/sdk 1.13.0, `resources/messages/messages.d.ts` and
 * `resources/beta/messages/messages.d.ts`.
 */
export const ANTHROPIC_USAGE: UsageShape = {
  ...COUNTS,
  inside: { outputReasoning: ["output_tokens_details.thinking_tokens"] },
  searches: ["server_tool_use.web_search_requests"],
  informs: [
    // A fetched page costs its tokens only: platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool
    "server_tool_use.web_fetch_requests",
    // The same holds for a search for tools: platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool
    "server_tool_use.tool_search_requests",
    // `requestsOf` reads them.
    "iterations[].*",
  ],
  // Billed by the hour: platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool
  apart: ["server_tool_use.code_execution_requests"],
};

/** Says why a message is not finished. */
function unfinished(message: AnyObject): string | null {
  const isOpen = "stop_reason" in message && (message["stop_reason"] ?? null) === null;
  return isOpen ? "the message is not finished: stop_reason is null" : null;
}

export function servedByAnthropic(reported: Reported): Served {
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

/** The larger of the searches that the usage counts and of those whose results the message has. */
function searches({ response }: Reported, counted: number): number {
  const found = listAt(response, "content").filter(
    // A search that failed is not billed: its content is an error, and not a list.
    (block) =>
      valueAt(block, "type") === "web_search_tool_result" && Array.isArray(valueAt(block, "content")),
  );
  return Math.max(counted, found.length);
}

/** Server tools that cost only tokens, or searches, which are counted; `advisor` has tokens of its own. */
const PRICED_TOOLS = ["web_search", "web_fetch", "tool_search_tool_regex", "tool_search_tool_bm25"];

/**
 * Server tools that are billed separately. Code is billed by the hour, but runs free if the request has a web search or
 * fetch of 2026 or later; only those are called by code. MCP servers are not Anthropic's: it bills their tokens only.
 *
 * Source: platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool
 */
function apart({ usage, response }: Reported): readonly string[] {
  const tools = listAt(response, "content").filter((block) => valueAt(block, "type") === "server_tool_use");
  const byCode = tools.some((tool) => textAt(tool, "caller.type").startsWith("code_execution_"));
  const advised = listAt(usage, "iterations").some((one) => valueAt(one, "type") === "advisor_message");
  const free = [...PRICED_TOOLS, ...(byCode ? CODE_TOOLS : []), ...(advised ? ["advisor"] : [])];
  return tools.map((tool) => textAt(tool, "name")).filter((name) => !free.includes(name));
}

const CODE_TOOLS = ["code_execution", "bash_code_execution", "text_editor_code_execution"];

/**
 * The first event has the whole message without its content, and a placeholder of the output. Each `message_delta` has
 * running totals, which replace those before. The model of the last `fallback` block is the one that answered.
 *
 * Source: `BetaMessageStream.#accumulateMessage` of @anthropic-ai/sdk 1.13.0.
 */
export const ANTHROPIC_STREAM: StreamRules = {
  fold: (report, event) => {
    const type = valueAt(event, "type");
    if (type === "message_start") {
      const message = valueAt(event, "message");
      // Without its finish, a stream that is cut off would count as finished.
      return isObject(message)
        ? { stop_reason: null, ...Object.fromEntries(dataOf(message)), content: [] }
        : report;
    }
    if (report === null) return report;
    if (type === "content_block_start") return withBlock(report, valueAt(event, "content_block"));
    return type === "message_delta" ? withDelta(report, event) : report;
  },
  isLast: (event) => valueAt(event, "type") === "message_stop",
};

/** Keeps of a block what tells its price. */
function withBlock(report: AnyObject, block: unknown): AnyObject {
  const [type, to, content] = ["type", "to.model", "content"].map((key) => valueAt(block, key));
  if (type === "fallback" && typeof to === "string") return { ...report, model: to };
  if (type !== "server_tool_use" && type !== "web_search_tool_result") return report;
  const kept = {
    type,
    name: valueAt(block, "name"),
    caller: valueAt(block, "caller"),
    ...(Array.isArray(content) && { content: [] }),
  };
  return { ...report, content: [...listAt(report, "content"), kept] };
}

/** A finish without the count of the output is none, because the output so far is a placeholder. */
function withDelta(report: AnyObject, event: unknown): AnyObject {
  const [before, later] = [fieldsOf(report, "usage"), fieldsOf(event, "usage")];
  const present = later.filter(([, value]) => value !== null && value !== undefined);
  const isCounted = present.some(([key]) => key === "output_tokens");
  const finish = isCounted ? valueAt(event, "delta.stop_reason") : undefined;
  return {
    ...report,
    stop_reason: finish ?? report["stop_reason"],
    usage: Object.fromEntries([...before, ...present]),
  };
}

function fieldsOf(of: unknown, path: string): ReturnType<typeof dataOf> {
  const value = valueAt(of, path);
  return isObject(value) ? dataOf(value) : [];
}

/** Anthropic's messages, also on Vertex and as the body of Bedrock's invoke. */
export const ANTHROPIC: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "anthropic",
  shape: ANTHROPIC_USAGE,
  // The results of Claude's agent SDK: their usage has the main loop only.
  foreign: ["modelUsage", "total_cost_usd"],
  unfinished,
  served: servedByAnthropic,
  searches,
  apart,
  adjust,
  split: (whole, reported, context) => requestsOf(whole, reported, context),
  reportsInputFirst: true,
  stream: ANTHROPIC_STREAM,
});
