import type { TokenUsage } from "../../tokens/fields.ts";
import { isObject } from "../own-fields.ts";
import { UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import type { Reported } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";

/** The usage that a language model of version 6 or 7 gives to the SDK. Source: `LanguageModelV4Usage` of @ai-sdk/provider 4.0.38. */
const OF_MODEL: UsageShape = {
  requires: ["inputTokens.total", "outputTokens.total"],
  input: ["inputTokens.total"],
  output: ["outputTokens.total"],
  inside: {
    cacheRead: ["inputTokens.cacheRead"],
    cacheWrite: ["inputTokens.cacheWrite"],
    outputReasoning: ["outputTokens.reasoning"],
  },
  // `adjust` reads the first two, and `split` the last.
  informs: ["inputTokens.noCache", "outputTokens.text", "raw.*"],
};

/**
 * The usage of a result, also of pictures. In version 5, what is cached may be beside the input, and reasoning beside the
 * output; then the total shows it.
 *
 * Source: `LanguageModelUsage` and `ImageModelUsage` of the npm packages ai 7.0.173 and 6.0.326, `dist/index.d.ts`;
 * `LanguageModelV2Usage` of @ai-sdk/provider 3.0.19 for version 5.
 */
const OF_RESULT: UsageShape = {
  requires: ["inputTokens", "outputTokens"],
  excludes: ["inputTokens.total"],
  input: ["inputTokens"],
  output: ["outputTokens"],
  total: ["totalTokens"],
  inside: { cacheWrite: ["inputTokenDetails.cacheWriteTokens"] },
  either: {
    cacheRead: ["inputTokenDetails.cacheReadTokens", "cachedInputTokens"],
    outputReasoning: ["outputTokenDetails.reasoningTokens", "reasoningTokens"],
  },
  informs: ["inputTokenDetails.noCacheTokens", "outputTokenDetails.textTokens", "raw.*"],
};

/** Version 4. Source: `LanguageModelUsage` of the npm package ai 4.3.19, `dist/index.d.ts`. */
const OF_VERSION_4: UsageShape = {
  requires: ["promptTokens", "completionTokens"],
  input: ["promptTokens"],
  output: ["completionTokens"],
  total: ["totalTokens"],
};

/** Source: `EmbeddingModelUsage` of the npm package ai 7.0.173, `dist/index.d.ts`. */
const OF_EMBEDDING: UsageShape = {
  requires: ["tokens"],
  excludes: ["inputTokens", "outputTokens", "billed_units", "billedUnits"],
  input: ["tokens"],
  output: [],
};

/** The forms of the SDK's own counts, of which the first that fits is read. */
export const AI_SDK_USAGES: readonly UsageShape[] = [OF_MODEL, OF_RESULT, OF_VERSION_4, OF_EMBEDDING];

/** Checks the counts against their parts. */
export function checkedUsage(usage: TokenUsage, { usage: report, response }: Reported): TokenUsage {
  const { inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0, outputReasoningTokens = 0 } = usage;
  const plain = countAt(report, "inputTokenDetails.noCacheTokens") ?? countAt(report, "inputTokens.noCache");
  const parts = (plain ?? 0) + cacheReadTokens + cacheWriteTokens;
  if (plain !== undefined && parts !== inputTokens) {
    throw new UncountableError(`inputTokens must be ${parts}, the sum of its parts; got ${inputTokens}`);
  }
  // Only a total can show that more is beside than there is inside.
  const [input, output, total] = ["inputTokens", "outputTokens", "totalTokens"].map((key) =>
    valueAt(report, key),
  );
  const isMore = (part: number, side: unknown): boolean => typeof side === "number" && part > side;
  if (total === undefined && (isMore(outputReasoningTokens, output) || isMore(cacheReadTokens, input))) {
    throw new UncountableError("inputTokens and outputTokens must be at least their parts");
  }
  return Array.isArray(valueAt(response, "images")) ? ofPictures(usage, response) : usage;
}

/** What an image model writes are pictures. OpenAI's says of each how much of its input were pictures. */
function ofPictures(usage: TokenUsage, response: Reported["response"]): TokenUsage {
  const inputImageTokens = listAt(response, "providerMetadata.openai.images")
    .filter(isObject)
    .reduce((sum, image) => sum + (countAt(image, "imageTokens") ?? 0), 0);
  return {
    ...usage,
    outputImageTokens: usage.outputTokens,
    ...(inputImageTokens > 0 && { inputImageTokens }),
  };
}
