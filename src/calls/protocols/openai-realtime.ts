import { isObject } from "../own-fields.ts";
import type { Protocol, StreamRules } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";
import { unfinishedResponse } from "./openai-responses.ts";

/**
 * Source: `RealtimeResponseUsage` of the npm package openai 7.57.0, `resources/realtime/realtime.d.ts`. Reasoning is part
 * of the text of the output: github.com/BerriAI/litellm/issues/39850
 */
export const REALTIME_USAGE: UsageShape = {
  requires: ["input_tokens", "output_tokens", "input_token_details"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: ["input_token_details.cached_tokens"],
    inputAudio: ["input_token_details.audio_tokens"],
    inputImage: ["input_token_details.image_tokens"],
    cacheReadAudio: ["input_token_details.cached_tokens_details.audio_tokens"],
    cacheReadImage: ["input_token_details.cached_tokens_details.image_tokens"],
    outputAudio: ["output_token_details.audio_tokens"],
    outputReasoning: ["output_token_details.reasoning_tokens"],
  },
  informs: [
    "input_token_details.text_tokens",
    "input_token_details.cached_tokens_details.text_tokens",
    "output_token_details.text_tokens",
  ],
};

/** A session has many responses. Each is a request of its own, and this event ends it. */
const STREAM: StreamRules = {
  fold: (report, event) => {
    const response = valueAt(event, "response");
    return isDone(event) && isObject(response) ? { ...response, output: [] } : report;
  },
  isLast: (event) => isDone(event),
};

function isDone(event: unknown): boolean {
  return valueAt(event, "type") === "response.done";
}

/** A response of OpenAI's realtime API. */
export const OPENAI_REALTIME: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "openai-realtime",
  shape: REALTIME_USAGE,
  inEvent: ["response"],
  unfinished: (response) => unfinishedResponse(response),
  stream: STREAM,
});
