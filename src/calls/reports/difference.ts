import type { TokenUsage } from "../../tokens/fields.ts";
import { UncountableError } from "./account.ts";

/**
 * What a running total has grown by.
 *
 * @throws UncountableError if a count went down: then the two are not of the same session.
 */
export function grownSince(total: TokenUsage, before: TokenUsage): TokenUsage {
  // Every field of TokenUsage is a count.
  const [now, then] = [total, before] as unknown as readonly Readonly<Record<string, number>>[];
  const grown: Record<string, number> = {};
  for (const field of new Set([...Object.keys(before), ...Object.keys(total)])) {
    const count = (now?.[field] ?? 0) - (then?.[field] ?? 0);
    if (count < 0)
      throw new UncountableError(`the running total of ${field} went down from the previous report`);
    if (count > 0 || field === "inputTokens" || field === "outputTokens") grown[field] = count;
  }
  // The two required counts are there, and the other keys are those of TokenUsage.
  return grown as unknown as TokenUsage;
}
