import { TokenRates } from "dispatch-kit";
import {
  type PriceList,
  type Prices,
  type RefusedPrice,
  ratesFor,
  type RatesOutcome,
  type RatesQuery,
} from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { priced } from "./prices-support.ts";

const at = new Date("2026-11-25T10:00:00Z");
const find = (prices: Prices, model: string, more: Partial<RatesQuery> = {}): RatesOutcome =>
  ratesFor(prices, { model, at, ...more });

const entry = (input: number): object => ({ input_cost_per_token: input, output_cost_per_token: 1e-5 });
const litellm: PriceList = { "gpt-4o-mini": entry(1e-6), "gpt-4o": entry(2e-6) };

describe("ratesFor: what gives no list", () => {
  it.each<readonly [string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["gives nothing", () => undefined],
    ["gives null", () => null],
    ["gives a promise", () => Promise.resolve(litellm)],
    ["gives a text", () => "{}"],
    ["gives a Map", () => new Map([["gpt-4o", entry(1)]])],
    ["gives a list of numbers", () => [1, 2]],
    ["gives an empty list", () => []],
    [
      "gives a list whose fields throw",
      () =>
        new Proxy(
          {},
          {
            getOwnPropertyDescriptor: () => {
              throw new Error("secret");
            },
          },
        ),
    ],
    [
      "gives a price that throws",
      () => ({
        "gpt-4o": {
          get input_cost_per_token() {
            throw new Error("secret");
          },
        },
      }),
    ],
  ])("a function that %s is a refusal", (_, prices) => {
    const found = ratesFor(prices as Prices, { model: "gpt-4o", at });
    expect(found).toMatchObject({ kind: "refused", why: "unreadable" });
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  it.each<readonly [unknown, object]>([
    [undefined, {}],
    [null, {}],
    ["list", {}],
    [new Map(), {}],
    [litellm, { model: 4 }],
    [litellm, { model: undefined }],
    [litellm, { prefixes: "azure/" }],
    [litellm, { prefixes: [1] }],
    [litellm, { serviceTier: 1 }],
    [litellm, { region: "" }],
    [litellm, { searchContext: "huge" }],
    [litellm, { tier: "flex" }],
    [litellm, { at: undefined }],
    [litellm, { until: new Date(0) }],
  ])("throws for %s with %j", (prices, more) => {
    expect(() => ratesFor(prices as Prices, { model: "gpt-4o", at, ...more })).toThrow(/^ratesFor/);
  });

  it("refuses a list that is too old, also one that was read before", () => {
    const age = { listedAt: at, maxAgeSeconds: 3600 };
    expect(find(litellm, "gpt-4o", age)).toMatchObject({ kind: "priced" });
    const later = new Date(at.getTime() + 3_600_001);
    expect(ratesFor(litellm, { model: "gpt-4o", at: later, ...age })).toMatchObject({ why: "stale" });
  });
});

describe("ratesFor: what it keeps", () => {
  it("the same query of the same list gives the same outcome, read once", () => {
    let read = 0;
    const list = {
      get m() {
        read++;
        return entry(1e-6);
      },
    };
    const first = find(() => list, "m");
    expect(find(() => list, "m", { at: new Date(0) })).toBe(first);
    expect(find(list, "m", { prefixes: [] })).toBe(first);
    expect(read).toBe(1);
    expect(find(list, "m", { noOutput: true })).not.toBe(first);
    expect(find({ m: entry(1e-6) }, "m")).not.toBe(first);
  });

  const genai = [
    {
      id: "p",
      models: [
        { id: "m", prices: { input_mtok: 2, output_mtok: 1 } },
        { id: "zero", prices: { input_mtok: 0, output_mtok: 1 } },
      ],
    },
    { id: "q", models: [{ id: "zero", prices: { input_mtok: 3, output_mtok: 1 } }] },
  ];
  const own = { m: new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 2 }) };

  it.each<readonly [string, PriceList, string, Partial<RatesQuery>, RefusedPrice]>([
    ["an unknown model", litellm, "gpt-5", {}, "unknown_model"],
    ["a tier without a price", litellm, "gpt-4o", { serviceTier: "flex" }, "missing"],
    ["a tier with a strange name", litellm, "gpt-4o", { serviceTier: "a b" }, "missing"],
    ["an output without a price", { m: { input_cost_per_token: 1e-6 } }, "m", {}, "missing"],
    ["a price of zero", { m: entry(0) }, "m", {}, "zero"],
    ["a model of several providers", genai, "zero", {}, "unknown_model"],
    ["a region in genai-prices", genai, "m", { region: "eu" }, "missing"],
    ["a tier in genai-prices", genai, "m", { serviceTier: "flex" }, "missing"],
    ["a price of zero in genai-prices", genai, "zero", { prefixes: ["p/"] }, "zero"],
    ["a tier of own rates", own, "m", { serviceTier: "flex" }, "missing"],
  ])("keeps the refusal of %s, which is the same as anew", (_, list, model, more, why) => {
    const first = find(list, model, more);
    expect(first).toMatchObject({ kind: "refused", why });
    expect(find(list, model, more)).toBe(first);
    expect(find(() => list, model, more)).toBe(first);
    const fresh = find(structuredClone(list), model, more);
    expect(fresh).not.toBe(first);
    expect(fresh).toEqual(first);
    // The refusal is for this query alone.
    expect(find(list, `${model}-x`, more)).not.toBe(first);
  });

  it("does not keep that a list cannot be read, is too old, or lacks a long name", () => {
    let isBroken = true;
    const list = {
      get m() {
        if (isBroken) throw new Error("secret");
        return entry(1e-6);
      },
    };
    const unreadable = { kind: "refused", why: "unreadable", reason: "the price list cannot be read" };
    expect(find(list, "m")).toEqual(unreadable);
    isBroken = false;
    expect(find(list, "m", { maxAgeSeconds: 1 })).toMatchObject({ why: "stale" });
    expect(priced(find(list, "m")).inputUsdPerMTok).toBe("1");
    const long = "m".repeat(201);
    expect(find(list, long)).not.toBe(find(list, long));
    expect(find(list, long)).toEqual(find(list, long));
  });

  it("prices by the hour or the date follow the time of each call", () => {
    const off_peak_pricing = { hours_utc: "00:00-12:00", input_cost_per_token: 1e-7 };
    const list = { m: { ...entry(1e-6), off_peak_pricing } };
    const input = (prices: PriceList, hour: string) =>
      priced(find(prices, "m", { at: new Date(`2026-11-25T${hour}:00:00Z`) })).inputUsdPerMTok;
    expect([input(list, "11"), input(list, "13"), input(list, "11")]).toEqual(["0.1", "1", "0.1"]);
    const hours = {
      constraint: { start_time: "00:00:00Z", end_time: "12:00:00Z" },
      prices: { input_mtok: 1, output_mtok: 1 },
    };
    const genai = [
      { id: "p", models: [{ id: "m", prices: [{ prices: { input_mtok: 2, output_mtok: 1 } }, hours] }] },
    ];
    expect([input(genai, "11"), input(genai, "13"), input(genai, "11")]).toEqual(["1", "2", "1"]);
  });

  it("many names do not fill the memory: they are found again", () => {
    for (let index = 0; index < 1500; index++) {
      const date = String((index % 28) + 1).padStart(2, "0");
      find(litellm, `gpt-4o-2024-01-${date}`, { prefixes: [`p${index}/`] });
    }
    expect(priced(find(litellm, "gpt-4o-mini")).inputUsdPerMTok).toBe("1");
  });
});
