import { type MicroCents, TokenRates, usd } from "dispatch-kit";
import { actualOf, type ProtocolName, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { AGENT_REPORTS } from "./agent-reports.ts";
import { DIALECT_REPORTS } from "./dialect-reports.ts";
import type { FullReport } from "./full-report.ts";
import { MODEL_REPORTS } from "./model-reports.ts";
import { OPENAI_REPORTS } from "./openai-reports.ts";
import { OTHER_REPORTS } from "./other-reports.ts";
import { TOOL_REPORTS } from "./tool-reports.ts";

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheReadUsdPerMTok: "0.3",
  cacheWriteUsdPerMTok: "3.75",
  cacheWrite1hUsdPerMTok: 6,
  searchUsd: "0.01",
});

const FULL = [
  ...OPENAI_REPORTS,
  ...DIALECT_REPORTS,
  ...OTHER_REPORTS,
  ...MODEL_REPORTS,
  ...TOOL_REPORTS,
  ...AGENT_REPORTS,
];
const named = FULL.map((full) => [`${full.protocol}, ${full.form}`, full] as const);

/** A copy of a report with a number added at an object, for every object in its usage. */
function withNumber(
  { report, at }: FullReport,
  name: string,
  value: unknown,
): readonly (readonly [string, object])[] {
  const paths = objectsIn(valueAt(report, at), at);
  return paths.map((path) => {
    const copy = structuredClone(report);
    Object.assign(valueAt(copy, path), { [name]: value });
    return [path, copy] as const;
  });
}

function valueAt(report: object, path: string): object {
  const keys = path === "" ? [] : path.split(".");
  // The paths are those of objects in the reports above.
  return keys.reduce<object>((value, key) => (value as Record<string, object>)[key] ?? {}, report);
}

/** Content and what may have any names below it are left out. */
const OPEN = new Set(["message", "embeddings", "cost", "tokens", "api_version", "tool_calls_details"]);

function objectsIn(value: object, path: string): readonly string[] {
  const below = Object.entries(value)
    .filter(([key, field]) => typeof field === "object" && field !== null && !OPEN.has(key))
    .flatMap(([key, field]) => objectsIn(field as object, path === "" ? key : `${path}.${key}`));
  // A list has no names of its own.
  return Array.isArray(value) ? below : [path, ...below];
}

const isOpen = (path: string): boolean =>
  path.endsWith("server_side_tool_usage_details") || path.endsWith("server_tool_use");

describe("usageOf: every number that a protocol knows", () => {
  it.each(named)("%s", (_, { protocol, report, usage }) => {
    expect(usageOf(report, { protocol })).toEqual({ kind: "counted", usage, protocols: [protocol] });
  });

  it.each(named)("without a name, the same if a protocol is found: %s", (_, { protocol, report, usage }) => {
    const found = usageOf(report);
    if (found.kind === "counted") {
      expect(found.usage).toEqual(usage);
      expect(found.protocols).toContain(protocol);
    }
  });

  it.each(named)("a number that it does not know makes it unknown, and is named: %s", (_, full) => {
    for (const [path, report] of withNumber(full, "new_tokens", 7)) {
      const outcome = actualOf(rates, report, { protocol: full.protocol });
      if (isOpen(path) && full.stated !== undefined) continue;
      expect(outcome, path).toMatchObject({
        kind: "unknown",
        reason: expect.stringContaining("new_tokens") as string,
      });
    }
  });

  it.each(named)("a zero that it does not know changes nothing: %s", (_, full) => {
    for (const [, report] of withNumber(full, "new_tokens", 0)) {
      expect(usageOf(report, { protocol: full.protocol })).toMatchObject({ usage: full.usage });
    }
  });

  it.each(named)("a number that the caller admits informs: %s", (_, full) => {
    for (const [, report] of withNumber(full, "new_tokens", 0.7)) {
      const options = { protocol: full.protocol, informs: ["new_tokens"] };
      expect(usageOf(report, options)).toMatchObject({ usage: full.usage });
    }
  });
});

describe("actualOf: the cost that a report states", () => {
  it.each(named.filter(([, { stated }]) => stated !== undefined))(
    "%s",
    (_, { protocol, report, stated = "" }) => {
      const cost = usd(stated);
      expect(actualOf(rates, report, { protocol })).toMatchObject({
        kind: "counted",
        actual: cost,
        stated: cost,
      });
    },
  );

  it.each([
    ["openrouter", { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, cost: 0 }],
    ["perplexity", { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, cost: { total_cost: 0 } }],
    ["xai", { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, cost_in_usd_ticks: 0 }],
  ] as const)("%s: a stated 0 does not pay for tokens that have a price", (protocol, usage) => {
    expect(actualOf(rates, usage, { protocol }).actual).toBe(usd("0.000045"));
  });

  it.each<[ProtocolName, object, RegExp]>([
    ["openrouter", { cost: -1 }, /cost must be an amount/],
    ["openrouter", { cost: "free" }, /cost must be an amount/],
    ["openrouter", { cost: 0.0001, is_byok: true }, /is_byok/],
    ["openrouter", { cost: NaN }, /cost must be an amount/],
    ["perplexity", { cost: { total_cost: 1, currency: "EUR" } }, /currency is not USD/],
    ["xai", { cost_in_usd_ticks: 1.5 }, /cost_in_usd_ticks must be a whole number/],
  ])("%s: does not guess at %o", (protocol, more, reason) => {
    const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, ...more };
    expect(actualOf(rates, usage, { protocol })).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(reason) as string,
    });
  });

  it("sums what the router and the provider charge exactly, and rounds once", () => {
    const cost_details = { upstream_inference_cost: 0.000000004 };
    const usage = { prompt_tokens: 1, completion_tokens: 1, cost: 0.000000004, is_byok: true, cost_details };
    expect(actualOf(rates, usage, { protocol: "openrouter" }).actual).toBe(1n as MicroCents);
  });

  it("xAI's ticks pay for tools without a price, and without them nothing does", () => {
    const usage = {
      input_tokens: 100,
      output_tokens: 10,
      total_tokens: 110,
      num_server_side_tools_used: 3,
      server_side_tool_usage_details: { web_search_calls: 1, x_search_calls: 2 },
    };
    const options = { protocol: "xai" } as const;
    expect(actualOf(rates, usage, options)).toMatchObject({ kind: "unknown" });
    expect(actualOf(rates, { ...usage, cost_in_usd_ticks: 5_000_000_001 }, options).actual).toBe(
      usd("0.50000001"),
    );
    expect(usageOf(usage, options)).toMatchObject({ kind: "unknown" });
  });
});
