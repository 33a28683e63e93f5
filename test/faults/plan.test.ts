import { describe, expect, it } from "vitest";
import { costOf, slicesOf } from "./costs.ts";
import { makePlan, type StoreName } from "./plan.ts";
import { Random } from "./random.ts";
import { OLDER } from "./terms.ts";

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
      const highest = caps.reduce<bigint>((most, { cap }) => ((cap ?? 0n) > most ? (cap ?? 0n) : most), 0n);
      expect(asked.reduce((sum, amount) => sum + amount, 0n)).toBeGreaterThan(highest);
    }
  });

  it("every seed has each kind of job, and each kind of decision", () => {
    for (const seed of SEEDS) {
      const { jobs, holds, changes, actors } = makePlan("postgres", seed);
      const kinds = [
        jobs.some(({ failures }) => failures > 0),
        jobs.some(({ maxRunSeconds }) => maxRunSeconds !== null),
        jobs.some(({ isNewer }) => isNewer),
        jobs.some(({ claimBy }) => claimBy !== null),
        jobs.some(({ decideBy }) => decideBy !== null),
        jobs.some(({ isOld }) => isOld),
        holds.some(({ end }) => end === "late"),
      ];
      expect(kinds).not.toContain(false);
      const calls = new Set(changes.map(({ call }) => call));
      expect([...calls]).toEqual(expect.arrayContaining(["correct", "retry", "pause", "pinCap"]));
      const tasks = new Set(actors.flatMap(({ agenda }) => agenda.map(({ kind }) => kind)));
      expect([...tasks]).toEqual(expect.arrayContaining(["change", "prune", "forget"]));
    }
  });

  it("no two corrections of a hold and no two pins have the same amount", () => {
    for (const seed of SEEDS) {
      const { changes } = makePlan("sqlite", seed);
      const amounts = changes.flatMap((change) =>
        "amount" in change ? [`${"holdId" in change ? change.holdId : ""} ${String(change.amount)}`] : [],
      );
      expect(new Set(amounts).size).toBe(amounts.length);
    }
  });

  it("older code submits nothing that it cannot read", () => {
    for (const seed of SEEDS) {
      const { jobs, actors } = makePlan("sqlite", seed);
      const newer = jobs.filter(({ isNewer }) => isNewer).map(({ jobId }) => jobId);
      const submits = actors[OLDER]?.agenda.filter(({ kind }) => kind === "submit") ?? [];
      expect(submits.flatMap(({ subject, others }) => [subject, ...others])).not.toEqual(
        expect.arrayContaining([expect.toBeOneOf(newer)]),
      );
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
