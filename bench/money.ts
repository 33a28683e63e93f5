import {
  BudgetState,
  CostRates,
  estimateCost,
  estimateTokens,
  formatUsd,
  microCents,
  perHour,
  tokenCost,
  TokenRates,
  usd,
} from "dispatch-kit";
import { do_not_optimize } from "mitata";
import { type Case } from "./measure.ts";
import { numbers } from "./random.ts";

const SETS = 256;

function sets<Set>(make: (below: (limit: number) => number) => Set): readonly Set[] {
  const below = numbers(SETS);
  return Array.from({ length: SETS }, () => make(below));
}

const MACHINE = new CostRates({
  gpuUsdPerS: perHour("2.99"),
  vcpuUsdPerS: "0.000018",
  gibUsdPerS: "0.000002",
  idleTailS: 600,
});
const MODEL = new TokenRates({
  inputUsdPerMTok: "3",
  outputUsdPerMTok: "15",
  cacheReadUsdPerMTok: "0.30",
  cacheWriteUsdPerMTok: "3.75",
  tiers: [{ aboveInputTokens: 200_000, inputUsdPerMTok: "6", outputUsdPerMTok: "22.50" }],
});

/** The work around a check: from prices to amounts, from amounts to text and back, from a row to a state. */
export function moneyCases(): readonly Case[] {
  const jobs = sets((below) => ({
    maxRuntimeS: 60 + below(7200),
    vcpus: 1 + below(16),
    memoryGib: below(64),
  }));
  const limits = sets((below) => ({ maxInputTokens: below(400_000), maxOutputTokens: below(8192) }));
  const usages = sets((below) => {
    const cacheReadTokens = below(100_000);
    const inputTokens = cacheReadTokens + below(200_000);
    return { inputTokens, outputTokens: below(8192), cacheReadTokens, cacheWriteTokens: 0 };
  });
  const cents = sets((below) => below(10_000_000) / 100);
  const strings = cents.map((dollars) => dollars.toFixed(2));
  const amounts = sets((below) => microCents(BigInt(below(10_000_000)) * BigInt(1 + below(10_000))));
  const rows = amounts.map((reserved, index) => ({ reserved, spent: amounts[SETS - 1 - index] ?? reserved }));

  const cases: Record<string, () => void> = {
    estimateCost: () => {
      for (const job of jobs) do_not_optimize(estimateCost(MACHINE, job));
    },
    "estimateTokens, two tiers": () => {
      for (const limit of limits) do_not_optimize(estimateTokens(MODEL, limit));
    },
    "tokenCost, two tiers": () => {
      for (const usage of usages) do_not_optimize(tokenCost(MODEL, usage));
    },
    "usd(string)": () => {
      for (const text of strings) do_not_optimize(usd(text));
    },
    "usd(number)": () => {
      for (const dollars of cents) do_not_optimize(usd(dollars));
    },
    formatUsd: () => {
      for (const amount of amounts) do_not_optimize(formatUsd(amount));
    },
    "new BudgetState": () => {
      for (const row of rows) do_not_optimize(new BudgetState(row));
    },
  };
  return Object.entries(cases).map(([name, run]) => ({ name, calls: SETS, run }));
}
