import { TokenRates } from "dispatch-kit";
import { actualOf, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { AGENT_REPORTS } from "./agent-reports.ts";
import { MODEL_REPORTS } from "./model-reports.ts";
import { TOOL_REPORTS } from "./tool-reports.ts";

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheWrite1hUsdPerMTok: 6,
  searchUsd: "0.01",
});
const REPORTS = [...MODEL_REPORTS, ...TOOL_REPORTS, ...AGENT_REPORTS];
const named = REPORTS.map((full) => [`${full.protocol}, ${full.form}`, full] as const);

/** Neither function may throw; the answer is the same with and without a price. */
function kindOf(report: unknown, protocol?: (typeof REPORTS)[number]["protocol"]): string {
  const { kind } = actualOf(rates, report, { protocol });
  expect(usageOf(report, { protocol }).kind === "counted" || kind === "unknown").toBe(true);
  return kind;
}

/** A copy in which a function has changed every object. */
function changed(value: unknown, change: (object: object) => object): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return change(value.map((item) => changed(item, change)));
  return change(
    Object.fromEntries(Object.entries(value).map(([key, field]) => [key, changed(field, change)])),
  );
}

/** An object whose fields are getters that count their calls. */
function withGetters(touched: string[]): (object: object) => object {
  return (object) =>
    Object.defineProperties(
      Array.isArray(object) ? [] : {},
      Object.fromEntries(
        Object.entries(object).map(([key, value]) => [
          key,
          {
            enumerable: true,
            configurable: true,
            get: (): unknown => {
              touched.push(key);
              return value;
            },
          },
        ]),
      ),
    );
}

describe("reports that harm", () => {
  it.each(named)("touches no getter: %s", (_, { protocol, report }) => {
    const touched: string[] = [];
    expect(kindOf(changed(report, withGetters(touched)), protocol)).toBe("unknown");
    expect(kindOf(changed(report, withGetters(touched)))).toBe("unknown");
    // One object of getters among data.
    for (const key of Object.keys(report)) {
      const some = {
        ...report,
        [key]: changed(Object.entries(report).find(([of]) => of === key)?.[1], withGetters(touched)),
      };
      kindOf(some, protocol);
      kindOf(some);
    }
    expect(touched).toEqual([]);
  });

  it.each(named)("a getter beside the counts is not touched: %s", (_, { protocol, report }) => {
    const guard = {
      get text(): string {
        throw new Error("touched");
      },
    };
    const guarded = Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(guard), ...Object.getOwnPropertyDescriptors(report) },
    );
    expect(kindOf(guarded, protocol)).toBe("counted");
  });

  it.each(named)("a proxy that throws is unknown: %s", (_, { protocol, report }) => {
    const fail = (): never => {
      throw new Error("sk-secret");
    };
    const traps = {
      get: fail,
      getOwnPropertyDescriptor: fail,
      ownKeys: fail,
      has: fail,
      getPrototypeOf: fail,
    };
    const outcome = actualOf(rates, new Proxy(report, traps), { protocol });
    expect(outcome).toMatchObject({ kind: "unknown", reason: "the report cannot be read" });
    for (const key of Object.keys(report)) {
      kindOf({ ...report, [key]: new Proxy({}, traps) }, protocol);
      kindOf({ ...report, [key]: new Proxy([], traps) }, protocol);
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(kindOf({ ...report, usage: proxy })).toBe("unknown");
  });

  it.each(named)("a promise is not awaited, and not a report: %s", (_, { protocol, report }) => {
    const promise = Promise.resolve(report);
    expect(kindOf(promise, protocol)).toBe("unknown");
    expect(kindOf({ usage: promise }, protocol)).toBe("unknown");
    let called = 0;
    const thenable = { ...report, then: () => called++ };
    expect(kindOf(thenable, protocol)).toBe("unknown");
    expect(called).toBe(0);
  });

  it.each(named)("a report in itself ends: %s", (_, { protocol, report }) => {
    const cycle: Record<string, unknown> = { ...report };
    for (const key of ["usage", "raw", "steps", "iterations", "a", "b", "c", "d", "e", "f"])
      cycle[key] ??= cycle;
    kindOf(cycle, protocol);
    kindOf(cycle);
    const list: unknown[] = [];
    list.push(list, list, list);
    const lists = ["candidates", "content", "steps", "choices", "output", "iterations"];
    for (const key of lists) kindOf({ ...report, [key]: list }, protocol);
    kindOf({ ...report, ...Object.fromEntries(lists.map((key) => [key, list])) });
  });

  it.each(named)("long lists and deep objects end: %s", (_, { protocol, report, at }) => {
    const long = new Array<unknown>(4_000_000_000);
    let deep: object = { tokens: 1 };
    for (let level = 0; level < 20_000; level++) deep = { deep };
    for (const value of [long, deep, new Float64Array(1_000_000), new Map([["a", 1]])]) {
      for (const key of ["content", "steps", "candidates", "iterations", "more"]) {
        kindOf({ ...report, [key]: value }, protocol);
      }
      if (at === "") continue;
      const inside = changed(report, (object) => object);
      Object.assign((inside as Record<string, object>)[at.split(".")[0] ?? ""] ?? {}, { more: value });
      kindOf(inside, protocol);
    }
  });

  it("what is nested in a usage is a number that nobody knows, however deep", () => {
    let deep: object = { tokens: 1 };
    for (let level = 0; level < 50; level++) deep = { deep };
    const usage = { input_tokens: 5, output_tokens: 5, cache_read_input_tokens: 1, deep };
    expect(kindOf(usage, "anthropic")).toBe("unknown");
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`n${index}`, 0]));
    expect(kindOf({ ...usage, deep: many }, "anthropic")).toBe("unknown");
  });

  it("inherited fields are not read", () => {
    const report: object = Object.assign(Object.create({ output_tokens: 0 }) as object, { input_tokens: 5 });
    expect(kindOf(report, "anthropic")).toBe("unknown");
  });
});
