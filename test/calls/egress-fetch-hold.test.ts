import { usd } from "dispatch-kit";
import { egressFetch, type EgressOptions, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { failure, quiet, withServer } from "./egress-fetch-support.ts";
import { committed, request, thrownBy } from "./with-hold-support.ts";

const { at, arrived } = withServer();

describe("egressFetch: under a hold", () => {
  const under = (options: EgressOptions, path = "x", times = 1) => {
    const ledger = memoryStore();
    const run = withHold(ledger, request, async ({ hold, signal }) => {
      let answer: Response | undefined;
      for (let time = 0; time < times; time++) {
        answer = await egressFetch(at().endpoint(), path, { signal }, { ...quiet, ...options, hold });
      }
      return { value: await answer?.text(), actual: usd("0.05") };
    });
    return { ledger, run };
  };

  it("pays for a request", async () => {
    const { ledger, run } = under({});
    expect(await run).toMatchObject({ kind: "done", value: "ok", booked: usd("0.05") });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.05") });
  });

  it.each<[string, EgressOptions, string]>([
    ["no secret", { env: {} }, "x"],
    ["a secret with a line break", { env: { API_KEY: "a\nb" } }, "x"],
    ["a path that leads elsewhere", {}, "../x"],
    ["an option that is none", { timeoutSeconds: -1 }, "x"],
    ["no audit record", { log: () => Promise.reject(new Error("disk full")) }, "x"],
  ])("what was not sent gives the money back: %s", async (_, options, path) => {
    const { ledger, run } = under(options, path);
    await thrownBy(run);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "released" });
    expect(arrived()).toBe(0);
  });

  it.each<[string, EgressOptions]>([
    ["no answer", { timeoutSeconds: 0.2, fetch: () => new Promise(() => null) }],
    ["no connection", { fetch: () => Promise.reject(new TypeError("fetch failed")) }],
    ["too large an answer", { maxResponseBytes: 1 }],
  ])("what may have been sent counts in full: %s", async (_, options) => {
    const { ledger, run } = under(options);
    await thrownBy(run);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
  });

  it("pays for one request: the second is refused, and the first counts in full", async () => {
    const { ledger, run } = under({}, "x", 2);
    expect(await failure(run)).toMatchObject({ reason: "hold_spent", sent: false });
    expect(arrived()).toBe(1);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
  });

  it("of two requests at once one is sent", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold }) => {
      const both = [1, 2].map(() => egressFetch(at().endpoint(), "x", {}, { ...quiet, hold }));
      const settled = await Promise.allSettled(both);
      return { value: settled.map(({ status }) => status).sort(), actual: usd("0.05") };
    });
    expect(outcome).toMatchObject({ value: ["fulfilled", "rejected"] });
    expect(arrived()).toBe(1);
  });

  it("a first that was not sent leaves it to the second", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold }) => {
      await thrownBy(egressFetch(at().endpoint(), "x", {}, { ...quiet, env: {}, hold }));
      const answer = await egressFetch(at().endpoint(), "x", {}, { ...quiet, hold });
      return { value: await answer.text(), actual: usd("0.05") };
    });
    expect(outcome).toMatchObject({ kind: "done", value: "ok" });
  });

  it("notSent after something was sent gives nothing back", async () => {
    const ledger = memoryStore();
    await thrownBy(
      withHold(ledger, request, async ({ hold }) => {
        await egressFetch(at().endpoint(), "x", {}, { ...quiet, hold });
        throw hold.notSent("I did not like the answer");
      }),
    );
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
  });

  it("another error after one that proves it, or without the hold, gives nothing back", async () => {
    const ledger = memoryStore();
    for (const given of [true, false]) {
      const holdId = `call-${String(given)}`;
      await thrownBy(
        withHold(ledger, { ...request, holdId }, async ({ hold }) => {
          const options = { ...quiet, env: {}, ...(given && { hold }) };
          const asking = egressFetch(at().endpoint(), "x", {}, options);
          if (!given) await asking;
          await thrownBy(asking);
          throw new Error("what another client threw after it had sent something");
        }),
      );
      expect(await ledger.getHold(holdId)).toMatchObject({ state: "open" });
    }
  });

  it("pays for nothing once its call is over", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, ({ hold }) => ({ value: hold, actual: usd(0) }));
    if (outcome.kind !== "done") throw new Error("it is not done");
    const options = { ...quiet, hold: outcome.value };
    expect(await failure(egressFetch(at().endpoint(), "x", {}, options))).toMatchObject({
      reason: "hold_spent",
    });
    expect(arrived()).toBe(0);
  });
});
