import type { TokenUsage } from "dispatch-kit";
import type { ProtocolName } from "dispatch-kit/calls";

/** A whole answer with every number that its protocol knows, and what it counts. */
export interface FullReport {
  readonly protocol: ProtocolName;
  readonly form: string;
  readonly report: object;
  /** Where the usage is. */
  readonly at: string;
  readonly usage: TokenUsage;
  /** The cost that the report states, in USD. */
  readonly stated?: string;
}

const chat = { id: "chatcmpl-1", object: "chat.completion", model: "m", service_tier: "default" };
const choices = [
  { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello", annotations: [] } },
];

const response = {
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "m",
  service_tier: "default",
};
export const responsesUsage = {
  input_tokens: 900,
  input_tokens_details: {
    cached_tokens: 100,
    cache_write_tokens: 200,
    cache_write_tokens_details: { ttl_30m_tokens: 200, ttl_12h_tokens: 0 },
  },
  output_tokens: 80,
  output_tokens_details: { reasoning_tokens: 30 },
  total_tokens: 980,
};
export const responsesCounts = {
  inputTokens: 900,
  outputTokens: 80,
  cacheReadTokens: 100,
  cacheWriteTokens: 200,
  outputReasoningTokens: 30,
};

/** An answer of a chat with a usage. */
export function chatWith(usage: object, more: object = {}): object {
  return { ...chat, choices, usage, ...more };
}

/** An answer of the responses API with a usage. */
export function responseWith(usage: object, more: object = {}): object {
  return { ...response, output: [{ id: "msg_1", type: "message", content: [] }], usage, ...more };
}
