import type { TokenUsage } from "../../tokens/fields.ts";
import { given, type Part } from "../record.ts";
import { maybe, mustAddUp, needed, NoCount, part, parts, within } from "./counts.ts";
import { reportedSearches } from "./searches.ts";

/** Anthropic's messages, also on Bedrock and Vertex: what was read from and written to a cache is beside. */
export function anthropicUsage(report: Part): TokenUsage {
  sameModelAndPrices(report);
  const creation = within(report, "cache_creation");
  const hour = part(creation, "ephemeral_1h_input_tokens");
  const lasting = part(creation, "ephemeral_5m_input_tokens") + hour;
  const written = maybe(report, "cache_creation_input_tokens");
  // Without the breakdown it is what a cache write is unless somebody asks for an hour.
  if (Object.keys(creation).length > 0) mustAddUp("cache_creation_input_tokens", written, lasting);
  const cacheReadTokens = part(report, "cache_read_input_tokens");
  const cacheWriteTokens = written ?? lasting;
  return {
    inputTokens: needed(report, "input_tokens") + cacheReadTokens + cacheWriteTokens,
    outputTokens: needed(report, "output_tokens"),
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: hour,
    outputReasoningTokens: part(within(report, "output_tokens_details"), "thinking_tokens"),
    searches: reportedSearches(within(report, "server_tool_use")),
  };
}

/** What the totals leave out, or what has other prices than the model's own. */
function sameModelAndPrices(report: Part): void {
  if (parts(report, "iterations").some((one) => given(one, "type") !== "message")) {
    throw new NoCount("iterations hold more than the totals");
  }
  if (given(report, "speed") === "fast") throw new NoCount("speed is fast, which is charged extra");
  const geo = given(report, "inference_geo");
  if (geo !== undefined && geo !== "global" && geo !== "not_available") {
    throw new NoCount("inference_geo is charged extra");
  }
}
