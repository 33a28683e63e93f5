import type { TokenUsage } from "dispatch-kit";
import { json } from "./vectors.ts";

type UnitPrice =
  | string
  | { readonly base: string; readonly tiers: readonly { above_input_tokens: number; price: string }[] };

/** A cost that the tests of another project assert; see test/vectors/README.md. */
export interface RecordedCost {
  readonly id: string;
  readonly model: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly expected_usd: { readonly total: string };
  readonly unit_prices: Readonly<Record<string, UnitPrice>>;
  readonly convention: string;
}

export const { token_cases: RECORDED_COSTS } = json("llm-costs") as {
  readonly token_cases: readonly RecordedCost[];
};

/** The counts for `tokenCost`, whose input includes the cached tokens. */
export function recordedUsage({ usage, convention }: RecordedCost): TokenUsage {
  const count = (field: string): number => usage[field] ?? 0;
  const cached = count("cache_read_tokens") + count("cache_write_tokens");
  return {
    inputTokens: count("input_tokens") + (convention.startsWith("exclusive") ? cached : 0),
    outputTokens: count("output_tokens"),
    cacheReadTokens: count("cache_read_tokens"),
    cacheWriteTokens: count("cache_write_tokens"),
    cacheWrite1hTokens: count("cache_write_1h_tokens"),
    searches: count("web_searches"),
  };
}
