import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Part,
  type Protocol,
  type ReadContext,
  type Served,
  UncountableError,
} from "../reports/account.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { sumOfParts } from "../reports/sum.ts";
import { type Reported, servedBy, tokenProtocol } from "../reports/token-protocol.ts";
import { googleApart, googleSearches } from "./gemini.ts";
import { listAt, textAt } from "./lists.ts";

const DETAILS = { in: "input_token_details", out: "output_token_details" };

/**
 * All details are part of their side, for every provider.
 *
 * Source: `UsageMetadata` of the npm package @langchain/core 1.4.0, `dist/messages/metadata.d.ts`; langchain-anthropic
 * (Python) splits cache writes by their lifetime; @langchain/google-genai 2.3.2 adds what is over 200,000 tokens.
 */
export const LANGCHAIN_USAGE: UsageShape = {
  requires: ["input_tokens", "output_tokens", "total_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: [`${DETAILS.in}.cache_read`],
    cacheWrite: [
      `${DETAILS.in}.cache_creation`,
      `${DETAILS.in}.ephemeral_5m_input_tokens + ${DETAILS.in}.ephemeral_1h_input_tokens`,
    ],
    cacheWrite1h: [`${DETAILS.in}.ephemeral_1h_input_tokens`],
    inputAudio: [`${DETAILS.in}.audio`],
    inputImage: [`${DETAILS.in}.image + ${DETAILS.in}.document`],
    inputVideo: [`${DETAILS.in}.video`],
    outputAudio: [`${DETAILS.out}.audio`],
    outputImage: [`${DETAILS.out}.image + ${DETAILS.out}.document`],
    outputVideo: [`${DETAILS.out}.video`],
    outputReasoning: [`${DETAILS.out}.reasoning`],
  },
  informs: [
    `${DETAILS.in}.text`,
    `${DETAILS.out}.text`,
    // Both are part of counts that the shape names.
    `${DETAILS.in}.over_200k`,
    `${DETAILS.in}.cache_read_over_200k`,
  ],
};

/** The message of a report: itself, or the fields of a message that was serialized. */
function messageOf(response: AnyObject): AnyObject {
  const fields = valueAt(response, "kwargs");
  return isObject(fields) ? fields : response;
}

const FINISHES = ["finish_reason", "finishReason", "stop_reason", "done_reason"];

function unfinished(response: AnyObject): string | null {
  const metadata = valueAt(messageOf(response), "response_metadata");
  const isOpen = (key: string): boolean =>
    isObject(metadata) && key in metadata && textAt(metadata, key) === "";
  return FINISHES.some(isOpen) ? "the message is not finished" : null;
}

function served({ response }: Reported): Served {
  const metadata = valueAt(messageOf(response), "response_metadata");
  if (!isObject(metadata)) return {};
  const { model, ...tier } = servedBy({ usage: {}, response: metadata });
  const named = textAt(metadata, "model_name") || textAt(metadata, "modelVersion");
  return { ...tier, ...((model ?? named) !== "" && { model: model ?? named }) };
}

/**
 * The provider's own report, where the message has it, has more detail: cache lifetimes, searches, tools. It must have the
 * same input and output.
 */
function split(whole: Part, { response }: Reported, context: ReadContext): readonly Part[] {
  const message = messageOf(response);
  const own = ownReport(message);
  const account = own === null ? null : context.readAny(own);
  if (account === null) return [{ ...whole, ...toolsOf(message, whole) }];
  const sum = sumOfParts(account);
  if (sum.inputTokens !== whole.usage.inputTokens || sum.outputTokens !== whole.usage.outputTokens) {
    throw new UncountableError("usage_metadata differs from the usage in response_metadata");
  }
  return account.parts.map((part) => ({ ...part, served: { ...whole.served, ...defined(part.served) } }));
}

function defined(of: Served): Served {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined));
}

/** A response in the provider's words: its metadata, with the message's content and the tools that ran. */
function ownReport(message: AnyObject): AnyObject | null {
  const metadata = valueAt(message, "response_metadata");
  if (!isObject(metadata) || !isObject(valueAt(metadata, "usage"))) return null;
  const [content, output] = [valueAt(message, "content"), valueAt(message, "additional_kwargs.tool_outputs")];
  return {
    ...Object.fromEntries(dataOf(metadata)),
    ...(Array.isArray(content) && { content }),
    ...(Array.isArray(output) && { output }),
  };
}

/** The searches and tools of a message without its provider's report. */
function toolsOf(message: AnyObject, { usage, apart }: Part): Pick<Part, "usage" | "apart"> {
  const grounded = ["response_metadata", "additional_kwargs"].map((key) =>
    valueAt(message, `${key}.groundingMetadata`),
  );
  const tools = [...listAt(message, "content"), ...listAt(message, "additional_kwargs.tool_outputs")]
    .map((block) => textAt(block, "type"))
    .filter(
      (type) =>
        /^server_tool_use$|^server_tool_call$|_call$/.test(type) && !/^(?:function|tool)_call$/.test(type),
    );
  const searches = googleSearches(grounded);
  return {
    usage: searches > 0 ? { ...usage, searches } : usage,
    apart: [...apart, ...googleApart(grounded), ...tools],
  };
}

/** LangChain's messages, and their `usage_metadata`. */
export const LANGCHAIN: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "langchain",
  shape: LANGCHAIN_USAGE,
  at: ["usage_metadata", "kwargs.usage_metadata"],
  unfinished,
  served,
  split,
});
