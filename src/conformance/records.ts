import { epochSeconds } from "../time.ts";
import { check, like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { claim, free, leaseOf, nothingToClaim } from "./fixtures.ts";
import { START } from "./clock.ts";

const DONE = { kind: "completed", booked: 0n, overrun: 0n };

/** `job`, `jobs` and `prune`: what a store shows about jobs, and when it deletes them. */
export const recordCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "complete", "job"],
    "job: shows the state, the attempts and the result, and null for an unknown id",
    async ({ store }) => {
      same("before", await store.job("j"), null);
      await store.submit(free("j", { priority: 2 }));
      const waiting = { jobId: "j", state: "pending", attempts: 0, result: null, priority: 2 };
      like("waiting", await store.job("j"), { ...waiting, lane: "text", payload: "j", error: null });
      const lease = await leaseOf(store);
      like("running", await store.job("j"), { state: "running", attempts: 1 });
      await store.complete(lease, { text: "done" });
      const ended = { state: "succeeded", attempts: 1, result: { text: "done" }, error: null };
      like("ended", await store.job("j"), ended);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "jobs"],
    "jobs: lists in the order of submission, by state and lane, page by page",
    async ({ store }) => {
      for (const id of ["a", "b", "c", "d"]) {
        await store.submit(free(id, { lane: id < "c" ? "text" : "video", priority: id.charCodeAt(0) }));
      }
      await claim(store);
      const ids = async (filter: Parameters<typeof store.jobs>[0]): Promise<string> => {
        return (await store.jobs(filter)).map(({ jobId }) => jobId).join();
      };
      same("all", await ids({}), "a,b,c,d");
      same("what runs", await ids({ state: "running" }), "b");
      same("a lane", await ids({ lane: "video" }), "c,d");
      same("a page", await ids({ limit: 2 }), "a,b");
      same("the next page", await ids({ limit: 2, after: "b" }), "c,d");
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "job"],
    "complete: a result that JSON cannot hold is result_refused, and the lease still holds the job",
    async ({ store }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      const cycle: unknown[] = [];
      cycle.push(cycle);
      for (const [what, result] of [
        ["a bigint", 1n],
        ["a cycle", cycle],
        ["a symbol", Symbol("none")],
      ] as const) {
        await refuses(what, "result_refused", () => store.complete(lease, result));
      }
      like("the job", await store.job("j"), { state: "running", result: null });
      same("a result", await store.complete(lease, null), DONE);
      like("the job, then", await store.job("j"), { state: "succeeded", result: null });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "job", "jobs", "prune"],
    "prune: deletes only jobs that ended before an instant, and their ids still answer exists",
    async ({ store, clock }) => {
      for (const id of ["old", "recent", "running", "waiting"]) await store.submit(free(id));
      await store.complete(await leaseOf(store), "old");
      clock.now += 10;
      await store.complete(await leaseOf(store), "recent");
      await leaseOf(store);
      const { jobs } = await store.prune({ before: epochSeconds(START + 10) });
      same("how many", jobs, 1);
      same(
        "what is left",
        (await store.jobs()).map(({ jobId }) => jobId),
        ["recent", "running", "waiting"],
      );
      same("what was pruned", await store.job("old"), null);
      same("its id", await store.submit(free("old")), { kind: "exists", state: "succeeded" });
      same("what waits", (await claim(store)).lease.jobId, "waiting");
      await nothingToClaim("after that", store);
    },
  ),
  define(
    "jobs",
    ["id"],
    "id: every handle on a store has the same one, and it does not change",
    async ({ store, peer }) => {
      const id = await store.id();
      check("the id", typeof id === "string" && id.length >= 16, "at least 16 random code units", id);
      same("again", await store.id(), id);
      same("of another handle", await peer.id(), id);
    },
    "id",
  ),
];
