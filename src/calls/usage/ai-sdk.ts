import type { TokenUsage } from "../../tokens/fields.ts";
import { given, isPart, type Part } from "../record.ts";
import { maybe, mustAddUp, needed, NoCount, outputWith, part, parts, within } from "./counts.ts";

/**
 * The Vercel AI SDK's usage: flat counts (5), flat with details (6, 7), or a language model's own, nested.
 * The provider's report, where it is there (`raw`, or `providerMetadata.anthropic.usage`), says more.
 *
 * @param read - reads a provider's own report.
 */
export function aiSdkUsage(
  report: Part,
  metadata: Part,
  read: (report: Part) => TokenUsage | null,
): TokenUsage {
  const byModel = isPart(given(report, "inputTokens"));
  const usage = byModel ? nested(report) : flat(report);
  const raw = given(report, "raw");
  if (isPart(raw)) {
    const known = read(raw);
    if (known !== null && agree(known, usage)) return known;
    // Of several steps only one is there: it shows that the counts of all leave something dear out.
    const [dear] = Object.entries(known ?? {}).find(([key, count]) => count > 0 && DEAR.test(key)) ?? [];
    if (dear !== undefined) throw new NoCount(`the steps' sum leaves out ${dear}`);
  }
  const anthropic = given(metadata, "anthropic");
  if (byModel || given(report, "inputTokenDetails") !== undefined || !isPart(anthropic)) return usage;
  // Version 5 counts Anthropic's cache reads beside the input, and leaves the writes out.
  const own = given(anthropic, "usage");
  const known = isPart(own) ? read(own) : null;
  if (known?.outputTokens === usage.outputTokens && uncached(known) === usage.inputTokens) return known;
  throw new NoCount("inputTokens leaves out what Anthropic's cache was written with");
}

/** What the SDK's own counts do not have, and what may cost more than what it is part of. */
const DEAR = /1h|Audio|Image|Video|Citation|searches/;

function agree(known: TokenUsage, usage: TokenUsage): boolean {
  return known.inputTokens === usage.inputTokens && known.outputTokens === usage.outputTokens;
}

function uncached({ inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 }: TokenUsage): number {
  return inputTokens - cacheReadTokens - cacheWriteTokens;
}

function flat(report: Part): TokenUsage {
  const details = within(report, "inputTokenDetails");
  const written = within(report, "outputTokenDetails");
  const input = needed(report, "inputTokens");
  const reasoning = maybe(written, "reasoningTokens") ?? part(report, "reasoningTokens");
  const sides = { input, output: needed(report, "outputTokens"), reasoning };
  return addedUp({
    inputTokens: input,
    outputTokens: outputWith("totalTokens", maybe(report, "totalTokens"), sides),
    cacheReadTokens: maybe(details, "cacheReadTokens") ?? part(report, "cachedInputTokens"),
    cacheWriteTokens: part(details, "cacheWriteTokens"),
    outputReasoningTokens: reasoning,
    plain: maybe(details, "noCacheTokens"),
  });
}

function nested(report: Part): TokenUsage {
  const input = within(report, "inputTokens");
  const output = within(report, "outputTokens");
  return addedUp({
    inputTokens: needed(input, "total"),
    outputTokens: needed(output, "total"),
    cacheReadTokens: part(input, "cacheRead"),
    cacheWriteTokens: part(input, "cacheWrite"),
    outputReasoningTokens: part(output, "reasoning"),
    plain: maybe(input, "noCache"),
  });
}

/** `plain` is what the cache has nothing to do with, where the report says so. */
function addedUp({
  plain,
  ...usage
}: TokenUsage & {
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly plain: number | undefined;
}): TokenUsage {
  if (plain !== undefined) {
    mustAddUp("inputTokens", usage.inputTokens, plain + usage.cacheReadTokens + usage.cacheWriteTokens);
  }
  return usage;
}

/** Amazon Bedrock's converse speaks in the same words, with the cache beside. */
export function bedrockUsage(report: Part): TokenUsage {
  const cacheReadTokens = part(report, "cacheReadInputTokens");
  const cacheWriteTokens = part(report, "cacheWriteInputTokens");
  const fresh = needed(report, "inputTokens");
  const outputTokens = needed(report, "outputTokens");
  const total = maybe(report, "totalTokens");
  const inputTokens = fresh + cacheReadTokens + cacheWriteTokens;
  if (total !== fresh + outputTokens) mustAddUp("totalTokens", total, inputTokens + outputTokens);
  const hour = parts(report, "cacheDetails")
    .filter((one) => given(one, "ttl") !== "5m")
    .reduce((sum, one) => sum + part(one, "inputTokens"), 0);
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens: hour };
}
