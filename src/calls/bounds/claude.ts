import { type AnyObject, isObject, ownField, presentField } from "../own-fields.ts";
import type { BoundNumber } from "./outcome.ts";
import { objectField, type Reading } from "./reading.ts";

/** The version in the name of a model of Claude, such as 406 for 4.6; `null` if it has none. */
export function claudeVersion(model: string): number | null {
  const found = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)/.exec(model);
  if (found === null) return null;
  return Number(found[1]) * 100 + Number(found[2] ?? 0);
}

const TOOL_PAGE = {
  source: "platform.claude.com/docs/en/agents-and-tools/tool-use/overview",
  date: "2026-07-13",
} as const;
const PRICING_PAGE = { source: "platform.claude.com/docs/en/about-claude/pricing", date: "2026-09" } as const;

/** Tokens of the prompt that tools add, by model: with `tool_choice` auto or none, and with any or tool. */
const TOOL_PROMPTS: readonly (readonly [RegExp, number, number])[] = [
  [/claude-opus-4-8/, 290, 410],
  [/claude-opus-4-7/, 675, 804],
  [/claude-(?:opus|sonnet)-4-6/, 497, 589],
  [/claude-(?:opus|sonnet|haiku)-4-5/, 496, 588],
  [/claude-sonnet-5(?!-\d\b)/, 354, 474],
  [/claude-(?:opus|sonnet)-4(?:-1)?(?:$|[@-](?:\d{8}|v\d))/, 346, 315],
  [/claude-3-5-haiku/, 264, 355],
  [/claude-3-opus/, 530, 281],
];

/** The most of the table, for models that it does not name. */
const MOST = 804;

/** The prompt that Claude gets with any tool. Other copies of the page differ by up to 43%, so half is added. */
export function toolPrompt(model: string, forced: boolean): BoundNumber {
  const known = TOOL_PROMPTS.find(([pattern]) => pattern.test(model));
  const published = known === undefined ? MOST : known[forced ? 2 : 1];
  const margin = known === undefined ? MOST : Math.ceil(published / 2);
  return {
    name: "tool prompt",
    value: published + margin,
    unit: "tokens",
    standing: "published",
    ...TOOL_PAGE,
    margin,
  };
}

/** Tokens of tools that Anthropic defines and the client runs. Their versions are the ends of their names. */
const CLIENT_TOOLS: readonly (readonly [RegExp, number])[] = [
  [/^bash_\d+$/, 245],
  [/^text_editor_\d+$/, 700],
  [/^computer_\d+$/, 735 + 499],
  [/^computer_toolset_\d+$/, 4_590],
  [/^browser_toolset_\d+$/, 6_670 + 880],
];

/** Adds a tool that Anthropic defines and the client runs; `false` if it is another one. */
export function addClientTool(reading: Reading, type: string): boolean {
  const [, tokens] = CLIENT_TOOLS.find(([pattern]) => pattern.test(type)) ?? [];
  if (tokens === undefined) return false;
  const margin = Math.ceil(tokens / 2);
  reading.numbers.push({
    name: `tool ${type}`,
    value: tokens + margin,
    unit: "tokens",
    standing: "published",
    ...PRICING_PAGE,
    margin,
  });
  return true;
}

/** The longest lifetime of a cache that a body asks for with `cache_control`, wherever it stands. */
export function cacheOf(value: unknown, key: string): "none" | "5m" | "1h" {
  let found: "none" | "5m" | "1h" = "none";
  const walk = (inner: unknown): void => {
    if (Array.isArray(inner)) inner.forEach(walk);
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return;
    for (const [name, content] of Object.entries(inner)) {
      if (name === key && content !== null) {
        const ttl = isObject(content) ? presentField(content, "ttl") : undefined;
        if (ttl !== undefined && ttl !== "5m") found = "1h";
        else if (found === "none") found = "5m";
      }
      walk(content);
    }
  };
  walk(value);
  return found;
}

/** Adds what an object asks Claude for that costs tokens of its own, without a published number. */
export function addUnpublished(reading: Reading, object: AnyObject): void {
  // Servers may take other values than `true` for it.
  if ((presentField(object, "strict") ?? false) !== false) reading.added.push("for a strict tool");
  // "Enabling citations incurs a slight increase in input tokens due to system prompt additions and document chunking"
  // (platform.claude.com/docs/en/build-with-claude/citations).
  const isCited = (presentField(objectField(object, "citations"), "enabled") ?? false) !== false;
  if (isCited) reading.added.push("for citations");
}

/** Whether `tool_choice` forces a tool. */
export function isForced(choice: AnyObject): boolean {
  const type = ownField(choice, "type");
  return type === "any" || type === "tool" || Object.hasOwn(choice, "any") || Object.hasOwn(choice, "tool");
}
