import { tokenCost, type TokenRates, usd } from "dispatch-kit";
import { ratesFromGenaiPrices, ratesFromLitellm, type RatesOutcome } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { priced } from "./prices-support.ts";

const peak = { input_cost_per_token: 3e-7, output_cost_per_token: 1.2e-6, cache_read_input_token_cost: 6e-9 };
const cheap = {
  input_cost_per_token: 1.5e-7,
  output_cost_per_token: 6e-7,
  cache_read_input_token_cost: 3e-9,
};
const WEEK = {
  windows: [
    { hours_utc: ["00:00-01:00", "04:00-06:00", "10:00-00:00"], weekdays: [1, 2, 3, 4, 5] },
    { hours_utc: "00:00-00:00", weekdays: ["Sat", "sunday"] },
  ],
};

function litellm(hours: object, at: string, until = at, more: object = {}): RatesOutcome {
  const list = { m: { ...peak, ...more, off_peak_pricing: { ...cheap, ...hours } } };
  return ratesFromLitellm(list, "m", { at: new Date(at), until: new Date(until) });
}

describe("ratesFromLitellm: off-peak prices", () => {
  it.each<readonly [string, object, string, "off-peak" | "peak"]>([
    ["within hours over midnight", { hours_utc: "10:00-01:00" }, "2026-09-24T12:00:00Z", "off-peak"],
    ["at their start", { hours_utc: "10:00-01:00" }, "2026-09-24T10:00:00Z", "off-peak"],
    ["after midnight", { hours_utc: "10:00-01:00" }, "2026-09-24T00:59:59Z", "off-peak"],
    ["at their end", { hours_utc: "10:00-01:00" }, "2026-09-24T01:00:00Z", "peak"],
    ["between two windows", { hours_utc: ["16:30-00:30", "04:00-06:00"] }, "2026-09-24T10:00:00Z", "peak"],
    [
      "in the second window",
      { hours_utc: ["16:30-00:30", "04:00-06:00"] },
      "2026-09-24T05:00:00Z",
      "off-peak",
    ],
    ["all day", { hours_utc: "00:00-00:00" }, "2026-09-24T05:00:00Z", "off-peak"],
    ["on a Monday in a peak hour", WEEK, "2026-08-24T01:30:00Z", "peak"],
    ["on a Wednesday in an off-peak hour", WEEK, "2026-08-26T05:00:00Z", "off-peak"],
    ["on a Saturday", WEEK, "2026-08-29T02:00:00Z", "off-peak"],
    ["on a Sunday", WEEK, "2026-08-30T08:00:00Z", "off-peak"],
    [
      "on a Saturday in Shanghai, a Friday in UTC",
      { weekday_timezone: "Asia/Shanghai", windows: [{ hours_utc: "16:00-17:00", weekdays: [6] }] },
      "2026-08-28T16:30:00Z",
      "off-peak",
    ],
    [
      "on a Sunday in Shanghai, a Saturday in UTC",
      { weekday_timezone: "Asia/Shanghai", windows: [{ hours_utc: "16:00-17:00", weekdays: [6] }] },
      "2026-08-29T16:30:00Z",
      "peak",
    ],
  ])("%s", (_, hours, at, which) => {
    const found = priced(litellm(hours, at));
    const expected = which === "peak" ? ["0.3", "1.2", "0.006"] : ["0.15", "0.6", "0.003"];
    expect([found.inputUsdPerMTok, found.outputUsdPerMTok, found.cacheReadUsdPerMTok]).toEqual(expected);
  });

  it.each<readonly [string, object, string, string, string]>([
    [
      "a call that ends in dearer hours",
      { hours_utc: "10:00-01:00" },
      "2026-09-24T00:50:00Z",
      "2026-09-24T01:00:00Z",
      "0.3",
    ],
    [
      "a call that ends before them",
      { hours_utc: "10:00-01:00" },
      "2026-09-24T00:50:00Z",
      "2026-09-24T00:59:59Z",
      "0.15",
    ],
    [
      "a call that runs through them",
      { hours_utc: "10:00-09:50" },
      "2026-09-24T09:40:00Z",
      "2026-09-24T10:10:00Z",
      "0.3",
    ],
    ["a call from Sunday to Monday", WEEK, "2026-08-30T23:00:00Z", "2026-08-31T00:30:00Z", "0.15"],
    ["a call from Sunday to the peak of Monday", WEEK, "2026-08-30T23:00:00Z", "2026-08-31T01:30:00Z", "0.3"],
    ["a call of a weekend and an hour", WEEK, "2026-08-29T00:00:00Z", "2026-08-31T01:00:00Z", "0.3"],
    ["a call of a year", { hours_utc: "10:00-09:59" }, "2026-09-24T12:00:00Z", "2027-09-24T12:00:00Z", "0.3"],
  ])("until: %s", (_, hours, at, until, price) => {
    expect(priced(litellm(hours, at, until)).inputUsdPerMTok).toBe(price);
  });

  it("each kind has its own highest price, also where an off-peak price is the higher one", () => {
    const dear = { hours_utc: "10:00-01:00", output_cost_per_token: 5e-6 };
    const found = priced(litellm(dear, "2026-09-24T09:00:00Z", "2026-09-24T11:00:00Z"));
    expect([found.inputUsdPerMTok, found.outputUsdPerMTok]).toEqual(["0.3", "5"]);
  });

  it("a price that off-peak hours do not name stays, and a dearer one of a long input too", () => {
    const above = { input_cost_per_token_above_200k_tokens: 9e-7, cache_creation_input_token_cost: 4e-7 };
    const found = priced(litellm({ hours_utc: "00:00-00:00" }, "2026-09-24T09:00:00Z", undefined, above));
    expect(found.cacheWriteUsdPerMTok).toBe("0.4");
    expect(found.tiers[0]).toMatchObject({ inputUsdPerMTok: "0.9", outputUsdPerMTok: "0.6" });
  });

  it("fees are the same at every hour, also in the dearest of them", () => {
    const fees = {
      input_cost_per_request: 0.002,
      search_context_cost_per_query: { search_context_size_low: 0.01 },
    };
    const [at, until] = ["2026-09-24T09:00:00Z", "2026-09-24T11:00:00Z"];
    const found = priced(litellm({ hours_utc: "10:00-01:00" }, at, until, fees));
    expect(found).toMatchObject({ inputUsdPerMTok: "0.3", requestUsd: "0.002", searchUsd: "0.01" });
  });

  it("a service tier keeps its own prices", () => {
    const off_peak_pricing = { hours_utc: "00:00-00:00", ...cheap };
    const flex = { input_cost_per_token_flex: 2e-7, output_cost_per_token_flex: 1e-6 };
    const list = { m: { ...peak, ...flex, off_peak_pricing } };
    const at = new Date("2026-09-24T09:00:00Z");
    expect(priced(ratesFromLitellm(list, "m", { at, serviceTier: "flex" })).inputUsdPerMTok).toBe("0.2");
  });

  it.each<readonly [string, unknown]>([
    ["no object", "10:00-01:00"],
    ["no hours", {}],
    ["hours that nobody can read", { hours_utc: "at night" }],
    ["an hour 25", { hours_utc: "25:00-26:00" }],
    ["one bad window of two", { hours_utc: ["bad", "13:00-16:00"] }],
    ["hours that are no text", { hours_utc: 5 }],
    ["a day without a name", { windows: [{ hours_utc: "00:00-00:00", weekdays: ["holiday"] }] }],
    ["a day that is none", { windows: [{ hours_utc: "00:00-00:00", weekdays: [true] }] }],
    ["a day 8", { windows: [{ hours_utc: "00:00-00:00", weekdays: [8] }] }],
    ["windows that are no list", { windows: "00:00-00:00" }],
    ["a window that is none", { windows: ["00:00-00:00"] }],
    ["an unknown time zone", { weekday_timezone: "Not/AZone", hours_utc: "00:00-00:00" }],
    ["a time zone that is no text", { weekday_timezone: 8, hours_utc: "00:00-00:00" }],
    ["a price that is none", { hours_utc: "00:00-00:00", input_cost_per_token: true }],
  ])("refuses off-peak prices with %s", (_, off_peak_pricing) => {
    const list = { m: { ...peak, off_peak_pricing } };
    const found = ratesFromLitellm(list, "m", { at: new Date("2026-09-24T12:00:00Z") });
    expect(found).toMatchObject({ kind: "refused", why: "unreadable" });
  });

  it("throws for an end before the start", () => {
    expect(() => litellm({}, "2026-09-24T12:00:00Z", "2026-09-24T11:59:59Z")).toThrow(
      /^ratesFromLitellm.until must be at or after at/,
    );
  });
});

describe("ratesFromGenaiPrices: until", () => {
  const base = { prices: { input_mtok: 0.15, output_mtok: 0.6, cache_read_mtok: 0.1 } };
  const hours = {
    // A time without a zone is one of UTC.
    constraint: { start_time: "01:00:00Z", end_time: "04:00:00" },
    prices: { input_mtok: 0.3, output_mtok: 0.5 },
  };
  const dated = {
    constraint: { start_date: "2026-10-01" },
    prices: { input_mtok: 0.2, output_mtok: 0.9, cache_read_mtok: 0.01 },
  };
  const found = (at: string, until: string) => {
    const entry = { id: "m", prices: [base, dated, hours] };
    const rates = priced(ratesFromGenaiPrices(entry, { at: new Date(at), until: new Date(until) }));
    return [rates.inputUsdPerMTok, rates.outputUsdPerMTok, rates.cacheReadUsdPerMTok];
  };

  it.each<readonly [string, string, string, readonly unknown[]]>([
    ["before the hours", "2026-09-26T00:00:00Z", "2026-09-26T00:59:59Z", ["0.15", "0.6", "0.1"]],
    // A kind without a price in the hours costs the input price there.
    ["into the hours", "2026-09-26T00:00:00Z", "2026-09-26T01:00:00Z", ["0.3", "0.6", null]],
    ["within the hours", "2026-09-26T02:00:00Z", "2026-09-26T03:00:00Z", ["0.3", "0.5", null]],
    ["up to their end", "2026-09-26T03:59:59Z", "2026-09-26T03:59:59Z", ["0.3", "0.5", null]],
    ["from their end on", "2026-09-26T04:00:00Z", "2026-09-26T05:00:00Z", ["0.15", "0.6", "0.1"]],
    ["into a new price", "2026-09-30T23:00:00Z", "2026-10-01T00:00:00Z", ["0.2", "0.9", "0.1"]],
    ["after a new price", "2026-10-01T05:00:00Z", "2026-10-01T06:00:00Z", ["0.2", "0.9", "0.01"]],
    [
      "from after the hours to the next day's",
      "2026-09-26T05:00:00Z",
      "2026-09-27T01:30:00Z",
      ["0.3", "0.6", null],
    ],
  ])("%s", (_, at, until, expected) => {
    expect(found(at, until)).toEqual(expected);
  });

  it("a price that only one of two times has does not count as cheaper, and a missing one is missing", () => {
    const one = {
      prices: { input_mtok: 5, output_mtok: 1, cache_write_1h_mtok: 6, web_searches_kcount: 10 },
    };
    const other = { constraint: { start_date: "2026-10-01" }, prices: { input_mtok: 1, output_mtok: 1 } };
    const entry = { id: "m", prices: [one, other] };
    const [at, until] = [new Date("2026-09-30T00:00:00Z"), new Date("2026-10-02T00:00:00Z")];
    const rates = priced(ratesFromGenaiPrices(entry, { at, until }));
    expect([rates.inputUsdPerMTok, rates.cacheWrite1hUsdPerMTok, rates.searchUsd]).toEqual([
      "5",
      undefined,
      undefined,
    ]);
  });

  it("fees of two times are the highest, in each tier by itself", () => {
    const tiered = (base: number, price: number) => ({ base, tiers: [{ start: 1000, price }] });
    const tokens = { input_mtok: 0, output_mtok: 0 };
    const rates = (first: object, second: object) => {
      const start = { constraint: { start_date: "2026-10-01" } };
      const sets = [{ prices: { ...tokens, ...first } }, { ...start, prices: { ...tokens, ...second } }];
      const [at, until] = [new Date("2026-09-30T00:00:00Z"), new Date("2026-10-02T00:00:00Z")];
      return priced(ratesFromGenaiPrices({ id: "m:free", prices: sets }, { at, until }));
    };
    const costs = (of: TokenRates) =>
      [500, 2000].map((inputTokens) => tokenCost(of, { inputTokens, outputTokens: 0, searches: 1 }));
    const both = rates(
      { requests_kcount: tiered(10, 20), web_searches_kcount: 5 },
      { requests_kcount: 12, web_searches_kcount: tiered(4, 7) },
    );
    expect(costs(both)).toEqual([usd("0.012") + usd("0.005"), usd("0.02") + usd("0.007")]);
    // A fee that is the same in the tier is not written there.
    const one = rates(
      { requests_kcount: tiered(10, 20), web_searches_kcount: 5 },
      { web_searches_kcount: 5 },
    );
    expect(costs(one)).toEqual([usd("0.01") + usd("0.005"), usd("0.02") + usd("0.005")]);
    expect(one.tiers.map(({ requestUsd, searchUsd }) => [requestUsd, searchUsd])).toEqual([
      ["0.02", undefined],
    ]);
  });

  it("tiers of two times are combined", () => {
    const tiered = (input: number, start: number, price: number) => ({
      input_mtok: { base: input, tiers: [{ start, price }] },
      output_mtok: 1,
    });
    const entry = {
      id: "m",
      prices: [
        { prices: tiered(3, 1000, 6) },
        { constraint: { start_date: "2026-10-01" }, prices: tiered(4, 2000, 5) },
      ],
    };
    const [at, until] = [new Date("2026-09-30T00:00:00Z"), new Date("2026-10-02T00:00:00Z")];
    const rates = priced(ratesFromGenaiPrices(entry, { at, until }));
    expect([
      rates.inputUsdPerMTok,
      ...rates.tiers.map((tier) => [tier.aboveInputTokens, tier.inputUsdPerMTok]),
    ]).toEqual(["4", [1000, "6"], [2000, "6"]]);
  });
});
