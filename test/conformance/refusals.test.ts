import { DispatchError, epochSeconds, type RefusedPayload } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { free, START } from "../stores/memory/support.ts";
import { makerOf } from "./makers.ts";

describe("a store that cannot record a refused payload", () => {
  it("claimMany: still gives the other jobs, and says that the refusal is not recorded", async () => {
    const make = makerOf({
      operations: () => ({
        fail() {
          throw new DispatchError("store_failed", "gone");
        },
      }),
    });
    let isNewer = true;
    const payload = (value: unknown): unknown => {
      if (value === "bad" && !isNewer) throw new TypeError("refused");
      return value;
    };
    const store = await make({ clock: () => epochSeconds(START), payload });
    for (const id of ["a", "bad", "c"]) await store.submit(free(id, { payload: id }));
    isNewer = false;
    const heard: RefusedPayload[] = [];
    const onRefused = (refused: RefusedPayload): unknown => heard.push(refused);
    const jobs = await store.claimMany(["text"], 9, { onRefused });
    expect(jobs.map(({ lease }) => lease.jobId)).toEqual(["a", "c"]);
    expect(heard.map(({ lease, outcome }) => [lease.jobId, outcome])).toEqual([["bad", null]]);
    expect(await store.claim(["text"], { onRefused })).toBeNull();
    // Its lease is still there, and recovery takes it back.
    const { attempts } = await store.recoverStale({ ttlSeconds: 0 });
    expect(attempts.map(({ jobId, outcome }) => [jobId, outcome])).toContainEqual(["bad", "requeued"]);
  });
});
