import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import type { Protocol, StreamRules } from "../reports/account.ts";
import { isZero, numbersIn, valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";

const WRITES = "input_tokens_details.cache_write_tokens_details";

/** No page has a price for 12 hours. */
export const RESPONSES_APART: readonly string[] = [`${WRITES}.ttl_12h_tokens`];

/**
 * The usage of OpenAI's responses: details are part of their side.
 *
 * Source: `ResponseUsage` of the npm package openai 7.57.0, `resources/responses/responses.d.ts`.
 */
export const RESPONSES_USAGE: UsageShape = {
  requires: ["input_tokens", "output_tokens"],
  // Fields of chat completions and of Anthropic's messages, whose caches are beside the input.
  excludes: [
    ...["prompt_tokens", "completion_tokens", "cache_creation", "iterations", "speed", "inference_geo"],
    ...["cache_read_input_tokens", "cache_creation_input_tokens", "server_tool_use"],
  ],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: ["input_tokens_details.cached_tokens"],
    // The price of a cache write is that of 30 minutes, which is the default: `PromptCacheOptions.ttl` of the same file,
    // and developers.openai.com/api/docs/guides/prompt-caching.
    cacheWrite: [
      "input_tokens_details.cache_write_tokens",
      `${WRITES}.ttl_30m_tokens + ${WRITES}.ttl_12h_tokens`,
    ],
    outputReasoning: ["output_tokens_details.reasoning_tokens"],
  },
  apart: RESPONSES_APART,
};

/** Source: `ResponseStatus` of openai 7.57.0. */
const FINISHED: readonly unknown[] = ["completed", "incomplete", "failed", "cancelled"];
const OPEN: readonly unknown[] = ["in_progress", "queued"];
const RESPONSES: readonly unknown[] = ["response", "realtime.response"];

/** Says why a response is not finished. What is no response may have a status of its own. */
export function unfinishedResponse(
  response: AnyObject,
  finished: readonly unknown[] = FINISHED,
): string | null {
  const status = valueAt(response, "status");
  const isOpen = RESPONSES.includes(valueAt(response, "object"))
    ? status !== undefined && !finished.includes(status)
    : OPEN.includes(status);
  const shown = typeof status === "string" ? quote(status) : "no text";
  return isOpen ? `the response is not finished: status is ${shown}` : null;
}

/** The larger of the number that the provider bills and of the searches that the output lists. */
export function responseSearches(response: AnyObject, counted: number): number {
  const billed = valueAt(response, "tool_usage.web_search.num_requests");
  const calls = outputOf(response).filter((item) => {
    const action = valueAt(item, "action.type");
    return valueAt(item, "type") === "web_search_call" && (action === undefined || action === "search");
  });
  return Math.max(counted, typeof billed === "number" ? billed : 0, calls.length);
}

/** The items of the output, each once. */
function outputOf(response: AnyObject): readonly unknown[] {
  const byId = new Map<unknown, unknown>();
  for (const [index, item] of listAt(response, "output").entries())
    byId.set(valueAt(item, "id") ?? index, item);
  return [...byId.values()];
}

/**
 * The items that cost their tokens and nothing else: what the caller runs, and the tools of remote MCP servers.
 *
 * Source: `ResponseOutputItem` of openai 7.57.0; developers.openai.com/api/docs/guides/tools-connectors-mcp. The others
 * of that type have a fee or a model of their own: `file_search_call`, `code_interpreter_call`, `image_generation_call`,
 * and `shell_call` and `program` where the provider runs them.
 */
const FREE_ITEMS: readonly unknown[] = [
  ...["message", "reasoning", "compaction", "additional_tools", "web_search_call"],
  ...["function_call", "custom_tool_call", "computer_call", "local_shell_call", "apply_patch_call"].flatMap(
    (call) => [call, `${call}_output`],
  ),
  ...["mcp_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response"],
  ...["tool_search_call", "tool_search_output", "shell_call_output", "program_output"],
];

/** Names the tools that the provider ran and that have no price, and the tokens of other models. */
export function responseApart(response: AnyObject): readonly string[] {
  const items = outputOf(response)
    .filter((item) => isObject(item) && !FREE_ITEMS.includes(valueAt(item, "type")))
    .filter((item) => valueAt(item, "environment.type") !== "local")
    .map((item) => `output: ${String(valueAt(item, "type"))}`);
  const tools = valueAt(response, "tool_usage");
  const used = isObject(tools) ? numbersIn(tools) : [];
  return [
    ...items,
    ...used
      .filter(({ path, value }) => path !== "web_search.num_requests" && !isZero(value))
      .map(({ path }) => `tool_usage.${path}`),
  ];
}

const LAST: readonly unknown[] = [
  ...["response.completed", "response.incomplete", "response.failed", "response.cancelled"],
  // xAI: @ai-sdk/xai 5.0.12, `src/responses/xai-responses-api.ts`.
  "response.done",
];

/**
 * The events of a response as a whole have the response. Some hosts leave the output out of the last one, so the items
 * are kept as they come, without their content.
 *
 * Source: `ResponseStreamEvent` of openai 7.57.0.
 */
export const RESPONSES_STREAM: StreamRules = {
  fold: (report, event) => {
    const seen = listAt(report, "output");
    const response = valueAt(event, "response");
    if (isObject(response)) {
      const output = listAt(response, "output");
      return { ...response, output: output.length > 0 ? output.map(bareItem) : seen };
    }
    const item = valueAt(event, "item");
    if (!isObject(item) || valueAt(event, "type") !== "response.output_item.done") return report;
    return { ...report, output: [...seen, bareItem(item)] };
  },
  isLast: (event) => LAST.includes(valueAt(event, "type")),
};

function bareItem(item: unknown): AnyObject {
  const keys = ["id", "type", "action.type", "environment.type"] as const;
  const [id, type, action, environment] = keys.map((key) => valueAt(item, key));
  return { id, type, action: { type: action }, environment: { type: environment } };
}

/** Fields of Anthropic's messages, of chat completions and of the results of the Vercel AI SDK. */
const FOREIGN = ["stop_reason", "content", "choices", "steps", "totalUsage", "providerMetadata"];

/** The responses of OpenAI, or of a provider whose reports differ from OpenAI's in what `more` says. */
export function responsesForm(name: Protocol["name"], more: Partial<TokenProtocol> = {}): Protocol {
  return tokenProtocol({
    name,
    shape: RESPONSES_USAGE,
    inEvent: ["response"],
    foreign: FOREIGN,
    unfinished: (response) => unfinishedResponse(response),
    searches: ({ response }, counted) => responseSearches(response, counted),
    apart: ({ response }) => responseApart(response),
    stream: RESPONSES_STREAM,
    ...more,
  });
}

/** OpenAI's responses, and their compaction. */
export const OPENAI_RESPONSES: Protocol = /* @__PURE__ */ responsesForm("openai-responses");
