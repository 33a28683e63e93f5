import {
  BudgetCap,
  BudgetState,
  BudgetWindow,
  CostRates,
  microCents,
  perHour,
  TokenRates,
  usd,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../support/arbitraries.ts";

describe("BudgetCap", () => {
  it("is $0 where nothing is set, so that nothing paid runs", () => {
    expect(new BudgetCap()).toEqual({ run: 0n, month: 0n });
    expect(new BudgetCap({ run: usd(1) }).month).toBe(0n);
    expect(new BudgetCap({ month: usd(1) }).run).toBe(0n);
    expect(new BudgetCap({ run: undefined, month: undefined })).toEqual(new BudgetCap());
    expect(new BudgetCap({ run: usd(1), month: undefined })).toEqual(new BudgetCap({ run: usd(1) }));
  });

  it("forWindow: the cap of one window", () => {
    const cap = new BudgetCap({ run: usd(1), month: usd(2) });
    expect(cap.forWindow(BudgetWindow.RUN)).toBe(usd(1));
    expect(cap.forWindow("month")).toBe(usd(2));
    expect(() => cap.forWindow("year" as never)).toThrow(RangeError);
  });
});

describe("BudgetState", () => {
  it("has no defaults: misspelt columns must not read as nothing committed", () => {
    const wrong = [{}, { reserved: usd(1) }, { spent: usd(1) }, { reserved: usd(1), spend: usd(1) }];
    for (const row of [...wrong, { reserved: usd(1), spent: undefined }, { reserved: null, spent: usd(1) }]) {
      expect(() => new BudgetState(row as never)).toThrow(TypeError);
    }
  });

  it("committed: reserved and spent together", () => {
    fc.assert(
      fc.property(amounts, amounts, (reserved, spent) => {
        expect(new BudgetState({ reserved, spent }).committed()).toBe(reserved + spent);
      }),
    );
  });
});

/** One of every value that holds money, with its JSON. */
const values = [
  [
    BudgetCap,
    new BudgetCap({ run: usd("10"), month: usd("0.00000001") }),
    { run: "10.00", month: "0.00000001" },
  ],
  [
    BudgetState,
    new BudgetState({ reserved: usd("1.5"), spent: usd(0) }),
    { reserved: "1.50", spent: "0.00" },
  ],
  [
    CostRates,
    new CostRates({
      gpuUsdPerS: perHour(2.99),
      vcpuUsdPerS: 1e-7,
      gibUsdPerS: "0.000000000000000001",
      idleTailS: 600,
    }),
    {
      gpuUsdPerS: { perHour: "2.99" },
      vcpuUsdPerS: "0.0000001",
      gibUsdPerS: "0.000000000000000001",
      idleTailS: "600",
    },
  ],
  [
    TokenRates,
    new TokenRates({
      inputUsdPerMTok: 0.15,
      outputUsdPerMTok: "0.60",
      cacheReadUsdPerMTok: null,
      tiers: [
        { aboveInputTokens: 200_000, inputUsdPerMTok: "0.30", outputUsdPerMTok: 1.2, requestUsd: "0.01" },
      ],
    }),
    {
      inputUsdPerMTok: "0.15",
      outputUsdPerMTok: "0.6",
      cacheReadUsdPerMTok: null,
      cacheWriteUsdPerMTok: null,
      requestUsd: null,
      tiers: [
        {
          aboveInputTokens: 200_000,
          inputUsdPerMTok: "0.3",
          outputUsdPerMTok: "1.2",
          cacheReadUsdPerMTok: null,
          cacheWriteUsdPerMTok: null,
          requestUsd: "0.01",
        },
      ],
    },
  ],
] as const;

/** Fields that have a default. */
const OPTIONAL = new Set(["cacheReadUsdPerMTok", "cacheWriteUsdPerMTok", "requestUsd", "tiers", "idleTailS"]);

describe.each(values.map(([type, value, json]) => [type.name, type, value, json] as const))(
  "%s",
  (_, type, value, json) => {
    it("toJSON: money as decimal strings", () => {
      expect(JSON.parse(JSON.stringify(value))).toEqual(json);
      expect(Object.keys(value)).not.toContain("toJSON");
    });

    it("fromJSON: reads what toJSON wrote", () => {
      const read = type.fromJSON(JSON.parse(JSON.stringify(value)));
      expect(JSON.stringify(read)).toBe(JSON.stringify(value));
      expect(read).toBeInstanceOf(type);
      expect(read).toSatisfy(Object.isFrozen);
    });

    it.each([null, undefined, "{}", 1, [], () => json])("fromJSON: refuses %j", (wrong) => {
      expect(() => type.fromJSON(wrong)).toThrow(TypeError);
    });

    it("fromJSON: refuses a missing, an unknown and a wrong field", () => {
      for (const key of Object.keys(json)) {
        const rest = Object.fromEntries(Object.entries(json).filter(([name]) => name !== key));
        for (const without of [rest, { ...json, [key]: undefined }]) {
          if (OPTIONAL.has(key)) expect(() => type.fromJSON(without)).not.toThrow();
          else expect(() => type.fromJSON(without)).toThrow(TypeError);
        }
        expect(() => type.fromJSON({ ...rest, [`${key}s`]: 1 })).toThrow(TypeError);
        expect(() => type.fromJSON({ ...json, [key]: "-" })).toThrow();
        expect(() => type.fromJSON({ ...json, [key]: true })).toThrow(TypeError);
      }
    });

    it("is frozen, and keeps what was passed in", () => {
      expect(Object.isFrozen(value)).toBe(true);
      for (const field of Object.values(value)) {
        if (typeof field === "object" && field !== null) expect(Object.isFrozen(field)).toBe(true);
      }
    });
  },
);

it("CostRates, TokenRates: keep prices as they were given", () => {
  const [, , , tokens] = values.map(([, value]) => value);
  expect(tokens).toMatchObject({ inputUsdPerMTok: 0.15, outputUsdPerMTok: "0.60" });
  expect(perHour("2.99")).toEqual({ perHour: "2.99" });
});

it("BudgetState.fromJSON: refuses a number, which was through a float", () => {
  expect(() => BudgetState.fromJSON({ reserved: 1, spent: "0" })).toThrow(TypeError);
  expect(() => BudgetState.fromJSON({ reserved: "-1.00", spent: "0" })).toThrow(RangeError);
  expect(BudgetState.fromJSON({ reserved: "1", spent: "0" }).reserved).toBe(microCents(100_000_000n));
});
