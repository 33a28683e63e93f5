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
  ["an onError that is no function", { ...LANES, onError: "log" }],
  ["an onStale that is no function", { ...LANES, onStale: null }],
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
  ["a lease that a timer cannot wait for", { ...LANES, leaseSeconds: 1e7 }],
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
