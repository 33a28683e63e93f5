import { microCents } from "../../money/micro-cents.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Part,
  type Protocol,
  type ReadContext,
  type Stated,
  UncountableError,
  UnfinishedError,
} from "../reports/account.ts";
import { grownSince } from "../reports/difference.ts";
import { mustFit } from "../reports/fits.ts";
import { dataOf, valueAt } from "../reports/numbers.ts";
import { countAt, shapeReader, type UsageShape } from "../reports/shape.ts";
import { statedUsd } from "../reports/stated.ts";
import { textAt } from "./lists.ts";

/**
 * The requests of a session that one model answered. Cached tokens are beside the input, thinking is inside the output.
 *
 * Source: `ModelUsage` of the npm package @anthropic-ai/claude-agent-sdk 0.3.332, `sdk.d.ts`.
 */
export const CLAUDE_MODEL_USAGE: UsageShape = {
  requires: ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"],
  input: ["inputTokens"],
  output: ["outputTokens"],
  inside: { outputReasoning: ["thinkingTokens"] },
  beside: {
    cacheRead: ["cacheReadInputTokens"],
    cacheWrite: ["cacheCreationInputTokens"],
    cacheWrite1h: ["cacheCreationEphemeral1hInputTokens"],
  },
  searches: ["webSearchRequests"],
  informs: [
    // `lasting` reads it.
    "cacheCreationEphemeral5mInputTokens",
    // An estimate: `stated` has it.
    "costUSD",
    "contextWindow",
    "maxOutputTokens",
  ],
};

/**
 * Of some writes the report does not say how long they live; these have the lifetime that was asked for. The cost that
 * the agent estimates takes them for writes of five minutes, the provider's default.
 */
function lasting(usage: TokenUsage, report: AnyObject, { cacheTtl }: ReadContext): TokenUsage {
  const { cacheWriteTokens = 0, cacheWrite1hTokens = 0 } = usage;
  const known = cacheWrite1hTokens + (countAt(report, "cacheCreationEphemeral5mInputTokens") ?? 0);
  if (known > cacheWriteTokens) {
    throw new UncountableError(`cacheCreationInputTokens must be at least ${known}, the sum of its parts`);
  }
  const rest = cacheTtl === "1h" ? cacheWriteTokens - known : 0;
  return rest > 0 ? { ...usage, cacheWrite1hTokens: cacheWrite1hTokens + rest } : usage;
}

/** The models of a report with their totals; `null` if it has none. */
function modelsOf(report: AnyObject): readonly (readonly [string, AnyObject])[] | null {
  const { fits } = shapeReader(CLAUDE_MODEL_USAGE);
  if (fits(report)) return [["", report]];
  const models = valueAt(report, "modelUsage") ?? report;
  if (!isObject(models)) return null;
  const found = dataOf(models).filter((of): of is [string, AnyObject] => isObject(of[1]) && fits(of[1]));
  const isWhole = found.length > 0 && found.length === dataOf(models).length;
  return isWhole ? found : null;
}

/** The model of an entry. Its canonical name has the prices of Anthropic's own API. */
function modelName(key: string, entry: AnyObject): string {
  const isOwn = ["", "firstParty", "anthropicAws"].includes(textAt(entry, "provider"));
  return (isOwn ? textAt(entry, "canonicalModel") : "") || key;
}

/** The estimate of the agent, of which only the growth counts. */
function stated(entry: AnyObject, before: AnyObject | undefined): Stated | undefined {
  const now = statedUsd(entry, ["costUSD"], "informs");
  if (now === undefined || before === undefined) return now;
  const then = statedUsd(before, ["costUSD"], "informs");
  // An estimate of a resumed session may be made anew: then nobody knows what it has grown by.
  return then === undefined || now.amount < then.amount
    ? undefined
    : { ...now, amount: microCents(now.amount - then.amount) };
}

/**
 * The result of a session of Claude's agent SDK. Its `usage` has the main loop only, and `modelUsage` has all requests, as
 * running totals of the session.
 */
export const CLAUDE_AGENT: Protocol = {
  name: "claude-agent",
  read: (report, context) => {
    const models = modelsOf(report);
    if (models === null) return refuseMainLoop(report);
    const { previous, informs } = context;
    const before = previous === undefined ? [] : isObject(previous) ? modelsOf(previous) : null;
    if (before === null) throw new UncountableError("previous does not have the shape of claude-agent");
    const earlier = new Map(before);
    for (const [key] of before) {
      if (!models.some(([name]) => name === key)) {
        throw new UncountableError(`the running total of the model ${key} is missing`);
      }
    }
    const { count } = shapeReader(CLAUDE_MODEL_USAGE);
    let strange = 0;
    const parts = models.map(([key, entry]): Part => {
      const { usage, apart, strange: zeros } = count(entry, informs);
      strange += zeros;
      const then = earlier.get(key);
      const total = lasting(usage, entry, context);
      const grown =
        then === undefined ? total : grownSince(total, lasting(count(then, informs).usage, then, context));
      mustFit(grown);
      const model = modelName(key, entry);
      return {
        usage: grown,
        served: model === "" ? {} : { model },
        stated: stated(entry, then),
        apart,
        requests: null,
      };
    });
    const used = parts.filter(({ usage }) => usage.inputTokens + usage.outputTokens > 0);
    if (!used.some(({ usage }) => usage.inputTokens > 0))
      throw new UncountableError("the report has no input tokens");
    return { parts: used, strange };
  },
};

/** A result without its models does not have the whole session, whatever another protocol makes of its usage. */
function refuseMainLoop(report: AnyObject): null {
  if (textAt(report, "type") !== "result" || valueAt(report, "total_cost_usd") === undefined) return null;
  throw new UnfinishedError("its usage has the main loop only, and modelUsage is missing");
}
