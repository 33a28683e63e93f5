import { DispatchError, type MicroCents, usd } from "dispatch-kit";
import { type CallLedger, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { actual, request, thrownBy, without } from "./with-hold-support.ts";

describe("withHold: hold.extend", () => {
  it("sets more aside, step by step, and what is booked may be as much", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold }) => {
      expect(await hold.extend(usd("0.10"))).toEqual({ kind: "held" });
      expect(await Promise.all([hold.extend(usd("0.20")), hold.extend(usd("0.30"))])).toEqual([
        { kind: "held" },
        { kind: "held" },
      ]);
      expect(await hold.extend(usd("0.50"))).toMatchObject({
        kind: "refused",
        lacking: [{ by: usd("0.28") }],
      });
      expect(hold.amount).toBe(usd("0.78"));
      return { value: 1, actual: usd("0.78") };
    });
    expect(outcome).toMatchObject({ booked: usd("0.78"), overrun: 0n });
  });

  it("counts in full with its extensions", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold }) => {
      await hold.extend(usd("0.10"));
      return { value: 1, actual: null };
    });
    expect(outcome).toMatchObject({ booked: usd("0.28") });
  });

  it("whose answer was lost is repeated, and adds once", async () => {
    const ledger = memoryStore();
    let lose = true;
    const loses: CallLedger = {
      ...without(ledger),
      extend: async (holdId, by, step) => {
        const answer = await ledger.extend(holdId, by, step);
        if (lose) throw new DispatchError("outcome_unknown", "cut");
        return answer;
      },
    };
    await withHold(loses, request, async ({ hold }) => {
      expect(await thrownBy(hold.extend(usd("0.10")))).toMatchObject({ code: "outcome_unknown" });
      expect(hold.amount).toBe(usd("0.18"));
      lose = false;
      expect(await hold.extend(usd("0.10"))).toEqual({ kind: "held" });
      expect(hold.amount).toBe(usd("0.28"));
      expect(await hold.extend(usd("0.10"))).toEqual({ kind: "held" });
      return { value: 1, actual };
    });
    expect(await ledger.getHold("call-1")).toMatchObject({ amount: usd("0.38") });
  });

  it("that another process has made under the id admits nothing", async () => {
    const ledger = memoryStore();
    await withHold(ledger, request, async ({ hold }) => {
      await ledger.extend("call-1", usd("0.10"), 1);
      expect(await hold.extend(usd("0.10"))).toMatchObject({ kind: "exists", state: "open" });
      expect(hold.amount).toBe(usd("0.18"));
      return { value: 1, actual };
    });
  });

  it("refuses what is no amount", async () => {
    const ledger = memoryStore();
    await withHold(ledger, request, async ({ hold }) => {
      expect(await thrownBy(hold.extend(5 as unknown as MicroCents))).toBeInstanceOf(TypeError);
      expect(await hold.extend(usd("0.10"))).toEqual({ kind: "held" });
      return { value: 1, actual };
    });
  });
});
