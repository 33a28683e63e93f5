import type { TokenUsage } from "../../tokens/fields.ts";
import type { Account } from "./account.ts";

/** The tokens of all parts of an account. */
export function sumOfParts({ parts }: Account): TokenUsage {
  const sum: Record<string, number> = { inputTokens: 0, outputTokens: 0 };
  for (const { usage } of parts) {
    // Every field of TokenUsage is a count.
    for (const [field, count] of Object.entries(usage as unknown as Readonly<Record<string, number>>)) {
      if (count > 0) sum[field] = (sum[field] ?? 0) + count;
    }
  }
  // The two required counts are there, and the other keys are those of TokenUsage.
  return Object.freeze(sum) as unknown as TokenUsage;
}
