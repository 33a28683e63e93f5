import { type AnyObject, isObject } from "../own-fields.ts";
import type { Bounded } from "../bounds/outcome.ts";
import type { ReadableRequest } from "./request.ts";
import type { Route } from "../routes/route.ts";
import { jsonObject } from "../routes/route-of.ts";

/** What is sent, and whether the client must not see the usage of the stream. */
export interface WrittenBody {
  readonly body: RequestInit["body"];
  readonly hidesUsage: boolean;
}

/**
 * The client's body unchanged, or with what the guard needs in it: the output limit that the money pays for, and
 * `include_usage` for a stream of a chat, whose cost would be unknown otherwise.
 *
 * @param isSigned - a signed body is never changed.
 */
export function writtenBody(
  asked: ReadableRequest,
  route: Extract<Route, { readonly kind: "bounded" }>,
  bound: Bounded,
  isSigned: boolean,
): WrittenBody {
  const unchanged = { body: asked.body, hidesUsage: false };
  if (isSigned) return unchanged;
  const needsUsage =
    (route.form === "openai-chat" || route.form === "openai-completions") &&
    route.stream !== false &&
    WITH_USAGE_OPTION.has(route.provider);
  if (!needsUsage && bound.limit === undefined) return unchanged;
  const parsed = jsonObject(asked.text);
  const options = isObject(parsed["stream_options"]) ? parsed["stream_options"] : {};
  const hidesUsage = needsUsage && options["include_usage"] !== true;
  if (!hidesUsage && bound.limit === undefined) return unchanged;
  const usage = hidesUsage ? { stream_options: { ...options, include_usage: true } } : {};
  const limited =
    bound.limit === undefined ? parsed : withValueAt(parsed, bound.limit.path, bound.limit.value);
  return { body: JSON.stringify({ ...limited, ...usage }), hidesUsage };
}

/** The providers that send usage in a stream only if the request asks for it. The others refuse the option, or need none. */
const WITH_USAGE_OPTION: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "azure",
  "deepseek",
  "groq",
  "ollama",
  "openai",
  "openrouter",
  "xai",
]);

/** A copy of an object with a value at a path such as `["generationConfig", "maxOutputTokens"]`. */
function withValueAt(object: AnyObject, path: readonly string[], value: unknown): AnyObject {
  const [key = "", ...rest] = path;
  if (rest.length === 0) return { ...object, [key]: value };
  const inner = object[key];
  return { ...object, [key]: withValueAt(isObject(inner) ? inner : {}, rest, value) };
}
