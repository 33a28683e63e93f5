import { memoryStore } from "dispatch-kit/memory";
import { work } from "dispatch-kit/worker";
import { describe, expect, it, vi } from "vitest";

const LANES = { lanes: ["text"] };

const WRONG_TYPES: readonly (readonly [what: string, options: object])[] = [
  ["no lanes", {}],
  ["lanes that are no list", { lanes: "text" }],
  ["a lane that is no text", { lanes: [1] }],
  ["a misspelt option", { ...LANES, concurency: 2 }],
  ["a concurrency of text", { ...LANES, concurrency: "2" }],
  ["a lease of text", { ...LANES, leaseSeconds: "60" }],
  ["a controller for a signal", { ...LANES, signal: new AbortController() }],
  ["a signal that cannot be listened to", { ...LANES, signal: { aborted: false } }],
  ["a wake that is no function", { ...LANES, wake: {} }],
  ["an onEvent that is no function", { ...LANES, onEvent: "log" }],
  ["the onError of older versions", { ...LANES, onError: () => null }],
  ["the onStale of older versions", { ...LANES, onStale: () => null }],
  ["a name that is no text", { ...LANES, by: 7 }],
  ["a random that is a number", { ...LANES, random: 0.5 }],
  ["a poll that is a number", { ...LANES, poll: 1 }],
  ["a misspelt poll", { ...LANES, poll: { min: 1 } }],
  ["a misspelt backoff", { ...LANES, backoff: { base: 1 } }],
];

const WRONG_VALUES: readonly (readonly [what: string, options: object])[] = [
  ["an empty lane", { lanes: [""] }],
  ["no concurrency", { ...LANES, concurrency: 0 }],
  ["half a job at a time", { ...LANES, concurrency: 1.5 }],
  ["a lease that is over at once", { ...LANES, leaseSeconds: 0 }],
  ["a lease of NaN", { ...LANES, leaseSeconds: Number.NaN }],
  ["a lease of more than a day", { ...LANES, leaseSeconds: 86_401 }],
  ["an empty name", { ...LANES, by: "" }],
  ["a name that is too long", { ...LANES, by: "x".repeat(201) }],
  ["a recovery without a pause", { ...LANES, recoverEverySeconds: 0 }],
  ["a poll without a pause", { ...LANES, poll: { minSeconds: 0 } }],
  ["a poll that ends below where it begins", { ...LANES, poll: { minSeconds: 6 } }],
  ["a backoff that ends below where it begins", { ...LANES, backoff: { baseSeconds: 2, maxSeconds: 1 } }],
  ["a backoff below zero", { ...LANES, backoff: { baseSeconds: -1 } }],
  ["a stop without end", { ...LANES, stopWithinSeconds: Infinity }],
];

describe("work: options", () => {
  it.each(WRONG_TYPES)("refuses %s before it claims anything", async (_, options) => {
    await refuses(options, TypeError);
  });

  it.each(WRONG_VALUES)("refuses %s before it claims anything", async (_, options) => {
    await refuses(options, RangeError);
  });

  it("names the option in its message", async () => {
    const worker = work(memoryStore(), () => null, { ...LANES, by: "" });
    await expect(worker).rejects.toThrow(/^work: options\.by must be 1 to 200 code units/);
    // From plain JavaScript.
    await expect(work(memoryStore(), () => null, 5 as never)).rejects.toThrow(
      "work: options must be a plain object; got 5",
    );
  });

  it("refuses what is no executor", async () => {
    // From plain JavaScript.
    await expect(work(memoryStore(), {} as never, LANES)).rejects.toThrow(TypeError);
  });
});

async function refuses(options: object, error: ErrorConstructor): Promise<void> {
  const store = memoryStore();
  const claimMany = vi.spyOn(store, "claimMany");
  // From plain JavaScript.
  await expect(work(store, () => null, options as never)).rejects.toThrow(error);
  expect(claimMany).not.toHaveBeenCalled();
}
