import { type AnyObject, isObject, ownField } from "../own-fields.ts";
import { type Protocol, type StreamRules, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";

/** Numbers of a chat's usage that have no price. */
export const CHAT_INFORMS: readonly string[] = [
  "prompt_tokens_details.text_tokens",
  "completion_tokens_details.text_tokens",
  // Both are part of completion_tokens and billed there.
  "completion_tokens_details.accepted_prediction_tokens",
  "completion_tokens_details.rejected_prediction_tokens",
];

/**
 * The usage of OpenAI's chat completions and completions: details are part of their side.
 *
 * Source: `CompletionUsage` of the npm package openai 7.57.0, `resources/completions.d.ts`. It has no images in the
 * completion; Azure and proxies report them under the name that the images in the prompt have.
 */
export const CHAT_USAGE: UsageShape = {
  requires: ["prompt_tokens", "completion_tokens"],
  // A search model of Perplexity, which bills each search.
  excludes: ["search_context_size"],
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
  informs: CHAT_INFORMS,
};

/**
 * Says why a chat completion, or a chunk of one, is not finished. A choice is finished by any reason: the last chunk of
 * each choice has one, and the chunks before have `null`, an empty text or nothing.
 */
export function unfinishedChat(response: AnyObject): string | null {
  const isOpen = (choice: unknown): boolean => {
    const reason = valueAt(choice, "finish_reason");
    const isFinished = typeof reason === "string" && reason !== "" && reason !== "null";
    return (
      isObject(choice) &&
      !isFinished &&
      (reason !== undefined || "finish_reason" in choice || "delta" in choice)
    );
  };
  return listAt(response, "choices").some(isOpen)
    ? "the response is not finished: finish_reason is null"
    : null;
}

/** A search model of chat completions searches once; its citations show that it did. */
export function chatSearches(response: AnyObject): number {
  const cites = (choice: unknown): boolean =>
    ["message.annotations", "delta.annotations"]
      .flatMap((path) => listAt(choice, path))
      .some((of) => valueAt(of, "type") === "url_citation");
  return listAt(response, "choices").some(cites) ? 1 : 0;
}

/** Chunks have the parts of a completion. The usage is in the last one, whose `choices` are empty. */
export const CHAT_STREAM: StreamRules = {
  fold: (report, event) => {
    if (!isObject(event)) return report;
    // Most events are text only: nothing is copied for them.
    if (report !== null && addsNothing(report, event)) return report;
    const last = report ?? {};
    const choices = listAt(last, "choices").filter(isObject);
    for (const choice of listAt(event, "choices").filter(isObject)) {
      const found = choices.findIndex((one) => (one["index"] ?? 0) === (choice["index"] ?? 0));
      choices.splice(found < 0 ? choices.length : found, 1, foldedChoice(choices[found], choice));
    }
    // OpenAI makes 128 at most. More would slow every event down.
    if (choices.length > 1000) throw new UncountableError("the stream has too many choices");
    const present = Object.entries(event).filter(([, value]) => value !== null && value !== undefined);
    return { ...last, ...Object.fromEntries(present), choices };
  },
  isLast: (event) => event === "[DONE]",
};

/** Whether a report already has what an event says. */
function addsNothing(report: AnyObject, event: AnyObject): boolean {
  const known = listAt(report, "choices");
  return Object.keys(event).every((key) => {
    const value = event[key] ?? null;
    if (key === "choices") return Array.isArray(value) && value.every((choice) => isOnlyText(choice, known));
    return value === null || (typeof value !== "object" && value === ownField(report, key));
  });
}

/** Whether a choice has begun before, does not end here, and has nothing of what {@link foldedChoice} keeps. */
function isOnlyText(choice: unknown, known: readonly unknown[]): boolean {
  if (!isObject(choice) || (choice["finish_reason"] ?? null) !== null) return false;
  if (!known.some((before) => isObject(before) && before["index"] === choice["index"])) return false;
  return [choice["message"], choice["delta"]].every(
    (part) => !isObject(part) || !KEPT.some((key) => Object.hasOwn(part, key)),
  );
}

const KEPT = ["annotations", "executed_tools"];

/** Keeps what a choice says about its end, its citations and its tools, and nothing of its text. */
function foldedChoice(before: AnyObject | undefined, choice: AnyObject): AnyObject {
  const kept = KEPT.map((key) => [
    key,
    [before, choice].flatMap((of) => [...listAt(of, `message.${key}`), ...listAt(of, `delta.${key}`)]),
  ]);
  return {
    index: choice["index"],
    finish_reason: choice["finish_reason"] ?? before?.["finish_reason"] ?? null,
    message: Object.fromEntries(kept),
  };
}

/** Fields of Anthropic's, Gemini's and OpenAI's other responses, and of the results of the Vercel AI SDK. */
const FOREIGN = [
  ...["stop_reason", "candidates", "output", "steps"],
  ...["totalUsage", "total_usage", "providerMetadata", "provider_metadata"],
  ...["experimental_providerMetadata", "experimental_provider_metadata"],
];

/** The chat completions of OpenAI, or of a provider whose reports differ from OpenAI's in what `more` says. */
export function chatForm(name: Protocol["name"], more: Partial<TokenProtocol> = {}): Protocol {
  return tokenProtocol({
    name,
    shape: CHAT_USAGE,
    foreign: FOREIGN,
    unfinished: unfinishedChat,
    searches: ({ response }, counted) => Math.max(counted, chatSearches(response)),
    stream: CHAT_STREAM,
    ...more,
  });
}

/** OpenAI's chat completions. */
export const OPENAI_CHAT: Protocol = /* @__PURE__ */ chatForm("openai-chat");
