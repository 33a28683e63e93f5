import { usd } from "dispatch-kit";
import { egressFetch, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { quiet, withServer } from "./egress-fetch-support.ts";
import { request, thrownBy } from "./with-hold-support.ts";

const { at, arrived } = withServer();

describe("withHold: an abort before anything is sent", () => {
  it.each<[string, unknown, "released" | "open"]>([
    ["gives the money back: its error was thrown for this hold", new Error("stop"), "released"],
    // A text is no error of this hold: another call may throw the same one.
    ["proves nothing if its reason is a text", "stop", "open"],
    ["proves nothing if its reason is null", null, "open"],
  ])("%s", async (_, reason, state) => {
    const ledger = memoryStore();
    const run = withHold(ledger, request, async ({ hold }) => {
      const signal = AbortSignal.abort(reason);
      const answer = await egressFetch(at().endpoint(), "x", { signal }, { ...quiet, hold });
      return { value: await answer.text(), actual: usd("0.05") };
    });
    expect(await thrownBy(run)).toBe(reason);
    expect(await ledger.getHold("call-1")).toMatchObject({ state });
    expect(arrived()).toBe(0);
  });
});
