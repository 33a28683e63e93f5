import { CostRates, perHour, TokenRates } from "dispatch-kit";
import { isDeepStrictEqual } from "node:util";
import { add, compare, rational, times } from "../../support/rational.ts";
import * as law from "../laws.ts";
import { isPlain } from "../values.ts";
import { type Entry, type Law, count, json, value, valueOf } from "./entry.ts";

const machine = new CostRates({
  gpuUsdPerS: perHour("0.71"),
  vcpuUsdPerS: "0.000018",
  gibUsdPerS: 2e-6,
  idleTailS: 600,
});

const tier = {
  aboveInputTokens: 1000,
  inputUsdPerMTok: "6",
  outputUsdPerMTok: "22.5",
};

const tokens = new TokenRates({
  inputUsdPerMTok: "3",
  outputUsdPerMTok: "15",
  tiers: [tier],
});

const machines = {
  gpuUsdPerS: law.rate,
  vcpuUsdPerS: law.rate,
  gibUsdPerS: law.rate,
  idleTailS: law.or(0, law.price),
};

const machineOf = valueOf(machines, machine);

const parts = [
  "cacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "cacheReadAudio",
  "cacheReadImage",
  "inputAudio",
  "inputImage",
  "inputVideo",
  "outputAudio",
  "outputImage",
  "outputVideo",
  "outputReasoning",
  "outputCitation",
];

const ofParts = (name: (part: string) => string, field: law.Field): Record<string, law.Field> =>
  Object.fromEntries(parts.map((part) => [name(part), field]));

const prices = {
  inputUsdPerMTok: law.price,
  outputUsdPerMTok: law.price,
  ...ofParts((part) => `${part}UsdPerMTok`, law.orNull(law.price)),
  requestUsd: law.orNull(law.price),
  searchUsd: law.orNull(law.price),
};

const always = ["cacheReadUsdPerMTok", "cacheWriteUsdPerMTok", "requestUsd"];

/** A price that few models have is not there at all where there is none. */
const stated = (fields: unknown): unknown =>
  isPlain(fields)
    ? Object.fromEntries(Object.entries(fields).filter(([key, of]) => of !== null || always.includes(key)))
    : fields;

const tiers = law.listOf((model) => stated(law.fieldsOf({ aboveInputTokens: law.whole, ...prices }, model)));

const rateFields = { ...prices, tiers: law.or([], tiers) };

const ratesLaw: Law = (result, [model]) => law.has(result, stated(law.fieldsOf(rateFields, model)));

const ratesOf = (model: unknown): unknown => stated(valueOf(rateFields, tokens)(model));

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The dearest call of at most so many tokens, at the prices of `tokens` with or without its tier. */
function tokenUsd(rates: unknown, input = 0, output = 0): bigint | null {
  const fields = ratesOf(rates);
  const withTier = isDeepStrictEqual(fields, ratesOf(tokens));
  if (!withTier && !isDeepStrictEqual(fields, { ...(ratesOf(tokens) as object), tiers: [] })) return null;
  const [inputUsd, outputUsd] = withTier && input > 1000 ? ["6", "22.5"] : ["3", "15"];
  const dollars =
    law.roundedUp(rational(inputUsd)) * BigInt(input) + law.roundedUp(rational(outputUsd)) * BigInt(output);
  return (dollars + 999_999n) / 1_000_000n;
}

/** What machines and tokens cost. */
export const RATES: Readonly<Record<string, Entry>> = {
  perHour: {
    args: () => ["2.99"],
    law: (result, [model]) => law.price(model) !== law.REFUSED && law.has(result, { perHour: model }),
  },
  estimateCost: {
    args: () => [machine, { maxRuntimeS: 3600, vcpus: "8", memoryGib: 32 }],
    law: (result, [rates, limits]) => result === law.machineCost(machineOf(rates), limits),
  },
  estimateTokens: {
    args: () => [tokens, { maxInputTokens: 2000, maxOutputTokens: 100 }],
    law: (result, [rates, model]) => {
      const rest = {
        ...ofParts((part) => `max${capitalized(part)}Tokens`, count),
        maxSearches: count,
      };
      const whole = { maxInputTokens: law.whole, maxOutputTokens: law.whole };
      const limits = law.fieldsOf({ ...whole, ...rest }, model);
      if (limits === law.REFUSED) return false;
      // These rates have one price for all input, one for all output, and none for searches.
      const { maxInputTokens, maxOutputTokens, maxSearches } = limits as Record<string, number>;
      if (maxSearches !== 0) return false;
      return result === tokenUsd(rates, maxInputTokens, maxOutputTokens);
    },
  },
  tokenCost: {
    args: () => [
      tokens,
      {
        inputTokens: 2000,
        outputTokens: 100,
        cacheReadTokens: 10,
        cacheWriteTokens: 0,
      },
    ],
    law: (result, [rates, model]) => {
      const rest = {
        ...ofParts((part) => `${part}Tokens`, count),
        searches: count,
      };
      const usage = law.fieldsOf({ inputTokens: law.whole, outputTokens: law.whole, ...rest }, model);
      if (usage === law.REFUSED) return false;
      const of = usage as Record<string, number>;
      const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, searches } = of;
      if (searches !== 0 || Number(cacheReadTokens) + Number(cacheWriteTokens) > Number(inputTokens))
        return false;
      return result === tokenUsd(rates, inputTokens, outputTokens);
    },
  },
  "new CostRates": {
    args: () => [
      {
        gpuUsdPerS: { perHour: "0.71" },
        vcpuUsdPerS: "0.000018",
        gibUsdPerS: 2e-6,
        idleTailS: 600,
      },
    ],
    law: value(machines),
  },
  "CostRates.fromJSON": {
    args: () => [JSON.parse(JSON.stringify(machine)) as unknown],
    law: value(machines),
  },
  "CostRates#toJSON": json(machine),
  "new TokenRates": {
    args: () => [
      {
        inputUsdPerMTok: "3",
        outputUsdPerMTok: 15,
        requestUsd: null,
        tiers: [tier],
      },
    ],
    law: ratesLaw,
  },
  "TokenRates.fromJSON": {
    args: () => [JSON.parse(JSON.stringify(tokens)) as unknown],
    law: ratesLaw,
  },
  "TokenRates#toJSON": json(tokens),
  "TokenRates#times": {
    self: tokens,
    args: () => ["1.1", { kinds: ["input", "cacheRead"], fees: true }],
    law: (result, [factor, model]) => {
      const kind = law.oneOf(["input", "output", ...parts]);
      const fields = { kinds: law.or(null, law.listOf(kind)), fees: law.or(false, law.flag) };
      const options = law.fieldsOf(fields, model === undefined ? {} : model);
      const by = law.price(factor) === law.REFUSED ? null : law.decimal(factor);
      if (options === law.REFUSED || by === null || by.over <= 0n) return false;
      const { kinds } = options as { readonly kinds: readonly unknown[] | null };
      const { inputUsdPerMTok, outputUsdPerMTok } = result as TokenRates;
      const scaled = (price: unknown, from: string, name: string): boolean => {
        const exact = kinds?.includes(name) === false ? rational(from) : times(rational(from), by);
        const over = add(rational(String(price)), { over: -exact.over, under: exact.under });
        return over.over >= 0n && compare(over, rational("1e-18")) < 0;
      };
      return scaled(inputUsdPerMTok, "3", "input") && scaled(outputUsdPerMTok, "15", "output");
    },
  },
};
