import { estimateTokens, type MicroCents, microCents, tokenCost, TokenRates, usd } from "dispatch-kit";
import {
  affordableTokens,
  maxTokensOf,
  metered,
  type StreamChunk,
  StreamMeter,
  type StreamMeterOptions,
  withHold,
} from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { committed, request, thrownBy } from "./with-hold-support.ts";

const rates = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "15" });
/** Pays for 466 output tokens after 1,000 input tokens. */
const options: StreamMeterOptions = { rates, amount: usd("0.01"), maxInputTokens: 1000, maxChunkTokens: 16 };

/** Prices of four decimal places, with and without a tier. */
const anyRates = fc
  .record({
    input: fc.integer({ min: 0, max: 10_000 }),
    output: fc.integer({ min: 1, max: 10_000 }),
    above: fc.option(fc.integer({ min: 0, max: 2000 })),
  })
  .map(({ input, output, above }) => {
    const prices = { inputUsdPerMTok: String(input / 100), outputUsdPerMTok: String(output / 100) };
    const dearer = { inputUsdPerMTok: String(input / 50), outputUsdPerMTok: String(output / 50) };
    return new TokenRates({
      ...prices,
      ...(above !== null && { tiers: [{ aboveInputTokens: above, ...dearer }] }),
    });
  });
const amounts = fc.bigInt({ min: 0n, max: 10n ** 9n }).map((units) => microCents(units));

// What must not compile. None of this is run.
export function mustNotCompile(meter: StreamMeter): void {
  // @ts-expect-error one of them counts, and nobody could say which
  meter.take({ text: "a", tokens: 1 });
  // @ts-expect-error a count and a total contradict each other
  meter.take({ tokens: 1, total: 1 });
  // @ts-expect-error a chunk has a count
  meter.take({});
  // @ts-expect-error a count is there
  meter.take({ text: undefined });
  // @ts-expect-error a misspelt count
  meter.take({ token: 1 });
}

describe("affordableTokens", () => {
  it("is the most that fits: one more costs more than the amount", () => {
    fc.assert(
      fc.property(anyRates, amounts, fc.nat(3000), (of, amount, maxInputTokens) => {
        const cost = (maxOutputTokens: number) => estimateTokens(of, { maxInputTokens, maxOutputTokens });
        const most = affordableTokens(of, { amount, maxInputTokens });
        if (most === null) expect(cost(0)).toBeGreaterThan(amount);
        else {
          expect(cost(most)).toBeLessThanOrEqual(amount);
          expect(cost(most + 1)).toBeGreaterThan(amount);
        }
      }),
    );
  });

  it("of output that is free there is no end", () => {
    const free = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: 0 });
    const limits = { amount: usd("0.01"), maxInputTokens: 1 };
    expect(affordableTokens(free, limits)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each<[string, object, ErrorConstructor]>([
    ["a number for money", { amount: 1, maxInputTokens: 1 }, TypeError],
    ["less than no money", { amount: -1n, maxInputTokens: 1 }, RangeError],
    ["half a token", { amount: 1n, maxInputTokens: 0.5 }, RangeError],
    ["a field too few", { amount: 1n }, TypeError],
    ["a field too many", { amount: 1n, maxInputTokens: 1, maxOutputTokens: 1 }, TypeError],
  ])("refuses %s", (_, limits, type) => {
    expect(() => affordableTokens(rates, limits as never)).toThrow(type);
  });

  it.each<[string, unknown]>([
    ["no rates", undefined],
    ["inherited rates", Object.create(rates)],
    ["rates without a price of output", { ...rates, outputUsdPerMTok: undefined }],
    ["a Map", new Map(Object.entries(rates))],
    ["a list", [rates]],
  ])("refuses %s", (_, wrong) => {
    const limits = { amount: usd(1), maxInputTokens: 1 };
    expect(() => affordableTokens(wrong as TokenRates, limits)).toThrow(TypeError);
  });

  it("reads a look-alike of rates by its fields", () => {
    const limits = { amount: usd(1), maxInputTokens: 1 };
    const expected = affordableTokens(rates, limits);
    for (const other of [{ ...rates }, structuredClone(rates), new Proxy(rates, {})]) {
      expect(affordableTokens(other as TokenRates, limits)).toBe(expected);
    }
    const dear = { ...rates, outputUsdPerMTok: "1000000" } as unknown as TokenRates;
    expect(affordableTokens(dear, limits)).toBe(0);
  });
});

describe("StreamMeter", () => {
  it("stops before the next chunk could cost more than the amount, and not before that", () => {
    const meter = new StreamMeter(options);
    expect(meter.decision()).toEqual(expect.objectContaining({ kind: "continue", outputTokens: 0 }));
    expect(meter.take({ tokens: 450 })).toMatchObject({ kind: "continue", outputTokens: 450 });
    // 451 and 16 are 467 tokens: $0.003 and $0.007005.
    const stop = meter.take({ tokens: 1 });
    expect(stop).toMatchObject({ kind: "stop", outputTokens: 451, lacking: usd("0.000005") });
    expect(JSON.stringify(stop)).toBe('{"kind":"stop","outputTokens":451,"lacking":"0.000005"}');
    expect(Object.isFrozen(stop)).toBe(true);
  });

  it("goes on once what is lacking was set aside", () => {
    const meter = new StreamMeter(options);
    const stop = meter.take({ tokens: 451 });
    if (stop.kind !== "stop") throw new Error("it goes on");
    expect(meter.extend(microCents(stop.lacking - 1n)).kind).toBe("stop");
    expect(meter.extend(microCents(1n)).kind).toBe("continue");
    expect(meter.take({ tokens: 1 }).kind).toBe("stop");
  });

  it("counts a text by its upper bound, and a total as the provider counts it", () => {
    const meter = new StreamMeter(options);
    meter.take({ text: "Once upon a time" });
    expect(meter.outputTokens).toBe(maxTokensOf("Once upon a time"));
    meter.take({ text: "こんにちは" });
    expect(meter.outputTokens).toBe(17 + 16);
    expect(meter.take({ total: 9 }).outputTokens).toBe(9);
    expect(meter.take({ text: "" }).outputTokens).toBe(9);
    expect(meter.take({ tokens: 1, text: undefined, total: undefined }).outputTokens).toBe(10);
  });

  it("stops before the first chunk where there is no room for one, or none for the input", () => {
    expect(new StreamMeter({ ...options, amount: usd("0.0031") }).decision().kind).toBe("stop");
    expect(new StreamMeter({ ...options, amount: usd("0.0029") }).decision()).toMatchObject({
      kind: "stop",
      lacking: usd("0.00034"),
    });
    expect(new StreamMeter({ ...options, amount: usd("0.00324") }).decision().kind).toBe("continue");
  });

  it("as long as no chunk is larger than it was told, the cost never passes the amount", () => {
    const chunks = fc.array(fc.nat(40), { maxLength: 200 });
    fc.assert(
      fc.property(anyRates, amounts, fc.nat(3000), chunks, (of, amount, maxInputTokens, sizes) => {
        const meter = new StreamMeter({ rates: of, amount, maxInputTokens, maxChunkTokens: 40 });
        let outputTokens = 0;
        for (const tokens of sizes) {
          if (meter.decision().kind === "stop") break;
          meter.take({ tokens });
          outputTokens += tokens;
        }
        if (outputTokens === 0) return;
        const inputTokens = maxInputTokens;
        expect(tokenCost(of, { inputTokens, outputTokens })).toBeLessThanOrEqual(amount);
      }),
    );
  });

  it.each<[string, unknown, ErrorConstructor]>([
    ["nothing", undefined, TypeError],
    ["null", null, TypeError],
    ["a string", "text", TypeError],
    ["a number", 3, TypeError],
    ["an empty object", {}, TypeError],
    ["two counts", { tokens: 1, total: 1 }, TypeError],
    ["a text and its tokens", { text: "a", tokens: 1 }, TypeError],
    ["a count that is undefined", { text: undefined }, TypeError],
    ["an unknown count", { characters: 1 }, TypeError],
    ["an inherited count", Object.create({ tokens: 1 }), TypeError],
    ["half a token", { tokens: 0.5 }, RangeError],
    ["less than no tokens", { tokens: -1 }, RangeError],
    ["NaN tokens", { total: NaN }, RangeError],
    ["a text that is none", { text: 5 }, TypeError],
    ["more than can be counted", { tokens: Number.MAX_SAFE_INTEGER }, RangeError],
  ])("take refuses %s, and counts nothing", (_, chunk, type) => {
    const meter = new StreamMeter(options);
    meter.take({ tokens: 3 });
    expect(() => meter.take(chunk as StreamChunk)).toThrow(type);
    expect(meter.outputTokens).toBe(3);
  });

  it("refuses options that are none, and an extension that is none", () => {
    for (const wrong of [
      { amount: 1 },
      { maxChunkTokens: 0 },
      { maxInputTokens: -1 },
      { rates: {} },
      { x: 1 },
    ]) {
      expect(() => new StreamMeter({ ...options, ...wrong } as StreamMeterOptions)).toThrow(Error);
    }
    expect(() => new StreamMeter(options).extend(5 as unknown as MicroCents)).toThrow(TypeError);
    expect(() => new StreamMeter(options).extend(microCents(-1n))).toThrow(RangeError);
  });
});

describe("metered", () => {
  interface Source {
    readonly chunks: AsyncGenerator<number, void, undefined>;
    pulled: number;
    closed: boolean;
  }

  /** A stream of chunks of 16 tokens, which knows how far it was read and whether it was closed. */
  function source(length: number): Source {
    const state = { pulled: 0, closed: false };
    const chunks = (async function* () {
      try {
        while (state.pulled < length) yield await Promise.resolve(++state.pulled);
      } finally {
        state.closed = true;
      }
    })();
    return Object.assign(state, { chunks });
  }

  const count = () => ({ tokens: 16 });

  async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
    const seen: Item[] = [];
    for await (const item of items) seen.push(item);
    return seen;
  }

  it("hands all on as long as it is paid for", async () => {
    const of = source(29);
    expect(await all(metered(of.chunks, { meter: new StreamMeter(options), count }))).toHaveLength(29);
    expect(of.closed).toBe(true);
  });

  it("stops in time, tells, closes the source, and hands the last one on", async () => {
    const of = source(1000);
    const meter = new StreamMeter(options);
    const told: unknown[] = [];
    const onStop = (decision: unknown) => told.push([decision, of.closed]);
    // 29 chunks are 464 of 466 tokens.
    const seen = await all(metered(of.chunks, { meter, count, onStop }));
    expect(seen).toHaveLength(29);
    expect([of.pulled, of.closed]).toEqual([29, true]);
    expect(told).toEqual([[expect.objectContaining({ kind: "stop", outputTokens: 464 }), false]]);
  });

  it("without room for a first chunk reads nothing", async () => {
    const of = source(3);
    const meter = new StreamMeter({ ...options, amount: usd("0.003") });
    expect(await all(metered(of.chunks, { meter, count }))).toEqual([]);
    expect(of.pulled).toBe(0);
  });

  it("asks the ledger for more, and stops when a cap refuses", async () => {
    const ledger = memoryStore();
    const scopes = [{ scope: "run:1", cap: usd("0.02") }];
    const of = source(1000);
    const outcome = await withHold(ledger, { ...request, amount: usd("0.01"), scopes }, async ({ hold }) => {
      const meter = new StreamMeter(options);
      const seen = await all(metered(of.chunks, { meter, count, hold, extendBy: usd("0.004") }));
      const outputTokens = 16 * seen.length;
      return { value: hold.amount, actual: tokenCost(rates, { inputTokens: 1000, outputTokens }) };
    });
    // Two extensions of $0.004 fit, a third does not: $0.018 are 1,000 output tokens, 62 chunks.
    expect(outcome).toMatchObject({ kind: "done", value: usd("0.018"), booked: usd("0.01788"), overrun: 0n });
    expect([of.pulled, of.closed]).toEqual([62, true]);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.01788") });
  });

  it("asks for what is lacking where that is more", async () => {
    const asked: MicroCents[] = [];
    const hold = {
      extend: (by: MicroCents) => {
        asked.push(by);
        return Promise.resolve({ kind: "exists", state: "settled" } as const);
      },
    };
    const meter = new StreamMeter(options);
    const of = source(1000);
    expect(await all(metered(of.chunks, { meter, count, hold }))).toHaveLength(29);
    // 480 tokens cost $0.0072 after the input's $0.003.
    expect(asked).toEqual([usd("0.0002")]);
  });

  it("what counts for nothing, such as a comment, is handed on", async () => {
    const of = source(100);
    const meter = new StreamMeter(options);
    expect(await all(metered(of.chunks, { meter, count: () => null }))).toHaveLength(100);
  });

  it("closes the source when its reader leaves, when the count throws, and when the ledger does", async () => {
    const left = source(100);
    for await (const chunk of metered(left.chunks, { meter: new StreamMeter(options), count })) {
      if (chunk === 1) break;
    }
    expect([left.pulled, left.closed]).toEqual([1, true]);

    const wrong = source(100);
    const reading = all(
      metered(wrong.chunks, { meter: new StreamMeter(options), count: () => ({ tokens: -1 }) }),
    );
    expect(await thrownBy(reading)).toBeInstanceOf(RangeError);
    expect([wrong.pulled, wrong.closed]).toEqual([1, true]);

    const down = source(100);
    const hold = { extend: () => Promise.reject(new Error("the database is gone")) };
    const extending = all(metered(down.chunks, { meter: new StreamMeter(options), count, hold }));
    expect(await thrownBy(extending)).toMatchObject({ message: "the database is gone" });
    expect(down.closed).toBe(true);
  });

  it("hands on what the source throws", async () => {
    const breaks = (async function* () {
      yield await Promise.resolve(1);
      throw new Error("broke off");
    })();
    const reading = all(metered(breaks, { meter: new StreamMeter(options), count }));
    expect(await thrownBy(reading)).toMatchObject({ message: "broke off" });
  });

  it.each<[string, object]>([
    ["no meter", { count }],
    ["a meter that is none", { meter: { take: count }, count }],
    ["no count", { meter: new StreamMeter(options) }],
    ["a hold that is none", { meter: new StreamMeter(options), count, hold: {} }],
    ["a number for money", { meter: new StreamMeter(options), count, extendBy: 1 }],
    ["an unknown option", { meter: new StreamMeter(options), count, extend: 1 }],
  ])("refuses %s", async (_, wrong) => {
    const of = source(3);
    expect(await thrownBy(all(metered(of.chunks, wrong as never)))).toBeInstanceOf(TypeError);
    expect(of.pulled).toBe(0);
  });
});
