import { BudgetCap, formatUsd, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { Agenda } from "../../examples/demo/agenda.ts";
import type { PassName } from "../../examples/demo/ground.ts";
import { type Pass, runPass } from "../../examples/demo/passes.ts";
import { BACKENDS, passedOver } from "../../examples/demo/service.ts";
import type { Trace } from "../../examples/demo/trace.ts";
import { gpt4oMini, HEADER, trace, traceText } from "./support.ts";

function run(name: PassName, calls: Trace, cap: { run: string; month: string }): Promise<Pass> {
  const caps = new BudgetCap({ run: usd(cap.run), month: usd(cap.month) });
  return runPass({ name, trace: calls, listing: gpt4oMini(), cap: caps });
}

const money = (pass: Pass): Record<string, string> => ({
  held: formatUsd(pass.held),
  spent: formatUsd(pass.spent),
  trueCost: formatUsd(pass.trueCost),
});

describe("the first 500 calls under a cap of $0.10", () => {
  const calls = trace(traceText(500));
  const cap = { run: "0.10", month: "250" };

  it("runPass: never settled, holds stay and most of the rest is refused", async () => {
    const pass = await run("naive", calls, cap);
    expect(pass.admitted + pass.refused).toBe(500);
    expect(pass.refused).toBeGreaterThan(300);
    expect(pass.refusedBy).toEqual({ run: pass.refused, month: 0 });
    expect(pass.egress).toBe(pass.admitted);
    expect(pass.spent).toBe(0n);
    expect(pass.held).toBe(pass.promised);
    expect(pass.held).toBe(pass.heldPeak);
    expect(pass.heldPeak).toBeLessThanOrEqual(usd("0.10"));
    expect(pass.trueCost).toBeLessThan(pass.held / 2n);
  });

  it("runPass: settled, more than twice as many fit, and the cap still holds", async () => {
    const [naive, settled] = [await run("naive", calls, cap), await run("settled", calls, cap)];
    expect(settled.admitted).toBeGreaterThan(2 * naive.admitted);
    expect(settled.refused).toBeGreaterThan(0);
    expect(settled.refusedBy).toEqual({ run: settled.refused, month: 0 });
    expect(settled.egress).toBe(settled.admitted);
    expect(settled.held).toBe(0n);
    expect(settled.spent).toBe(settled.trueCost);
    expect(settled.committedPeak).toBeLessThanOrEqual(usd("0.10"));
    expect(settled.inFlightPeak).toBeGreaterThan(10);
    expect(settled.checks).toBeGreaterThan(settled.admitted * 9);
  });

  it("runPass: the month refuses where it is the smaller one", async () => {
    const pass = await run("settled", calls, { run: "10", month: "0.10" });
    expect(pass.refusedBy).toEqual({ run: 0, month: pass.refused });
    expect(pass.refused).toBeGreaterThan(0);
  });

  it("runPass: with nothing to spend nothing runs", async () => {
    const pass = await run("settled", calls, { run: "0", month: "250" });
    expect(pass).toMatchObject({ admitted: 0, refused: 500, egress: 0, trueCost: 0n, inFlightPeak: 0 });
  });

  it("runPass: its timeline has every call, and ends as the pass does", async () => {
    const pass = await run("settled", calls, cap);
    const { slots } = pass.timeline;
    const sum = (of: (slot: (typeof slots)[number]) => number): number =>
      slots.reduce((all, slot) => all + of(slot), 0);
    expect(sum(({ admitted }) => admitted)).toBe(pass.admitted);
    expect(sum(({ refused }) => refused)).toBe(pass.refused);
    expect(slots.at(-1)?.end).toEqual({ held: 0n, spent: pass.spent, trueCost: pass.spent, inFlight: 0 });
    const peaks = slots.map(({ heldPeak }) => heldPeak);
    expect(peaks.reduce((most, peak) => (peak > most ? peak : most))).toBe(pass.heldPeak);
  });
});

it("runPass: a call counts in the month that it came in", async () => {
  const calls = trace(`${HEADER}\n2023-11-30 23:59:59.9,1000,1000\n2023-12-01 00:00:00,1000,1000\n`);
  // Room for one such call in each month, and for both in the run.
  const pass = await run("settled", calls, { run: "1", month: "0.00075" });
  expect(pass).toMatchObject({ admitted: 2, refused: 0, inFlightPeak: 2 });
});

describe("the whole hour under a cap of $10", () => {
  const calls = trace(traceText());
  const cap = { run: "10", month: "250" };

  it("runPass: never settled, a third of the calls is refused", async () => {
    const pass = await run("naive", calls, cap);
    expect(pass).toMatchObject({ admitted: 12_741, refused: 6625, refusedBy: { run: 6625, month: 0 } });
    expect(formatUsd(pass.asked)).toBe("14.9738805");
    expect(money(pass)).toEqual({ held: "9.9996558", spent: "0.00", trueCost: "3.9022062" });
  });

  it("runPass: settled, every call fits", async () => {
    const pass = await run("settled", calls, cap);
    expect(pass).toMatchObject({ admitted: 19_366, refused: 0, egress: 19_366 });
    expect(money(pass)).toEqual({ held: "0.00", spent: "5.8074795", trueCost: "5.8074795" });
    // The sum of the trace's own columns, at 15 and 60 micro-cents a token.
    const sum = calls.calls.reduce(
      (all, call) => all + call.contextTokens * 15 + call.generatedTokens * 60,
      0,
    );
    expect(pass.trueCost).toBe(BigInt(sum));
  });
});

it("Agenda: takes by time, then in the order of putting in", () => {
  const agenda = new Agenda<string>();
  for (const [at, event] of [
    [3, "c"],
    [1, "a"],
    [3, "d"],
    [2, "b"],
  ] as const)
    agenda.add(at, event);
  expect(agenda.nextAt).toBe(1);
  expect([0.5, 2, 2, Infinity].map((time) => agenda.takeDue(time))).toEqual([[], ["a", "b"], [], ["c", "d"]]);
  expect(agenda.nextAt).toBe(Infinity);
});

it("passedOver: says of each backend why only the hosted model is left", () => {
  expect(passedOver().map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
    "local: it lacks the tool",
    "lan_worker: it has 8 GB of video memory, and the job needs 80 GB",
    "cloud_worker: it lacks the tool",
    "sdk: allowSdk is not set",
  ]);
  expect(BACKENDS.filter(({ endpoint }) => endpoint !== null).length).toBe(1);
});
