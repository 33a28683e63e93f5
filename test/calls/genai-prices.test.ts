import { calcPrice, type ModelInfo, type Usage } from "@pydantic/genai-prices";
import { epochSeconds, estimateTokens, tokenCost, type TokenUsage } from "dispatch-kit";
import { ratesFromGenaiPrices } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { numbers } from "../../bench/random.ts";
import { genaiModels } from "./support.ts";
import { acceptedUsages, priced } from "./prices-support.ts";
import { kindsOf } from "./usages.ts";

const AT = new Date("2026-11-25T10:00:00Z");
const models = genaiModels();

/** The package's own names for the counts. */
const COUNTS: readonly (readonly [keyof TokenUsage, string])[] = [
  ["inputTokens", "input_tokens"],
  ["outputTokens", "output_tokens"],
  ["cacheReadTokens", "cache_read_tokens"],
  ["cacheWriteTokens", "cache_write_tokens"],
  ["cacheWrite1hTokens", "cache_write_1h_tokens"],
  ["inputAudioTokens", "input_audio_tokens"],
  ["inputImageTokens", "input_image_tokens"],
  ["inputVideoTokens", "input_video_tokens"],
  ["cacheReadAudioTokens", "cache_audio_read_tokens"],
  ["cacheReadImageTokens", "cache_image_read_tokens"],
  ["outputAudioTokens", "output_audio_tokens"],
  ["outputImageTokens", "output_image_tokens"],
  ["outputVideoTokens", "output_video_tokens"],
  ["outputReasoningTokens", "output_reasoning_tokens"],
  ["outputCitationTokens", "output_citation_tokens"],
  ["searches", "web_searches"],
];

/** What the package itself computes, by exactly this entry. */
function theirs(model: ModelInfo, usage: TokenUsage, timestamp: Date): number {
  const counts = COUNTS.flatMap(([ours, name]) => (usage[ours] === undefined ? [] : [[name, usage[ours]]]));
  const provider = { id: "p", name: "p", api_pattern: "p", models: [{ ...model, match: { equals: "m" } }] };
  // The names are those of its usage.
  const found = calcPrice(Object.fromEntries(counts) as Usage, "m", { provider, timestamp });
  if (found === null) throw new Error(`no price for ${model.id}`);
  return found.total_price;
}

describe("ratesFromGenaiPrices", () => {
  const read = models.map((of) => ({ ...of, outcome: ratesFromGenaiPrices(of.model, { at: AT }) }));

  it("reads nearly all of the package's models, and says why it does not read the rest", () => {
    const refused = read.flatMap(({ model, outcome }) =>
      outcome.kind === "refused" ? [{ ...outcome, model }] : [],
    );
    expect(read.length).toBeGreaterThan(1600);
    // 1 in 10 has no prices at all: the package has none for what is free.
    const without = refused.filter(({ model }) => Object.keys(model.prices).length === 0);
    expect(without.every(({ why }) => why === "missing")).toBe(true);
    expect((refused.length - without.length) / read.length).toBeLessThan(0.06);
    expect(without.length / read.length).toBeLessThan(0.1);
    for (const { why, reason } of refused) {
      expect(["missing", "unreadable"]).toContain(why);
      expect(reason).not.toBe("");
    }
  });

  it("costs what the package itself computes, for every model it reads, at several moments", () => {
    const draw = numbers(11);
    const wrong: string[] = [];
    let compared = 0;
    for (const { name, model } of models) {
      for (const moment of ["2025-01-01T03:00:00Z", "2026-07-30T00:00:00Z", "2026-11-25T23:59:59.5Z"]) {
        const at = new Date(moment);
        const outcome = ratesFromGenaiPrices(model, { at });
        if (outcome.kind === "refused") continue;
        for (const usage of acceptedUsages(outcome.rates, draw, 4)) {
          const ours = Number(tokenCost(outcome.rates, usage)) / 1e8;
          const expected = theirs(model, usage, at);
          // Theirs is a float; ours is rounded up to the micro-cent, noisy prices to the next 10^-12 USD.
          const most = expected * (1 + 1e-9) + 1.01e-8;
          if (ours < expected * (1 - 1e-12) || ours > most) wrong.push(`${name}: ${ours} for ${expected}`);
          compared++;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(15_000);
  });

  it("estimateTokens is never below tokenCost of any usage within its bounds, for every model", () => {
    const wrong: string[] = [];
    const draw = numbers(12);
    for (const { name, outcome } of read) {
      if (outcome.kind === "refused") continue;
      for (const usage of acceptedUsages(outcome.rates, draw, 6)) {
        const { inputTokens, outputTokens, searches = 0 } = usage;
        const most = { maxInputTokens: inputTokens, maxOutputTokens: outputTokens, maxSearches: searches };
        const cost = tokenCost(outcome.rates, usage);
        const tight = Object.fromEntries(
          kindsOf(usage).map(([kind, count]) => [
            `max${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
            count,
          ]),
        );
        const bounds = [most, { ...most, ...tight }].map((of) => estimateTokens(outcome.rates, of));
        if (bounds.some((bound) => bound < cost)) wrong.push(`${name}: ${bounds.join()} for ${cost}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  const prices = { input_mtok: 3, output_mtok: 15 };
  const entry = (of: unknown, id = "m"): unknown => ({ id, prices: of });

  it("takes the last of several prices that applies, as of the moment", () => {
    const model = entry([
      { prices: { input_mtok: 10, output_mtok: 40 } },
      { constraint: { start_date: "2025-06-10" }, prices: { input_mtok: 2, output_mtok: 8 } },
    ]);
    const input = (at: string) => priced(ratesFromGenaiPrices(model, { at: new Date(at) })).inputUsdPerMTok;
    expect(input("2025-06-09T23:59:59.999Z")).toBe("10");
    expect(input("2025-06-10T00:00:00Z")).toBe("2");
  });

  it.each([
    ["00:30:00Z", "16:30:00Z", ["00:30", "16:29"], ["00:29", "16:30"]],
    ["22:00:00Z", "06:00:00Z", ["22:00", "23:59", "05:59"], ["06:00", "21:59"]],
    ["08:30:00+08:00", "00:30:00+08:00", ["00:30", "16:29"], ["00:29", "16:30"]],
  ])("hours from %s to %s, the end not included", (start_time, end_time, within, outside) => {
    const model = entry([
      { prices },
      {
        constraint: { type: "time_of_date", start_time, end_time },
        prices: { input_mtok: 1, output_mtok: 2 },
      },
    ]);
    const input = (time: string) =>
      priced(ratesFromGenaiPrices(model, { at: new Date(`2026-11-25T${time}:00Z`) })).inputUsdPerMTok;
    expect(within.map(input)).toEqual(within.map(() => "1"));
    expect(outside.map(input)).toEqual(outside.map(() => "3"));
  });

  it("gives each tier the prices that hold from there on", () => {
    const model = entry({
      input_mtok: {
        base: 3,
        tiers: [
          { start: 200_000, price: 6 },
          { start: 1000, price: 4 },
        ],
      },
      output_mtok: { base: 15, tiers: [{ start: 200_000, price: 22.5 }] },
      cache_read_mtok: 0.3,
      requests_kcount: 12,
      web_searches_kcount: 10,
    });
    const { inputUsdPerMTok, requestUsd, searchUsd, tiers } = priced(ratesFromGenaiPrices(model, { at: AT }));
    expect({ inputUsdPerMTok, requestUsd, searchUsd }).toEqual({
      inputUsdPerMTok: "3",
      requestUsd: "0.012",
      searchUsd: "0.01",
    });
    expect(
      tiers.map((tier) => [
        tier.aboveInputTokens,
        tier.inputUsdPerMTok,
        tier.outputUsdPerMTok,
        tier.cacheReadUsdPerMTok,
      ]),
    ).toEqual([
      [1000, "4", "15", "0.3"],
      [200_000, "6", "22.5", "0.3"],
    ]);
  });

  it("rounds a float's noise up to the next 10^-12 USD, and nothing else", () => {
    const model = entry({
      input_mtok: 0.08333333333333334,
      output_mtok: 0.30000000000000004,
      cache_read_mtok: 1.5e-14,
    });
    expect(priced(ratesFromGenaiPrices(model, { at: AT }))).toMatchObject({
      inputUsdPerMTok: "0.083333333334",
      outputUsdPerMTok: "0.300000000001",
      cacheReadUsdPerMTok: "0.000000000000015",
    });
  });

  it.each<readonly [string, unknown, string]>([
    ["no entry", undefined, "unknown_model"],
    ["null", null, "unknown_model"],
    ["an entry without an id", { prices }, "unknown_model"],
    ["no prices", { id: "m" }, "unreadable"],
    ["no prices at all, and not free", entry({}, "qwen-3-coder-480b"), "missing"],
    ["no input price", entry({ output_mtok: 1 }), "missing"],
    ["no output price", entry({ input_mtok: 1 }), "missing"],
    ["an input price of zero", entry({ input_mtok: 0, output_mtok: 1 }), "zero"],
    ["an output price of zero", entry({ input_mtok: 1, output_mtok: 0 }), "zero"],
    [
      "a price of zero in a tier",
      entry({ ...prices, input_mtok: { base: 1, tiers: [{ start: 9, price: 0 }] } }),
      "zero",
    ],
    ["a free model that has one price", entry({ input_mtok: 1, output_mtok: 0 }, "m:free"), "zero"],
    [
      "a free model with a price for cached tokens",
      entry({ input_mtok: 0, output_mtok: 0, cache_read_mtok: 1 }, "m:free"),
      "zero",
    ],
    ["a negative price", entry({ input_mtok: -1, output_mtok: 1 }), "unreadable"],
    ["a price that is no number", entry({ input_mtok: "free", output_mtok: 1 }), "unreadable"],
    ["NaN", entry({ input_mtok: NaN, output_mtok: 1 }), "unreadable"],
    ["Infinity", entry({ input_mtok: Infinity, output_mtok: 1 }), "unreadable"],
    ["a price of a kind that nobody knows", entry({ ...prices, input_smell_mtok: 1 }), "unreadable"],
    ["a price by the hour", entry({ ...prices, input_audio_hours: 1 }), "unreadable"],
    [
      "a tier that does not say where it starts",
      entry({ ...prices, input_mtok: { base: 1, tiers: [{ price: 2 }] } }),
      "unreadable",
    ],
    ["no tiers where there should be some", entry({ ...prices, input_mtok: { base: 1 } }), "unreadable"],
    ["an unknown constraint", entry([{ prices }, { constraint: { moon: "full" }, prices }]), "unreadable"],
    [
      "a start that is no date",
      entry([{ prices }, { constraint: { start_date: "soon" }, prices }]),
      "unreadable",
    ],
    ["an empty list of prices", entry([]), "unreadable"],
    ["a constraint in words", entry([{ prices }, { constraint: "at night", prices }]), "unreadable"],
    ...[
      { start_time: "soon", end_time: "08:00:00Z" },
      { start_time: "08:00:00Z", end_time: 9 },
      { start_time: "25:61:00Z", end_time: "08:00:00Z" },
      { start_time: "08:00:00Z", end_time: "99:99:99Z" },
    ].map((constraint) => {
      const what = `hours from ${constraint.start_time} to ${String(constraint.end_time)}`;
      return [what, entry([{ prices }, { constraint, prices }]), "unreadable"] as const;
    }),
    ...[5, {}, { start: "0" }, { start: 0.5 }, { start: -1 }].map((tier) => {
      const input_mtok = { base: 1, tiers: [tier] };
      return [`a tier ${JSON.stringify(tier)}`, entry({ ...prices, input_mtok }), "unreadable"] as const;
    }),
  ])("refuses %s", (_, of, why) => {
    expect(ratesFromGenaiPrices(of, { at: AT })).toMatchObject({ kind: "refused", why });
  });

  it("a zero price beside is no price: the kind costs what it is part of", () => {
    const model = entry({ ...prices, cache_read_mtok: 0, web_searches_kcount: 0 });
    const rates = priced(ratesFromGenaiPrices(model, { at: AT }));
    expect(rates.cacheReadUsdPerMTok).toBeNull();
    expect(() => tokenCost(rates, { inputTokens: 1, outputTokens: 1, searches: 1 })).toThrow(RangeError);
  });

  it("a call that writes no tokens needs no output price, and one that does all the same costs something", () => {
    const model = entry({ input_mtok: 0.02 }, "text-embedding-3-small");
    const rates = priced(ratesFromGenaiPrices(model, { at: AT, noOutput: true }));
    expect(tokenCost(rates, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(2_000_000n);
    expect(tokenCost(rates, { inputTokens: 0, outputTokens: 1_000_000 })).toBe(2_000_000n);
  });

  it("refuses a list that is older than maxAgeSeconds, or whose age nobody knows", () => {
    const age = (listedAt: Date, maxAgeSeconds: number) =>
      ratesFromGenaiPrices(entry(prices), { at: AT, listedAt, maxAgeSeconds });
    expect(age(new Date("2026-11-24T10:00:00Z"), 86_400)).toMatchObject({ kind: "priced" });
    expect(age(new Date("2026-11-24T09:59:59Z"), 86_400)).toMatchObject({ kind: "refused", why: "stale" });
    const unknown = ratesFromGenaiPrices(entry(prices), { at: AT, maxAgeSeconds: 86_400 });
    expect(unknown).toMatchObject({ kind: "refused", why: "stale" });
    const listedAt = epochSeconds(0);
    expect(ratesFromGenaiPrices(entry(prices), { at: AT, listedAt })).toMatchObject({ kind: "priced" });
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["no moment", {}],
    ["a moment in milliseconds", { at: AT.getTime() }],
    ["an invalid date", { at: new Date(NaN) }],
    ["an unknown option", { at: AT, maxAge: 1 }],
    ["an end before the start", { at: AT, until: new Date(AT.getTime() - 1) }],
    ["an age that is no number", { at: AT, listedAt: AT, maxAgeSeconds: "1" }],
    ["a moment that is undefined", { at: undefined, maxAgeSeconds: 1 }],
  ])("throws for options that are %s", (_, options) => {
    expect(() => ratesFromGenaiPrices(entry(prices), options as never)).toThrow(/^ratesFromGenaiPrices/);
  });

  it("takes an explicit undefined for an option that is not there", () => {
    const none = {
      at: AT,
      until: undefined,
      listedAt: undefined,
      maxAgeSeconds: undefined,
      noOutput: undefined,
    };
    expect(ratesFromGenaiPrices(entry(prices), none)).toEqual(
      ratesFromGenaiPrices(entry(prices), { at: AT }),
    );
  });

  it("an inherited price is none", () => {
    const inherited: unknown = Object.assign(Object.create({ prices }) as object, { id: "m" });
    expect(ratesFromGenaiPrices(inherited, { at: AT })).toMatchObject({ kind: "refused" });
  });

  it("its outcome can be stringified", () => {
    const outcome = ratesFromGenaiPrices(entry({ input_mtok: 3, output_mtok: 15 }), { at: AT });
    expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({
      kind: "priced",
      free: false,
      rates: { inputUsdPerMTok: "3", outputUsdPerMTok: "15" },
    });
    expect(Object.isFrozen(outcome)).toBe(true);
  });
});
