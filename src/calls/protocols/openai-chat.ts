import { type AnyObject, isObject } from "../own-fields.ts";
import type { Protocol, StreamRules } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";

/**
 * The usage of OpenAI's chat completions and completions: details are part of their side.
 *
 * Source: `CompletionUsage` of the npm package openai 7.57.0, `resources/completions.d.ts`.
 */
export const CHAT_USAGE: UsageShape = {
  requires: ["prompt_tokens", "completion_tokens"],
  input: ["prompt_tokens"],
  output: ["completion_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: ["prompt_tokens_details.cached_tokens"],
    cacheWrite: ["prompt_tokens_details.cache_write_tokens"],
    inputAudio: ["prompt_tokens_details.audio_tokens"],
    inputImage: ["prompt_tokens_details.image_tokens"],
    outputAudio: ["completion_tokens_details.audio_tokens"],
    outputImage: ["completion_tokens_details.image_tokens"],
    outputReasoning: ["completion_tokens_details.reasoning_tokens"],
  },
  informs: [
    "prompt_tokens_details.text_tokens",
    "completion_tokens_details.text_tokens",
    // Both are part of completion_tokens and billed there.
    "completion_tokens_details.accepted_prediction_tokens",
    "completion_tokens_details.rejected_prediction_tokens",
  ],
};

/** Says why a chat completion, or a chunk of one, is not finished. */
export function unfinishedChat(response: AnyObject): string | null {
  const choices = listAt(response, "choices").filter(isObject);
  const open = choices.filter(
    (choice) => "finish_reason" in choice && (choice["finish_reason"] ?? null) === null,
  );
  return open.length === 0 ? null : "the response is not finished: finish_reason is null";
}

/** A search model of chat completions searches once; its citations show that it did. */
export function chatSearches(response: AnyObject): number {
  const cites = (choice: unknown): boolean =>
    listAt(choice, "message.annotations").some((of) => valueAt(of, "type") === "url_citation");
  return listAt(response, "choices").some(cites) ? 1 : 0;
}

/** Chunks have the parts of a completion. The usage is in the last one, whose `choices` are empty. */
export const CHAT_STREAM: StreamRules = {
  fold: (report, event) => {
    if (!isObject(event)) return report;
    const last = report ?? {};
    const choices = new Map<unknown, AnyObject>();
    for (const choice of [...listAt(last, "choices"), ...listAt(event, "choices")].filter(isObject)) {
      choices.set(choice["index"], foldedChoice(choices.get(choice["index"]), choice));
    }
    const present = Object.entries(event).filter(([, value]) => value !== null && value !== undefined);
    return { ...last, ...Object.fromEntries(present), choices: [...choices.values()] };
  },
  isLast: (event) => event === "[DONE]",
};

/** Keeps the finish and the annotations of a choice, and nothing of its text. */
function foldedChoice(before: AnyObject | undefined, choice: AnyObject): AnyObject {
  const annotations = [before, choice].flatMap((of) => [
    ...listAt(of, "message.annotations"),
    ...listAt(of, "delta.annotations"),
  ]);
  return {
    index: choice["index"],
    finish_reason: choice["finish_reason"] ?? before?.["finish_reason"] ?? null,
    ...(annotations.length > 0 && { message: { annotations } }),
  };
}

/** OpenAI's chat completions. */
export const OPENAI_CHAT: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "openai-chat",
  shape: CHAT_USAGE,
  unfinished: unfinishedChat,
  searches: ({ response }, counted) => Math.max(counted, chatSearches(response)),
  stream: CHAT_STREAM,
});
