import { describe, expect, it } from "vitest";
import { costOf, makePlan, slicesOf, type StoreName } from "./plan.ts";
import { Random } from "./random.ts";

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

describe("makePlan", () => {
  it.each<StoreName>(["postgres", "postgres16", "sqlite"])("the same seed is the same plan, %s", (store) => {
    expect(makePlan(store, 7)).toEqual(makePlan(store, 7));
    expect(makePlan(store, 7)).not.toEqual(makePlan(store, 8));
  });

  it("every seed asks for more than its caps have room for", () => {
    for (const seed of SEEDS) {
      const { jobs, holds } = makePlan("postgres", seed);
      const asked = [...jobs.map(({ maxCost }) => maxCost), ...holds.map(({ amount }) => amount)];
      const caps = jobs.flatMap(({ scopes }) => scopes).filter(({ scope }) => scope.startsWith("month:"));
      const highest = caps.reduce((most, { cap }) => (cap > most ? cap : most), 0n);
      expect(asked.reduce((sum, amount) => sum + amount, 0n)).toBeGreaterThan(highest);
    }
  });

  it("in every seed a process is stopped while it spends", () => {
    for (const seed of SEEDS) {
      const faults = makePlan("sqlite", seed).actors.flatMap((actor) => actor.faults);
      expect(faults.some(({ act, at }) => act === "stop" && at === "slice")).toBe(true);
    }
  });
});

describe("costOf", () => {
  it("at least half of the attempts cost exactly their estimate, and none costs more", () => {
    const costs = SEEDS.map((seed) => costOf(seed, "job:j1#1", 100n));
    expect(costs.filter((cost) => cost === 100n).length).toBeGreaterThanOrEqual(SEEDS.length / 2);
    expect(costs.every((cost) => cost >= 0n && cost <= 100n)).toBe(true);
  });

  it("is spent in slices that add up to it", () => {
    for (const seed of SEEDS) {
      const slices = slicesOf(new Random("slices", seed), 100n);
      expect(slices.every((slice) => slice > 0n)).toBe(true);
      expect(slices.reduce((sum, slice) => sum + slice, 0n)).toBe(100n);
    }
  });
});
