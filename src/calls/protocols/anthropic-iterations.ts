import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import { type Part, type ReadContext, type Served, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { countAt, shapeReader, type UsageShape } from "../reports/shape.ts";
import type { Reported } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";

/** The counts that a message and each of its iterations have: cache tokens are beside the input. */
export const COUNTS: UsageShape = {
  requires: ["input_tokens", "output_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  beside: {
    cacheRead: ["cache_read_input_tokens"],
    cacheWrite: [
      "cache_creation_input_tokens",
      "cache_creation.ephemeral_5m_input_tokens + cache_creation.ephemeral_1h_input_tokens",
    ],
    cacheWrite1h: ["cache_creation.ephemeral_1h_input_tokens"],
  },
};

/** The whole of a message or an iteration: cache writes that it does not split have the lifetime that was asked for. */
export function withLifetime(
  usage: TokenUsage,
  report: AnyObject,
  cacheTtl: ReadContext["cacheTtl"],
): TokenUsage {
  const written = usage.cacheWriteTokens ?? 0;
  const split = ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"].map((key) =>
    countAt(report, `cache_creation.${key}`),
  );
  if (split.some((count) => count !== undefined)) {
    const sum = split.reduce<number>((total, count) => total + (count ?? 0), 0);
    if (sum === written) return usage;
    throw new UncountableError(`cache_creation must add up to ${written}; got ${sum}`);
  }
  return written > 0 && cacheTtl === "1h" ? { ...usage, cacheWrite1hTokens: written } : usage;
}

/** One entry of `usage.iterations`. */
interface Iteration {
  readonly type: string;
  /** Whether it leaves out what was cached. */
  readonly isBrief: boolean;
  readonly part: Part;
}

const INSIDE = ["message", "fallback_message"];
const OUTSIDE = ["compaction", "advisor_message"];

/**
 * The requests of a message. Its own counts are the sum of the iterations of the model that answered. Compactions,
 * advisors and the attempts of a model that declined are outside of them.
 *
 * Source: `BetaIterationsUsage` and `BetaFallbackMessageIterationUsage` of @anthropic-ai/sdk 1.13.0; an answer with a
 * declined attempt is in fable_5_fallback_billing/guide.ipynb of github.com/anthropics/claude-cookbooks.
 */
export function requestsOf(whole: Part, { usage }: Reported, context: ReadContext): readonly Part[] {
  const reader = shapeReader(COUNTS);
  const iterations = listAt(usage, "iterations").map((one): Iteration => {
    const type = valueAt(one, "type");
    if (
      !isObject(one) ||
      !reader.fits(one) ||
      typeof type !== "string" ||
      ![...INSIDE, ...OUTSIDE].includes(type)
    ) {
      throw new UncountableError("iterations has an entry that the protocol does not know");
    }
    const counted = reader.count(one, context.informs);
    const model = valueAt(one, "model");
    const served: Served = { ...whole.served, ...(typeof model === "string" && { model }) };
    const isBrief = !("cache_read_input_tokens" in one) && !("cache_creation_input_tokens" in one);
    return {
      type,
      isBrief,
      part: { usage: withLifetime(counted.usage, one, context.cacheTtl), served, apart: [] },
    };
  });
  const outside = iterations.filter(({ type }) => OUTSIDE.includes(type)).map(({ part }) => part);
  return [
    ...attemptsOf(
      whole,
      iterations.filter(({ type }) => INSIDE.includes(type)),
    ),
    ...outside,
  ];
}

function attemptsOf(whole: Part, attempts: readonly Iteration[]): readonly Part[] {
  if (attempts.length === 0) return [whole];
  const [only, ...more] = attempts;
  if (more.length === 0 && only?.isBrief === true && isFresh(only.part, whole)) return [whole];
  const fallback = attempts.find(({ type }) => type === "fallback_message")?.part.served.model;
  const isDeclined = ({ part }: Iteration): boolean =>
    fallback !== undefined && part.served.model !== fallback;
  const declined = attempts.filter(isDeclined).map(({ part }) => part);
  const serving = attempts.filter((one) => !isDeclined(one)).map(({ part }) => part);
  if (!isSum([...declined, ...serving], whole) && !isSum(serving, whole)) {
    throw new UncountableError("iterations must add up to the counts of the message");
  }
  if (declined.length > 0) refuseRepricing(declined, serving);
  // What was declined before it had output is not billed: section 4 of the guide.
  const billed = declined.filter(({ usage }) => usage.outputTokens > 0);
  // A single iteration is the message itself, which has more detail.
  const answered = serving.length === 1 && isSum(serving, whole) ? [whole] : withDetails(whole, serving);
  return [...billed, ...answered];
}

/** Whether a part has all the tokens of the whole that were not cached. */
function isFresh({ usage }: Part, { usage: { inputTokens, outputTokens, ...cached } }: Part): boolean {
  const fresh = inputTokens - (cached.cacheReadTokens ?? 0) - (cached.cacheWriteTokens ?? 0);
  return usage.inputTokens === fresh && usage.outputTokens === outputTokens;
}

/** After a refusal, what was cached for the first model is billed to the second one as a cache read. */
function refuseRepricing(declined: readonly Part[], serving: readonly Part[]): void {
  const isCached = ({ usage }: Part): boolean =>
    usage.cacheWriteTokens !== undefined || usage.cacheReadTokens !== undefined;
  if (!declined.some(isCached) && !serving.some(({ usage }) => usage.cacheWriteTokens !== undefined)) return;
  throw new UncountableError("another model declined, which changes the price of cache writes");
}

/** Gives the first requests what the message counts and the iterations do not: thinking and searches. */
function withDetails(whole: Part, serving: readonly Part[]): readonly Part[] {
  const { outputReasoningTokens = 0, searches = 0 } = whole.usage;
  let left = outputReasoningTokens;
  return serving.map((part, index) => {
    const reasoning = Math.min(left, part.usage.outputTokens);
    left -= reasoning;
    return {
      ...part,
      usage: {
        ...part.usage,
        ...(reasoning > 0 && { outputReasoningTokens: reasoning }),
        ...(index === 0 && searches > 0 && { searches }),
      },
      apart: index === 0 ? whole.apart : [],
    };
  });
}

const SUMMED = [
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
] as const;

function isSum(parts: readonly Part[], whole: Part): boolean {
  return SUMMED.every((field) => {
    const sum = parts.reduce((total, { usage }) => total + (usage[field] ?? 0), 0);
    // Iterations may leave out how long their writes live; a single one then has the lifetime of the message.
    return sum === (whole.usage[field] ?? 0) || (field === "cacheWrite1hTokens" && parts.length === 1);
  });
}
