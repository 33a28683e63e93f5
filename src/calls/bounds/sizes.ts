import { type AnyObject, isObject, ownField } from "../own-fields.ts";
import { maxTokensOf } from "../max-tokens.ts";

/** Fields of objects whose value is counted by another number, such as the data of a picture. */
export type Uncounted = Map<object, Set<string>>;

/** Fields whose content a model may see as JSON text, with every character escaped that a JSON writer may escape. */
const JSON_FIELDS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "additionalModelRequestFields",
  "args",
  "arguments",
  "format",
  "functionCall",
  "functionResponse",
  "function_call",
  "functions",
  "generationConfig",
  "generation_config",
  "input_schema",
  "json",
  "json_schema",
  "outputConfig",
  "output_config",
  "output_format",
  "parameters",
  "response_format",
  "schema",
  "text_format",
  "toolConfig",
  "toolResult",
  "toolUse",
  "tool_calls",
  "tool_choice",
  "tools",
]);

/**
 * An upper bound of the tokens of a JSON value, its numbers excepted: the bytes of its texts, its names and its
 * punctuation. Roles, separators and templates of a provider are shorter than the JSON that asks for them.
 */
export function sizeOf(value: unknown, uncounted: Uncounted, json = false): number {
  if (typeof value === "string") return textSize(value, json);
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    return list.reduce<number>((sum, item) => sum + 2 + sizeOf(item, uncounted, json), 2);
  }
  // Numbers are counted as written, with true, false and null.
  if (!isObject(value)) return 0;
  const skipped = uncounted.get(value);
  const isJson = json || isToolResult(value);
  let size = 2;
  for (const [key, content] of Object.entries(value)) {
    size += textSize(key, true) + 4;
    if (skipped?.has(key) === true) continue;
    size += sizeOf(content, uncounted, isJson || isJsonField(key, content));
  }
  return size;
}

function isJsonField(key: string, content: unknown): boolean {
  if (JSON_FIELDS.has(key)) return true;
  // The input of a tool call is an object; a prompt in a field of the same name is a text or a list.
  if (key === "input") return isObject(content);
  return key === "documents" && Array.isArray(content) && content.some(isObject);
}

/** Results of tools may be written as JSON, whatever they hold. */
function isToolResult(object: AnyObject): boolean {
  const type = ownField(object, "type");
  const role = ownField(object, "role");
  return (
    role === "tool" || role === "function" || (typeof type === "string" && /(?:_result|_output)$/.test(type))
  );
}

/** The bytes of a text with its quotes. */
function textSize(text: string, json: boolean): number {
  const plain = maxTokensOf(text) + 2;
  return json ? Math.max(plain + escapes(text), escapedBytes(text)) : plain;
}

/** How many ASCII characters are escaped, each with a backslash in front. */
function escapes(text: string): number {
  return text.match(/["\\]/g)?.length ?? 0;
}

/**
 * The bytes of a text in the JSON of the most cautious writer: all but printable ASCII as six characters, and also `<`,
 * `>` and `&`, as Go does.
 */
function escapedBytes(text: string): number {
  let bytes = text.length + 2;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22 || unit === 0x5c) bytes += 1;
    else if (unit < 0x20 || unit > 0x7e || unit === 0x3c || unit === 0x3e || unit === 0x26) bytes += 5;
  }
  return bytes;
}
