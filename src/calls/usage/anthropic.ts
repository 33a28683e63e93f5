import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, presentField } from "../own-fields.ts";
import {
  countOrZero,
  mustAddUp,
  objectAt,
  objectsAt,
  optionalCount,
  requiredCount,
  UncountableError,
} from "./counts.ts";
import { reportedSearches } from "./searches.ts";

/**
 * Reads the usage of Anthropic's messages, also on Bedrock and Vertex. Cache tokens are not included in `input_tokens`.
 */
export function anthropicUsage(report: AnyObject): TokenUsage {
  refuseOtherPrices(report);
  const creation = objectAt(report, "cache_creation");
  const hour = countOrZero(creation, "ephemeral_1h_input_tokens");
  const lasting = countOrZero(creation, "ephemeral_5m_input_tokens") + hour;
  const written = optionalCount(report, "cache_creation_input_tokens");
  // Without the breakdown, all cache writes count as the default kind, five minutes.
  if (Object.keys(creation).length > 0) mustAddUp("cache_creation_input_tokens", written, lasting);
  const cacheReadTokens = countOrZero(report, "cache_read_input_tokens");
  const cacheWriteTokens = written ?? lasting;
  return {
    inputTokens: requiredCount(report, "input_tokens") + cacheReadTokens + cacheWriteTokens,
    outputTokens: requiredCount(report, "output_tokens"),
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: hour,
    outputReasoningTokens: countOrZero(objectAt(report, "output_tokens_details"), "thinking_tokens"),
    searches: reportedSearches(objectAt(report, "server_tool_use")),
  };
}

/** Refuses a report whose totals leave something out, or whose call has other prices than the model's own. */
function refuseOtherPrices(report: AnyObject): void {
  if (objectsAt(report, "iterations").some((one) => presentField(one, "type") !== "message")) {
    throw new UncountableError("iterations has tokens that the totals leave out");
  }
  if (presentField(report, "speed") === "fast")
    throw new UncountableError("speed is fast, which costs extra");
  const geo = presentField(report, "inference_geo");
  if (geo !== undefined && geo !== "global" && geo !== "not_available") {
    throw new UncountableError("inference_geo costs extra");
  }
}
