import { like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  capped,
  claimed,
  counted,
  decides,
  free,
  LANES,
  leaseOf,
  MALFORMED,
  micro,
  nothingToClaim,
  paid,
  recovered,
  YES,
} from "./fixtures.ts";

/** Lanes that a person stops and starts. */
export const pauseCases: readonly Definition[] = featured(
  ["pauses"],
  [
    define(
      "both",
      ["submit", "claim", "claimMany", "pauseLane", "resumeLane", "usage", "job"],
      "pauses: a paused lane offers no job, whatever its priority, others do, and its money stays held until it resumes",
      async ({ store }) => {
        await store.submit(approved("paused", capped(100), { priority: 9 }));
        for (const id of ["a", "b", "c"]) await store.submit(free(id, { lane: "video" }));
        await store.pauseLane("text", decides("pause"));
        const lanes = ["text", "video"];
        same("claim", await claimed(store, 1, lanes), ["a"]);
        const many = (await store.claimMany(lanes, 9)).map(({ lease }) => lease.jobId);
        same("claimMany", many, ["b", "c"]);
        await nothingToClaim("the paused lane", store, lanes);
        like("its job", await store.job("paused"), { state: "queued", attempts: 0 });
        await counted("paused", store, 10, 0);
        await store.resumeLane("text", decides("resume"));
        like("resumed", await leaseOf(store), { jobId: "paused", attempts: 1 });
      },
    ),
    define(
      "both",
      ["submit", "approve", "claim", "renew", "complete", "fail", "recoverStale", "pauseLane", "usage"],
      "pauses: what runs goes on, what is lost is recovered, and jobs are submitted and approved as before",
      async ({ store, clock }) => {
        for (const id of ["done", "busy", "lost"]) await store.submit(approved(id));
        const [done, busy] = [await leaseOf(store), await leaseOf(store)];
        await leaseOf(store);
        await store.pauseLane("text", decides("pause"));
        clock.now = START + 60;
        for (const lease of [done, busy]) same("renew", await store.renew(lease), true);
        const recovery = await store.recoverStale({ ttlSeconds: 60 });
        same("recovery", recovery, recovered("lost", 1, "requeued", 10));
        const actual = micro(4);
        like("complete", await store.complete(done, "done", { actual }), { kind: "completed" });
        like("fail", await store.fail(busy, "busy", { retriable: true, actual }), { kind: "requeued" });
        await store.submit(paid("waits"));
        const approve = await store.approve("waits", YES(), { scopes: capped(100) });
        same("approve", approve, { kind: "queued" });
        same("submit", await store.submit(approved("new")), { kind: "queued" });
        await counted("then", store, 40, 18);
        await nothingToClaim("after that", store);
      },
    ),
    define(
      "jobs",
      ["pauseLane", "resumeLane", "lanes"],
      "pauses: lanes lists, by name, each lane that was ever paused, and who decided last",
      async ({ store }) => {
        const shown = async (): Promise<readonly unknown[]> => {
          return (await store.lanes()).map(({ lane, paused, approval: { author, reason, decidedAt } }) => {
            return [lane, paused, author, reason, decidedAt];
          });
        };
        same("none", await shown(), []);
        const reason = "the key is invalid";
        await store.pauseLane("video", decides("a", reason));
        const approval = { author: "bob", reason: "tests", decidedAt: "2026-11-24T00:00:00Z" };
        await store.pauseLane("audio", { id: "b", approval });
        await store.resumeLane("never paused", decides("c"));
        const now = new Date(START * 1000).toISOString();
        same("two are paused", (await shown()).slice(0, 1), [
          ["audio", true, "bob", "tests", approval.decidedAt],
        ]);
        same("the other", (await shown()).at(-1), ["video", true, "alice", reason, now]);
        await store.resumeLane("video", { id: "d", approval });
        same("resumed", (await shown()).at(-1), ["video", false, "bob", "tests", approval.decidedAt]);
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "pauseLane", "resumeLane"],
      "pauses: a malformed lane is a RangeError, and a lane is compared byte for byte",
      async ({ store }) => {
        for (const [index, name] of MALFORMED.entries()) {
          await refuses(`pause ${index}`, "RangeError", () => store.pauseLane(name, decides(`${index}`)));
          await refuses(`resume ${index}`, "RangeError", () => store.resumeLane(name, decides(`${index}`)));
        }
        await store.submit(free("j"));
        for (const lane of ["Text", "text ", "tex"]) await store.pauseLane(lane, decides(lane));
        same("the lane itself", await claimed(store, 1, LANES), ["j"]);
      },
    ),
  ],
);
