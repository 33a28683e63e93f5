import { like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { claimed, free, LANES, leaseOf, nothingToClaim, upTo } from "./fixtures.ts";

const DONE = { kind: "completed", booked: 0n, overrun: 0n };

/** `submitMany`, `claimMany` and `completeMany`. */
export const batchCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "claimMany"],
    "claimMany: gives at most its limit, in the order of claim, each job once",
    async ({ store, peer }) => {
      for (const index of upTo(5)) await store.submit(free(`${index}`, { priority: -index }));
      const ids = async (limit: number): Promise<readonly string[]> => {
        return (await store.claimMany(LANES, limit)).map(({ lease }) => lease.jobId);
      };
      same("two", await ids(2), ["0", "1"]);
      const [one, two] = await Promise.all([store.claimMany(LANES, 2), peer.claimMany(LANES, 2)]);
      const rest = [...one, ...two].map(({ lease }) => lease.jobId);
      same("the rest, in flight together", rest.sort(), ["2", "3", "4"]);
      same("none", await ids(1), []);
    },
  ),
  define(
    "jobs",
    ["submit", "claimMany"],
    "claimMany: gives as many jobs as 8 MB of payloads allow, and at least one",
    async ({ store }) => {
      const megabytes = [9, 3, 3, 3, 1];
      for (const [index, size] of megabytes.entries()) {
        const payload = "x".repeat(size * 1e6);
        await store.submit(free(`${index}`, { payload, priority: -index }));
      }
      for (const expected of [["0"], ["1", "2"], ["3", "4"], []]) {
        const jobs = await store.claimMany(LANES, 9);
        same(
          "what is claimed",
          jobs.map(({ lease }) => lease.jobId),
          expected,
        );
      }
    },
  ),
  define(
    "jobs",
    ["submit", "submitMany", "claim"],
    "submitMany: answers each job in order; if it throws, none was submitted",
    async ({ store }) => {
      await store.submit(free("known"));
      const answers = await store.submitMany([free("a"), free("known"), free("a"), free("b")]);
      same(
        "each in order",
        answers.map((answer) => answer.kind),
        ["queued", "exists", "exists", "queued"],
      );
      const twice = await store.submitMany([free("e", { lane: "other" }), free("e", { lane: "other" })]);
      same("a new one twice", twice, [{ kind: "queued" }, { kind: "exists", state: "pending" }]);
      const conflict = [free("c"), free("known", { maxAttempts: 9 }), free("d")];
      await refuses("a conflict", "job_conflict", () => store.submitMany(conflict));
      const wrong = [free("c"), free("")];
      await refuses("a wrong id", "RangeError", () => store.submitMany(wrong));
      same("what was submitted", await claimed(store, 3), ["known", "a", "b"]);
      await nothingToClaim("what was not", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "completeMany", "job"],
    "completeMany: answers each completion in order, a repeat with the first answer; if it throws, none was completed",
    async ({ store }) => {
      for (const id of ["a", "b", "c"]) await store.submit(free(id));
      const [a, b, c] = [await leaseOf(store), await leaseOf(store), await leaseOf(store)];
      const refused = [
        { lease: a, result: "a" },
        { lease: b, result: 1n },
      ];
      await refuses("what JSON cannot hold", "result_refused", () => store.completeMany(refused));
      like("a, then", await store.job("a"), { state: "running", result: null });
      await store.complete(c, "first");
      const answers = await store.completeMany([
        { lease: a, result: "a" },
        { lease: c, result: "second" },
        { lease: a, result: "again" },
        { lease: b, result: "b" },
      ]);
      same("each in order", answers, [DONE, DONE, DONE, DONE]);
      const results = await Promise.all(["a", "b", "c"].map((id) => store.job(id)));
      same(
        "their results",
        results.map((job) => job?.result),
        ["a", "b", "first"],
      );
    },
  ),
];
