import { DispatchError, type MicroCents, usd } from "dispatch-kit";
import { type CallLedger, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { actual, committed, ledgerAt, request, thrownBy, without } from "./with-hold-support.ts";

describe("withHold", () => {
  it("holds, calls once, settles at the actual cost and hands the value on", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold, signal }) => {
      expect(await committed(ledger)).toEqual({ reserved: usd("0.18"), spent: 0n });
      expect(hold).toMatchObject({ holdId: "call-1", amount: usd("0.18") });
      expect(signal.aborted).toBe(false);
      return { value: { text: "hello" }, actual };
    });
    expect(outcome).toEqual(
      expect.objectContaining({
        kind: "done",
        value: { text: "hello" },
        settlement: "actual",
        booked: actual,
        overrun: 0n,
      }),
    );
    expect(Object.isFrozen(outcome)).toBe(true);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
  });

  it("a cap that lacks room refuses, with what is lacking, and nothing is called", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, { ...request, amount: usd("1.5") }, () => {
      throw new Error("called");
    });
    expect(outcome).toMatchObject({ kind: "refused", lacking: [{ scope: "run:1", by: usd("0.5") }] });
    expect(await ledger.getHold("call-1")).toBeNull();
  });

  it.each(["open", "settled", "released", "charged"] as const)(
    "an id that exists, %s, is never called again",
    async (state) => {
      const { ledger, wait } = ledgerAt();
      await ledger.hold(request);
      if (state === "settled") await ledger.settle("call-1", actual);
      if (state === "released") await ledger.release("call-1");
      if (state === "charged") {
        wait(61);
        await ledger.expire();
      }
      const before = await committed(ledger);
      const outcome = await withHold(ledger, request, () => {
        throw new Error("called");
      });
      expect(outcome).toEqual(expect.objectContaining({ kind: "exists", state }));
      expect(await committed(ledger)).toEqual(before);
    },
  );

  it("of two calls under one id at once, one is made", async () => {
    const ledger = memoryStore();
    let calls = 0;
    const one = () => withHold(ledger, request, () => ({ value: ++calls, actual }));
    const kinds = (await Promise.all([one(), one(), one()])).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(["done", "exists", "exists"]);
    expect(calls).toBe(1);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
  });

  it("an overrun is booked in full and reported", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, () => ({ value: 1, actual: usd("0.20") }));
    expect(outcome).toMatchObject({ kind: "done", booked: usd("0.20"), overrun: usd("0.02") });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.20") });
  });

  it("the outcome can be stringified: money as decimal dollars, the value as it is", async () => {
    const ledger = memoryStore();
    const value = { text: "hello", usage: 3 };
    const outcome = await withHold(ledger, request, () => ({ value, actual }));
    expect(JSON.parse(JSON.stringify(outcome))).toEqual({
      kind: "done",
      value,
      settlement: "actual",
      booked: "0.05",
      overrun: "0.00",
    });
    const down = await withHold(without(ledger, "settle"), { ...request, holdId: "call-2" }, () => ({
      value,
      actual,
    }));
    expect(JSON.parse(JSON.stringify(down))).toEqual({
      kind: "done",
      value,
      settlement: "pending",
      booked: null,
      overrun: null,
      actual: "0.05",
    });
  });
});

describe("withHold: what nobody knows counts in full", () => {
  it("a throw leaves all of it set aside, is charged at the ttl, and a late truth corrects it", async () => {
    const { ledger, wait } = ledgerAt();
    const error = new Error("the connection broke");
    const thrown = await thrownBy(
      withHold(ledger, request, () => {
        throw error;
      }),
    );
    expect(thrown).toBe(error);
    expect(await committed(ledger)).toEqual({ reserved: usd("0.18"), spent: 0n });
    wait(61);
    expect(await ledger.expire()).toMatchObject({ charged: [{ holdId: "call-1", amount: usd("0.18") }] });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.18") });
    expect(await ledger.settle("call-1", actual)).toMatchObject({ kind: "settled", corrected: true });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
  });

  it("an actual of null: the value comes back, and says that it counts in full", async () => {
    const { ledger, wait } = ledgerAt();
    const outcome = await withHold(ledger, request, () => ({ value: "hello", actual: null }));
    expect(outcome).toMatchObject({
      kind: "done",
      value: "hello",
      settlement: "in_full",
      booked: usd("0.18"),
      overrun: 0n,
      error: null,
    });
    expect((await ledger.usage("run:1")).committed()).toBe(usd("0.18"));
    wait(61);
    await ledger.expire();
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.18") });
  });

  it.each<[string, unknown]>([
    ["a number", 0.05],
    ["a negative amount", -1n],
    ["more than any ledger takes", 2n ** 62n],
    ["undefined", undefined],
    ["a string", "0.05"],
  ])("an actual that is none, %s: the value is not lost, and nothing is believed", async (_, wrong) => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, () => ({ value: "hello", actual: wrong as MicroCents }));
    expect(outcome).toMatchObject({
      kind: "done",
      value: "hello",
      settlement: "in_full",
      booked: usd("0.18"),
    });
    expect((outcome as { error: unknown }).error).toBeInstanceOf(Error);
    expect((await ledger.usage("run:1")).committed()).toBe(usd("0.18"));
  });

  it("what a call returns must be { value, actual }; without, it is charged like a throw", async () => {
    const ledger = memoryStore();
    const nothing = (() => undefined) as unknown as () => { value: 1; actual: null };
    expect(await thrownBy(withHold(ledger, request, nothing))).toBeInstanceOf(TypeError);
    expect((await ledger.usage("run:1")).committed()).toBe(usd("0.18"));
  });
});

describe("withHold: its arguments", () => {
  const call = () => ({ value: 1, actual });
  const ledger = memoryStore();
  it.each<[string, () => Promise<unknown>, new (...of: never[]) => Error]>([
    ["no ledger", () => withHold(undefined as unknown as CallLedger, request, call), TypeError],
    [
      "half a ledger",
      () => withHold({ hold: () => null } as unknown as CallLedger, request, call),
      TypeError,
    ],
    ["no request", () => withHold(ledger, undefined as unknown as typeof request, call), TypeError],
    [
      "a number for money",
      () => withHold(ledger, { ...request, amount: 1 as unknown as MicroCents }, call),
      TypeError,
    ],
    ["no ttl", () => withHold(ledger, { ...request, ttlSeconds: 0 }, call), RangeError],
    ["no scope", () => withHold(ledger, { ...request, scopes: [] }, call), RangeError],
    ["a job's hold", () => withHold(ledger, { ...request, holdId: "job:1#1" }, call), DispatchError],
    ["a field too many", () => withHold(ledger, { ...request, cap: 1 } as typeof request, call), TypeError],
    ["no call", () => withHold(ledger, request, undefined as unknown as typeof call), TypeError],
    [
      "a controller",
      () => withHold(ledger, request, call, { signal: new AbortController() as never }),
      TypeError,
    ],
    ["an unknown option", () => withHold(ledger, request, call, { timeout: 1 } as never), TypeError],
  ])("%s is refused before anything is held", async (_, run, type) => {
    expect(await thrownBy(run())).toBeInstanceOf(type);
    expect((await ledger.usage("run:1")).committed()).toBe(0n);
  });

  it("each field is read once: a getter that changes its mind gets no other hold", async () => {
    const changing = memoryStore();
    let reads = 0;
    const asked = {
      ...request,
      get holdId() {
        return `call-${String(++reads)}`;
      },
      get amount() {
        return reads > 1 ? usd("0.01") : usd("0.18");
      },
    };
    const outcome = await withHold(changing, asked, ({ hold }) => ({ value: hold.holdId, actual }));
    expect(outcome).toMatchObject({ kind: "done", value: "call-1", booked: actual });
    expect(await changing.getHold("call-1")).toMatchObject({ amount: usd("0.18"), state: "settled" });
  });
});
