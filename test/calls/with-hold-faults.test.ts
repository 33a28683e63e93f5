import { DispatchError, isDispatchError, type SettleOutcome, usd } from "dispatch-kit";
import { type CallLedger, NotSentError, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { actual, committed, ledgerAt, request, thrownBy, without } from "./with-hold-support.ts";

describe("withHold: hold.notSent", () => {
  it("gives the money back, and is thrown with its cause", async () => {
    const ledger = memoryStore();
    const cause = new Error("no route");
    const error = await thrownBy(
      withHold(ledger, request, ({ hold }) => {
        throw hold.notSent(cause);
      }),
    );
    expect(error).toBeInstanceOf(NotSentError);
    expect(error).toMatchObject({ code: "not_sent", subject: "call-1", cause });
    expect(isDispatchError(error, "not_sent")).toBe(true);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "released", booked: 0n });
  });

  it("counts as the cause of what is thrown, however a client wraps it", async () => {
    const ledger = memoryStore();
    const wrapped = await thrownBy(
      withHold(ledger, request, ({ hold }) => {
        throw new Error("request failed", {
          cause: new TypeError("fetch failed", { cause: hold.notSent("x") }),
        });
      }),
    );
    expect(wrapped).toMatchObject({ message: "request failed" });
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "released" });
  });

  it("of another hold proves nothing, nor one that is made and not thrown", async () => {
    const ledger = memoryStore();
    const other = await thrownBy(
      withHold(ledger, { ...request, holdId: "other" }, ({ hold }) => {
        throw hold.notSent("other");
      }),
    );
    const circle = new Error("circle");
    circle.cause = circle;
    for (const thrown of [other, new NotSentError("call-1", null), circle, "not sent", null]) {
      const holdId = `call ${String(thrown)}`;
      await thrownBy(
        withHold(ledger, { ...request, holdId, amount: usd("0.01") }, ({ hold }) => {
          hold.notSent("made, and not thrown");
          throw thrown;
        }),
      );
      expect(await ledger.getHold(holdId)).toMatchObject({ state: "open" });
    }
  });

  it("a ledger that cannot release hides nothing, and the expiry charges", async () => {
    const { ledger, wait } = ledgerAt();
    const error = await thrownBy(
      withHold(without(ledger, "release"), request, ({ hold }) => {
        throw hold.notSent("no route");
      }),
    );
    expect(error).toBeInstanceOf(NotSentError);
    wait(61);
    await ledger.expire();
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.18") });
  });
});

describe("withHold: faults of the ledger", () => {
  it("down before: thrown, and nothing is called", async () => {
    const ledger = without(memoryStore(), "hold");
    const error = await thrownBy(
      withHold(ledger, request, () => {
        throw new Error("called");
      }),
    );
    expect(error).toMatchObject({ code: "store_failed" });
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an inherited kind", Object.create({ kind: "held" })],
    ["another kind", { kind: "HELD" }],
    ["true", true],
  ])("an answer to hold that is none, %s, never admits", async (_, answer) => {
    const ledger = { ...without(memoryStore()), hold: () => answer } as CallLedger;
    const error = await thrownBy(
      withHold(ledger, request, () => {
        throw new Error("called");
      }),
    );
    expect(error).toMatchObject({ code: "store_failed" });
  });

  it("the answer to hold is lost: thrown, and the same again never calls", async () => {
    const ledger = memoryStore();
    const loses: CallLedger = {
      ...without(ledger),
      hold: async (asked) => {
        await ledger.hold(asked);
        throw new DispatchError("outcome_unknown", "the connection was cut");
      },
    };
    const call = () => {
      throw new Error("called");
    };
    expect(await thrownBy(withHold(loses, request, call))).toMatchObject({ code: "outcome_unknown" });
    expect(await withHold(ledger, request, call)).toMatchObject({ kind: "exists", state: "open" });
    // Who knows that nobody called under the id gives it back.
    expect(await ledger.release("call-1")).toMatchObject({ kind: "released" });
  });

  it("down at settlement: the value comes back, the settlement is pending, and can be made later", async () => {
    const { ledger, wait } = ledgerAt();
    const outcome = await withHold(without(ledger, "settle"), request, () => ({ value: "hello", actual }));
    expect(outcome).toMatchObject({
      kind: "done",
      value: "hello",
      settlement: "pending",
      booked: null,
      overrun: null,
      actual,
      error: { code: "store_failed" },
    });
    expect(await committed(ledger)).toEqual({ reserved: usd("0.18"), spent: 0n });
    wait(61);
    await ledger.expire();
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.18") });
    expect(await ledger.settle("call-1", actual)).toMatchObject({ booked: actual, corrected: true });
  });

  it("down at settlement, and up again: the pending settlement books once, as often as it is made", async () => {
    const ledger = memoryStore();
    let isDown = true;
    const recovers: CallLedger = {
      ...without(ledger),
      settle: (holdId, cost) => {
        if (isDown) throw new Error("the database is gone");
        return ledger.settle(holdId, cost);
      },
    };
    const outcome = await withHold(recovers, request, () => ({ value: "hello", actual }));
    if (outcome.kind !== "done" || outcome.settlement !== "pending") throw new Error("it is not pending");
    await expect(outcome.settle()).rejects.toThrow("the database is gone");
    isDown = false;
    const answers = [await outcome.settle(), await outcome.settle()];
    expect(answers).toMatchObject([
      { kind: "settled", booked: actual },
      { kind: "settled", booked: actual },
    ]);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
  });

  it("the answer to settle is lost, or none: pending, and the repeat finds it booked", async () => {
    const ledger = memoryStore();
    for (const answer of [
      () => Promise.reject(new DispatchError("outcome_unknown", "cut")),
      () => undefined,
    ]) {
      const holdId = `call-${String(answer)}`.slice(0, 40);
      const loses: CallLedger = {
        ...without(ledger),
        settle: async (id, cost) => {
          await ledger.settle(id, cost);
          return answer() as Promise<SettleOutcome>;
        },
      };
      const outcome = await withHold(loses, { ...request, holdId }, () => ({ value: 1, actual }));
      expect(outcome).toMatchObject({ kind: "done", value: 1, settlement: "pending" });
      expect(await ledger.settle(holdId, actual)).toMatchObject({ kind: "settled", booked: actual });
    }
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.10") });
  });

  it("settled meanwhile at another amount: that stands, and the outcome says so", async () => {
    const ledger = memoryStore();
    for (const [booked, overrun] of [
      [usd("0.07"), usd("0")],
      [usd("0.20"), usd("0.02")],
    ] as const) {
      const holdId = `call-${String(booked)}`;
      const outcome = await withHold(ledger, { ...request, holdId }, async () => {
        await ledger.settle(holdId, booked);
        return { value: 1, actual };
      });
      expect(outcome).toMatchObject({ kind: "done", value: 1, settlement: "conflict", booked, overrun });
    }
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.27") });
  });

  it("settled meanwhile at the same amount: booked once", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async () => {
      await ledger.settle("call-1", actual);
      return { value: 1, actual };
    });
    expect(outcome).toMatchObject({ settlement: "actual", booked: actual });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
  });

  it("a call that outlives its ttl was charged in full, and its truth corrects that", async () => {
    const { ledger, wait } = ledgerAt();
    const outcome = await withHold(ledger, request, async () => {
      wait(61);
      await ledger.expire();
      return { value: 1, actual };
    });
    expect(outcome).toMatchObject({ settlement: "actual", booked: actual, overrun: 0n });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
  });
});

describe("withHold: the signal", () => {
  it("aborted before: nothing is held and nothing is called", async () => {
    const ledger = memoryStore();
    const reason = new Error("stop");
    const error = await thrownBy(
      withHold(ledger, request, () => ({ value: 1, actual }), { signal: AbortSignal.abort(reason) }),
    );
    expect(error).toBe(reason);
    expect(await ledger.getHold("call-1")).toBeNull();
  });

  it("aborted while the ledger answers: given back, and nothing is called", async () => {
    const ledger = memoryStore();
    const stop = new AbortController();
    const slow: CallLedger = {
      ...without(ledger),
      hold: async (asked) => {
        const answer = await ledger.hold(asked);
        stop.abort("stop");
        return answer;
      },
    };
    const call = () => {
      throw new Error("called");
    };
    expect(await thrownBy(withHold(slow, request, call, { signal: stop.signal }))).toBe("stop");
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "released" });
  });

  it("aborted while the call runs: it is the call's matter, and a throw counts in full", async () => {
    const ledger = memoryStore();
    const stop = new AbortController();
    const error = await thrownBy(
      withHold(
        ledger,
        request,
        ({ signal }) => {
          expect(signal).toBe(stop.signal);
          stop.abort();
          signal.throwIfAborted();
          throw new Error("not reached");
        },
        { signal: stop.signal },
      ),
    );
    expect(error).toMatchObject({ name: "AbortError" });
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
    const done = await withHold(
      ledger,
      { ...request, holdId: "call-2" },
      () => {
        return { value: "came anyway", actual };
      },
      { signal: new AbortController().signal },
    );
    expect(done).toMatchObject({ kind: "done", value: "came anyway" });
  });
});
