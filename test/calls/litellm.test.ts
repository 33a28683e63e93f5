import { estimateTokens, tokenCost, TokenRates, type TokenUsage } from "dispatch-kit";
import { actualOf, ratesFromLitellm, type RatesOutcome } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { numbers } from "../../bench/random.ts";
import { add, compare, dollars, type Rational, rational, times } from "../support/rational.ts";
import { type LitellmEntry, litellmList } from "./support.ts";
import { acceptedUsages, priced } from "./prices-support.ts";
import { kindsOf } from "./usages.ts";

const at = new Date("2026-11-25T10:00:00Z");
const list = litellmList();
const read = Object.keys(list).map((model) => ({ model, outcome: ratesFromLitellm(list, model, { at }) }));

/** LiteLLM's own rules, written apart from the reader: which of an entry's keys a count of input tokens selects. */
function listed(entry: LitellmEntry, input: number): (key: string) => Rational | null {
  const number = (from: LitellmEntry, key: string): Rational | null => {
    const value = from[key];
    return typeof value === "number" && value > 0 ? noiseless(value) : null;
  };
  const table = entry["tiered_pricing"] as
    readonly (LitellmEntry & { range: readonly [number, number] })[] | undefined;
  const row =
    table?.find(({ range: [from, to] }) => from < input && input <= to) ??
    (input > 0 ? table?.at(-1) : table?.[0]);
  if (row !== undefined) return (key) => number(row, key);
  const inclusive = entry["litellm_provider"] === "xai" ? 1 : 0;
  const reached = Object.keys(entry)
    .flatMap((key) => /^input_cost_per_token_above_(\d+)k_tokens$/.exec(key)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
    .find((thousands) => input + inclusive > thousands * 1000);
  return (key) =>
    (reached === undefined ? null : number(entry, `${key}_above_${reached}k_tokens`)) ?? number(entry, key);
}

/** Per token; a float with noise is taken to be at most 10^-12 USD a million tokens dearer. */
function noiseless(value: number): Rational {
  const digits = String(value).split("e")[0]?.replace(".", "").replace(/^0+/, "") ?? "";
  if (digits.length <= 15) return rational(value);
  const { over, under } = times(rational(value), rational("1e18"));
  return times({ over: (over + under - 1n) / under, under: 1n }, rational("1e-18"));
}

function expected(entry: LitellmEntry, usage: TokenUsage): Rational {
  const at = listed(entry, usage.inputTokens);
  const must = (key: string): Rational => {
    const price = at(key);
    if (price === null) throw new Error(`no ${key}`);
    return price;
  };
  const {
    inputTokens,
    outputTokens,
    cacheReadTokens = 0,
    cacheWriteTokens = 0,
    cacheWrite1hTokens = 0,
  } = usage;
  const { outputReasoningTokens = 0 } = usage;
  const input = must("input_cost_per_token");
  const output =
    entry["mode"] === "embedding" ? (at("output_cost_per_token") ?? input) : must("output_cost_per_token");
  // LiteLLM takes a missing cache price for 0; here it is the input price.
  const written = at("cache_creation_input_token_cost") ?? input;
  return add(
    times(rational(inputTokens - cacheReadTokens - cacheWriteTokens), input),
    times(
      rational(cacheReadTokens),
      at("cache_read_input_token_cost") ?? at("input_cost_per_token_cache_hit") ?? input,
    ),
    times(rational(cacheWriteTokens - cacheWrite1hTokens), written),
    times(rational(cacheWrite1hTokens), at("cache_creation_input_token_cost_above_1hr") ?? written),
    times(rational(outputTokens - outputReasoningTokens), output),
    times(rational(outputReasoningTokens), at("output_cost_per_reasoning_token") ?? output),
  );
}

describe("ratesFromLitellm", () => {
  it("reads the models that are sold by the token, and says why it does not read the rest", () => {
    const refused = read.flatMap(({ model, outcome }) =>
      outcome.kind === "refused" ? [{ model, ...outcome }] : [],
    );
    expect(read.length - refused.length).toBeGreaterThan(2300);
    const chat = refused.filter(
      ({ model }) => list[model]?.["mode"] === "chat" && (list[model]["input_cost_per_token"] ?? 0) !== 0,
    );
    // What is left of them has no output price, or is an embedding under a wrong mode.
    expect(chat.map(({ why }) => why).filter((why) => why !== "zero")).toEqual([]);
    expect(refused.every(({ reason }) => reason !== "")).toBe(true);
  });

  it("costs what LiteLLM's rules say, for every model it reads", () => {
    const draw = numbers(21);
    const wrong: string[] = [];
    let compared = 0;
    for (const { model, outcome } of read) {
      if (outcome.kind === "refused" || outcome.free) continue;
      for (const usage of acceptedUsages(outcome.rates, draw, 7)) {
        if (usage.inputAudioTokens !== undefined) continue;
        const plain = { ...usage, searches: 0 };
        const fee = tokenCost(outcome.rates, { inputTokens: 0, outputTokens: 0 });
        const cost = dollars(tokenCost(outcome.rates, plain) - fee);
        const exact = expected(list[model] ?? {}, plain);
        if (compare(cost, exact) < 0 || compare(cost, add(exact, dollars(1n))) > 0) {
          wrong.push(`${model} ${JSON.stringify(plain)}`);
        }
        compared++;
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(9000);
  });

  it("estimateTokens is never below tokenCost of any usage within its bounds, for every model", () => {
    const draw = numbers(22);
    const wrong: string[] = [];
    for (const { model, outcome } of read) {
      if (outcome.kind === "refused") continue;
      for (const usage of acceptedUsages(outcome.rates, draw, 6)) {
        const { inputTokens, outputTokens, searches = 0 } = usage;
        const most = { maxInputTokens: inputTokens, maxOutputTokens: outputTokens, maxSearches: searches };
        const tight = Object.fromEntries(
          kindsOf(usage).map(([kind, count]) => [
            `max${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
            count,
          ]),
        );
        const cost = tokenCost(outcome.rates, usage);
        const bounds = [most, { ...most, ...tight }].map((of) => estimateTokens(outcome.rates, of));
        if (bounds.some((bound) => bound < cost)) wrong.push(`${model}: ${bounds.join()} for ${cost}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  const entry = { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, mode: "chat" };
  const of = (more: object, options: object = {}): RatesOutcome =>
    ratesFromLitellm({ m: { ...entry, ...more } }, "m", { at, ...options });

  it("prices of each kind, of a request and of a search", () => {
    const rates = priced(
      of({
        cache_read_input_token_cost: 3e-7,
        cache_creation_input_token_cost: 3.75e-6,
        cache_creation_input_token_cost_above_1hr: 6e-6,
        input_cost_per_audio_token: 4e-5,
        cache_read_input_audio_token_cost: 2.5e-6,
        input_cost_per_image_token: 5e-6,
        output_cost_per_audio_token: 8e-5,
        output_cost_per_image_token: 3e-5,
        output_cost_per_reasoning_token: 4e-6,
        citation_cost_per_token: 2e-6,
        input_cost_per_request: 0.005,
        search_context_cost_per_query: {
          search_context_size_low: 0.03,
          search_context_size_medium: 0.035,
          search_context_size_high: 0.05,
        },
      }),
    );
    expect(rates).toEqual(
      new TokenRates({
        model: "m",
        inputUsdPerMTok: "3",
        outputUsdPerMTok: "15",
        cacheReadUsdPerMTok: "0.3",
        cacheWriteUsdPerMTok: "3.75",
        cacheWrite1hUsdPerMTok: "6",
        inputAudioUsdPerMTok: "40",
        cacheReadAudioUsdPerMTok: "2.5",
        inputImageUsdPerMTok: "5",
        outputAudioUsdPerMTok: "80",
        outputImageUsdPerMTok: "30",
        outputReasoningUsdPerMTok: "4",
        outputCitationUsdPerMTok: "2",
        requestUsd: "0.005",
        searchUsd: "0.05",
      }),
    );
  });

  it("a search costs what its context size does, and the dearest if nobody says which", () => {
    const search_context_cost_per_query = { search_context_size_low: 0.03, search_context_size_high: 0.05 };
    const search = (options: object): unknown =>
      priced(of({ search_context_cost_per_query }, options)).searchUsd;
    expect([search({}), search({ searchContext: "low" }), search({ searchContext: "high" })]).toEqual([
      "0.05",
      "0.03",
      "0.05",
    ]);
    expect(search({ searchContext: "medium" })).toBeUndefined();
  });

  it("Perplexity charges for searching in every call, save where it counts the searches", () => {
    const fees = (model: string): unknown => {
      const { requestUsd, searchUsd } = priced(ratesFromLitellm(list, `perplexity/${model}`, { at }));
      return { requestUsd, searchUsd };
    };
    expect(fees("sonar")).toEqual({ requestUsd: "0.012", searchUsd: undefined });
    expect(fees("sonar-deep-research")).toEqual({ requestUsd: null, searchUsd: "0.005" });
    const low = priced(ratesFromLitellm(list, "perplexity/sonar", { at, searchContext: "low" }));
    const usage = {
      prompt_tokens: 14,
      completion_tokens: 100,
      total_tokens: 114,
      search_context_size: "low",
    };
    // $0.005 and 114 tokens at $1 a million.
    expect(actualOf(low, usage).actual).toBe(511_400n);
    const counted = priced(ratesFromLitellm(list, "perplexity/sonar-deep-research", { at }));
    const research = { ...usage, num_search_queries: 3, citation_tokens: 10, reasoning_tokens: 0 };
    expect(actualOf(counted, research).actual).toBe(1_584_800n);
  });

  it("xAI's dearer price starts at the count itself, everybody else's above it", () => {
    const more = { input_cost_per_token_above_200k_tokens: 6e-6 };
    const usage = { inputTokens: 200_000, outputTokens: 0 };
    expect(tokenCost(priced(of(more)), usage)).toBe(60_000_000n);
    expect(tokenCost(priced(of({ ...more, litellm_provider: "xai" })), usage)).toBe(120_000_000n);
  });

  it("a table of ranges prices the whole call, and what lies above it like its last range", () => {
    const tiered_pricing = [
      { range: [32_000, 128_000], input_cost_per_token: 7e-7, output_cost_per_token: 3.5e-6 },
      { range: [0, 32_000], input_cost_per_token: 4.6e-7, output_cost_per_token: 2.3e-6 },
    ];
    const rates = priced(ratesFromLitellm({ m: { tiered_pricing } }, "m", { at }));
    const cost = (inputTokens: number) => tokenCost(rates, { inputTokens, outputTokens: 500 });
    // The second is a case of LiteLLM's own tests.
    expect([cost(32_000), cost(40_000), cost(500_000)]).toEqual([1_587_000n, 2_975_000n, 35_175_000n]);
  });

  it.each<readonly [string, unknown, string]>([
    ["no list", undefined, "unknown_model"],
    ["a list without the model", {}, "unknown_model"],
    ["what every object inherits", Object.create({ m: entry }), "unknown_model"],
    ["an entry that is none", { m: 5 }, "unknown_model"],
    ["an entry without prices", { m: { mode: "chat" } }, "missing"],
    ["no output price", { m: { input_cost_per_token: 1e-6 } }, "missing"],
    ["prices of zero", { m: { ...entry, input_cost_per_token: 0, output_cost_per_token: 0 } }, "zero"],
    ["an output price of zero", { m: { ...entry, output_cost_per_token: 0 } }, "zero"],
    ["a price that is no number", { m: { ...entry, input_cost_per_token: {} } }, "unreadable"],
    ["a price in words", { m: { ...entry, input_cost_per_token: "3 per million" } }, "unreadable"],
    ["an exponent that no price has", { m: { ...entry, input_cost_per_token: "3e-600" } }, "unreadable"],
    ["a negative price", { m: { ...entry, output_cost_per_token: -1 } }, "unreadable"],
    ["output by the second", { m: { ...entry, output_cost_per_second: 0.1 } }, "unreadable"],
    [
      "pictures by the piece",
      { m: { ...entry, mode: "image_generation", output_cost_per_image: 0.04 } },
      "unreadable",
    ],
    ["a table with no row", { m: { tiered_pricing: [null] } }, "unreadable"],
    ["a table without ranges", { m: { tiered_pricing: [entry] } }, "unreadable"],
    [
      "a table that does not start at 0",
      { m: { tiered_pricing: [{ ...entry, range: [5, 9] }] } },
      "unreadable",
    ],
    ["an empty table", { m: { tiered_pricing: [] } }, "unreadable"],
  ])("refuses %s", (_, from, why) => {
    expect(ratesFromLitellm(from, "m", { at })).toMatchObject({ kind: "refused", why });
  });

  it("refuses the entry that describes the fields, and inherited names", () => {
    expect(ratesFromLitellm(list, "sample_spec", { at })).toMatchObject({ why: "unknown_model" });
    for (const model of ["constructor", "__proto__", "toString", "", null, undefined]) {
      expect(ratesFromLitellm(list, model as never, { at })).toMatchObject({ why: "unknown_model" });
    }
  });

  it("only a name that says so is free", () => {
    const free = { input_cost_per_token: 0, output_cost_per_token: 0 };
    expect(ratesFromLitellm({ "x/Llama-Free": free }, "x/Llama-Free", { at })).toMatchObject({ free: true });
    expect(ratesFromLitellm({ "x/freeform": free }, "x/freeform", { at })).toMatchObject({ why: "zero" });
    expect(ratesFromLitellm({ "x/Llama-Free": entry }, "x/Llama-Free", { at })).toMatchObject({
      free: false,
    });
  });

  it("an embedding writes no tokens: it needs no output price", () => {
    const list = { e: { mode: "embedding", input_cost_per_token: 2e-8, output_cost_per_token: 0 } };
    expect(priced(ratesFromLitellm(list, "e", { at })).outputUsdPerMTok).toBe("0.02");
  });

  it("refuses a list that is too old", () => {
    const listedAt = new Date("2026-11-01T00:00:00Z");
    expect(of({}, { listedAt, maxAgeSeconds: 86_400 })).toMatchObject({ kind: "refused", why: "stale" });
  });

  it.each([{}, { at, serviceTier: "slow" }, { at, searchContext: "huge" }, { at, region: "" }])(
    "throws for the options %j",
    (options) => {
      expect(() => ratesFromLitellm(list, "gpt-4o", options as never)).toThrow(/^ratesFromLitellm/);
    },
  );
});
