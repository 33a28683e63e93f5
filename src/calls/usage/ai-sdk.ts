import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject, presentField } from "../own-fields.ts";
import {
  countOrZero,
  mustAddUp,
  objectAt,
  objectsAt,
  optionalCount,
  outputWithReasoning,
  requiredCount,
  UncountableError,
} from "./counts.ts";

/**
 * Reads the usage of the Vercel AI SDK: flat counts (version 5), flat counts with details (6 and 7), or the nested
 * counts of a language model. The provider's own report has more detail; it is used if it is there (`raw`, or
 * `providerMetadata.anthropic.usage`) and agrees.
 *
 * @param read - reads a provider's own report.
 * @throws UncountableError if the SDK's counts leave out tokens or searches that cost more.
 */
export function aiSdkUsage(
  report: AnyObject,
  metadata: AnyObject,
  read: (report: AnyObject) => TokenUsage | null,
): TokenUsage {
  const byModel = isObject(presentField(report, "inputTokens"));
  const usage = byModel ? nested(report) : flat(report);
  const raw = presentField(report, "raw");
  if (isObject(raw)) {
    const known = read(raw);
    if (known !== null && agree(known, usage)) return known;
    // The sum of several steps has the report of one step only. It shows which expensive kinds the sum leaves out.
    const [missing] =
      Object.entries(known ?? {}).find(([key, count]) => count > 0 && NOT_IN_SDK.test(key)) ?? [];
    if (missing !== undefined) throw new UncountableError(`the sum of the steps leaves out ${missing}`);
  }
  const anthropic = presentField(metadata, "anthropic");
  if (byModel || presentField(report, "inputTokenDetails") !== undefined || !isObject(anthropic))
    return usage;
  // Version 5 counts Anthropic's cache reads outside inputTokens and leaves out the cache writes.
  const anthropicReport = presentField(anthropic, "usage");
  const known = isObject(anthropicReport) ? read(anthropicReport) : null;
  if (known?.outputTokens === usage.outputTokens && uncached(known) === usage.inputTokens) return known;
  throw new UncountableError("inputTokens leaves out Anthropic's cache writes");
}

/** Kinds that the SDK's counts do not have, and that may cost more than the kind that they are part of. */
const NOT_IN_SDK = /1h|Audio|Image|Video|Citation|searches/;

function agree(known: TokenUsage, usage: TokenUsage): boolean {
  return known.inputTokens === usage.inputTokens && known.outputTokens === usage.outputTokens;
}

function uncached({ inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 }: TokenUsage): number {
  return inputTokens - cacheReadTokens - cacheWriteTokens;
}

function flat(report: AnyObject): TokenUsage {
  const details = objectAt(report, "inputTokenDetails");
  const written = objectAt(report, "outputTokenDetails");
  const input = requiredCount(report, "inputTokens");
  const reasoning = optionalCount(written, "reasoningTokens") ?? countOrZero(report, "reasoningTokens");
  const sides = { input, output: requiredCount(report, "outputTokens"), reasoning };
  return checkedInput({
    inputTokens: input,
    outputTokens: outputWithReasoning("totalTokens", optionalCount(report, "totalTokens"), sides),
    cacheReadTokens: optionalCount(details, "cacheReadTokens") ?? countOrZero(report, "cachedInputTokens"),
    cacheWriteTokens: countOrZero(details, "cacheWriteTokens"),
    outputReasoningTokens: reasoning,
    plain: optionalCount(details, "noCacheTokens"),
  });
}

function nested(report: AnyObject): TokenUsage {
  const input = objectAt(report, "inputTokens");
  const output = objectAt(report, "outputTokens");
  return checkedInput({
    inputTokens: requiredCount(input, "total"),
    outputTokens: requiredCount(output, "total"),
    cacheReadTokens: countOrZero(input, "cacheRead"),
    cacheWriteTokens: countOrZero(input, "cacheWrite"),
    outputReasoningTokens: countOrZero(output, "reasoning"),
    plain: optionalCount(input, "noCache"),
  });
}

/** Checks the input against its parts. `plain` is the input outside the cache, if the report has it. */
function checkedInput({
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

/** Reads the usage of Amazon Bedrock's Converse API. Its cache tokens are not included in `inputTokens`. */
export function bedrockUsage(report: AnyObject): TokenUsage {
  const cacheReadTokens = countOrZero(report, "cacheReadInputTokens");
  const cacheWriteTokens = countOrZero(report, "cacheWriteInputTokens");
  const fresh = requiredCount(report, "inputTokens");
  const outputTokens = requiredCount(report, "outputTokens");
  const total = optionalCount(report, "totalTokens");
  const inputTokens = fresh + cacheReadTokens + cacheWriteTokens;
  if (total !== fresh + outputTokens) mustAddUp("totalTokens", total, inputTokens + outputTokens);
  const hour = objectsAt(report, "cacheDetails")
    .filter((one) => presentField(one, "ttl") !== "5m")
    .reduce((sum, one) => sum + countOrZero(one, "inputTokens"), 0);
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens: hour };
}
