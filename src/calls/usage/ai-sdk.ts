import type { TokenUsage } from "../../token-fields.ts";
import {
  field,
  isPart,
  maybe,
  mustAddUp,
  needed,
  NoCount,
  outputWith,
  type Part,
  part,
  parts,
  within,
} from "./counts.ts";

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
  const byModel = isPart(field(report, "inputTokens"));
  const usage = byModel ? nested(report) : flat(report);
  const raw = field(report, "raw");
  if (isPart(raw)) {
    const known = read(raw);
    if (known !== null && agree(known, usage)) return known;
    // Of several steps only one is there: it shows that the counts of all leave something dear out.
    const dear = Object.keys(known ?? {}).find((key) => DEAR.test(key) && Reflect.get(known ?? {}, key) > 0);
    if (dear !== undefined) throw new NoCount(`the counts of all steps leave out ${dear}`);
  }
  const anthropic = field(metadata, "anthropic");
  if (byModel || field(report, "inputTokenDetails") !== undefined || !isPart(anthropic)) return usage;
  // Version 5 counts Anthropic's cache reads beside the input, and leaves the writes out.
  const own = field(anthropic, "usage");
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
  const inputTokens = needed(report, "inputTokens");
  const answer = needed(report, "outputTokens");
  const reasoning = maybe(written, "reasoningTokens") ?? part(report, "reasoningTokens");
  const cacheReadTokens = maybe(details, "cacheReadTokens") ?? part(report, "cachedInputTokens");
  const cacheWriteTokens = part(details, "cacheWriteTokens");
  const plain = maybe(details, "noCacheTokens");
  if (plain !== undefined) mustAddUp("inputTokens", inputTokens, plain + cacheReadTokens + cacheWriteTokens);
  const sides = { input: inputTokens, output: answer, reasoning };
  return {
    inputTokens,
    outputTokens: outputWith("totalTokens", maybe(report, "totalTokens"), sides),
    cacheReadTokens,
    cacheWriteTokens,
    outputReasoningTokens: reasoning,
  };
}

function nested(report: Part): TokenUsage {
  const input = within(report, "inputTokens");
  const output = within(report, "outputTokens");
  const inputTokens = needed(input, "total");
  const cacheReadTokens = part(input, "cacheRead");
  const cacheWriteTokens = part(input, "cacheWrite");
  const plain = maybe(input, "noCache");
  if (plain !== undefined)
    mustAddUp("inputTokens.total", inputTokens, plain + cacheReadTokens + cacheWriteTokens);
  return {
    inputTokens,
    outputTokens: needed(output, "total"),
    cacheReadTokens,
    cacheWriteTokens,
    outputReasoningTokens: part(output, "reasoning"),
  };
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
    .filter((one) => field(one, "ttl") !== "5m")
    .reduce((sum, one) => sum + part(one, "inputTokens"), 0);
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens: hour };
}
