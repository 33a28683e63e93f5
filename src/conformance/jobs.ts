import { drain } from "../dispatch/drain.ts";
import { epochSeconds } from "../time.ts";
import { check, kind, like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  AT_ONCE,
  claim,
  claimed,
  free,
  LANES,
  leaseOf,
  MALFORMED,
  NO_ATTEMPTS,
  nothingToClaim,
  upTo,
} from "./fixtures.ts";
import { START } from "./clock.ts";

const DONE = { kind: "completed", booked: 0n, overrun: 0n };

/** Submissions, and the order in which jobs are claimed. */
export const jobCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "complete"],
    "submit: free local work is claimed, with its payload, and completed, without an approval",
    async ({ store }) => {
      const payload = { text: "Grüße \u{1f600}", list: [1, null, { deep: true }], empty: "" };
      const answer = await store.submit(free("j", { payload }));
      same("submit", answer, { kind: "queued" });
      const job = await claim(store);
      same("its payload", job.payload, payload);
      like("its lease", job.lease, { jobId: "j", attempts: 1, leasedAt: START });
      same("complete", await store.complete(job.lease, "done"), DONE);
      await nothingToClaim("after the end", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete"],
    "submit: the same job twice is one job, whatever its state",
    async ({ store, peer }) => {
      const both = await Promise.all([store.submit(free("j")), peer.submit(free("j"))]);
      same("in flight together", both.map((answer) => answer.kind).sort(), ["exists", "queued"]);
      same("waiting", await store.submit(free("j")), { kind: "exists", state: "pending" });
      const lease = await leaseOf(store);
      same("running", await store.submit(free("j")), { kind: "exists", state: "running" });
      await nothingToClaim("submitted twice", store);
      await store.complete(lease, "done");
      same("ended", await store.submit(free("j")), { kind: "exists", state: "succeeded" });
      await nothingToClaim("submitted after its end", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim"],
    "submit: a known id with another body is job_conflict and changes nothing; the order of keys does not matter",
    async ({ store }) => {
      await store.submit(free("j", { payload: { a: 1, b: [2] } }));
      for (const rest of [
        { payload: { a: 1, b: [3] } },
        { lane: "video" },
        { maxAttempts: 4 },
        { priority: 1 },
        { runAt: epochSeconds(START + 5) },
      ]) {
        const again = free("j", { payload: { a: 1, b: [2] }, ...rest });
        await refuses(`another ${Object.keys(rest).join()}`, "job_conflict", () => store.submit(again));
      }
      const turned = await store.submit(free("j", { payload: { b: [2], a: 1 } }));
      kind("another order of keys", turned, "exists");
      same("the payload", (await claim(store)).payload, { a: 1, b: [2] });
    },
  ),
  define(
    "jobs",
    ["submit", "claim"],
    "submit: a malformed id or lane, or less than one attempt, is a RangeError; a payload that JSON cannot hold is a TypeError",
    async ({ store }) => {
      for (const [index, name] of MALFORMED.entries()) {
        await refuses(`id ${index}`, "RangeError", () => store.submit(free(name)));
        await refuses(`lane ${index}`, "RangeError", () => store.submit(free("j", { lane: name })));
      }
      for (const maxAttempts of [0, -1, 1.5]) {
        const job = free("j", { maxAttempts });
        await refuses(`${maxAttempts} attempts`, "RangeError", () => store.submit(job));
      }
      await refuses("a bigint", "TypeError", () => store.submit(free("j", { payload: { amount: 1n } })));
      await nothingToClaim("after that", store);
      for (const id of ["x".repeat(200), "\u{1f600}".repeat(100), "'\"\\%_;--#1", "__proto__"]) {
        await store.submit(free(id));
        same("its id", (await claim(store)).lease.jobId, id);
      }
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete"],
    "submit: a payload that is nested 100 deep comes back, and one of 5,000 is a TypeError, as is such a result",
    async ({ store }) => {
      const nested = (depth: number): unknown => {
        let value: unknown = "in the middle";
        for (let made = 0; made < depth; made++) value = made % 2 === 0 ? [value] : { a: value };
        return value;
      };
      await store.submit(free("j", { payload: nested(100) }));
      const job = await claim(store);
      same("its payload", job.payload, nested(100));
      const tooDeep = free("k", { payload: nested(5000) });
      await refuses("a payload too deep", "TypeError", () => store.submit(tooDeep));
      await refuses("a result too deep", "result_refused", () => store.complete(job.lease, nested(5000)));
      same("complete", await store.complete(job.lease, nested(100)), DONE);
      await nothingToClaim("after that", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim"],
    "claim: lanes are isolated, and an empty list of lanes gives no job",
    async ({ store }) => {
      await store.submit(free("t"));
      await store.submit(free("v", { lane: "video" }));
      await nothingToClaim("no lane", store, []);
      await nothingToClaim("lanes of other names", store, ["Text", "tex", "text ", "audio"]);
      same("two lanes", (await claim(store, ["audio", "video"])).lease.jobId, "v");
      await nothingToClaim("an empty lane", store, ["video", "video"]);
      same("the other lane", (await claim(store)).lease.jobId, "t");
    },
  ),
  define(
    "jobs",
    ["submit", "claim"],
    "claim: the higher priority goes first, then the earlier time, then the earlier submission",
    async ({ store }) => {
      const jobs = [
        { id: "third", priority: 0, early: 5 },
        { id: "fourth", priority: 0, early: 0, lane: "b" },
        { id: "fifth", priority: 0, early: 0 },
        { id: "last", priority: -1, early: 9 },
        { id: "second", priority: 1, early: 0 },
        { id: "first", priority: 1, early: 1, lane: "b" },
      ];
      for (const { id, priority, early, lane = "text" } of jobs) {
        await store.submit(free(id, { priority, lane, runAt: epochSeconds(START - early) }));
      }
      same("the order", await claimed(store, 6, ["text", "b"]), [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "last",
      ]);
    },
  ),
  define(
    "jobs",
    ["submit", "claim"],
    "claim: a job waits for its runAt, to the second, and does not block jobs that are due",
    async ({ store, clock }) => {
      await store.submit(free("later", { runAt: epochSeconds(START + 10), priority: 5 }));
      await store.submit(free("now"));
      same("what is ready", (await claim(store)).lease.jobId, "now");
      clock.now = START + 9.999;
      await nothingToClaim("too early", store);
      clock.now = START + 10;
      like("at the second", (await claim(store)).lease, { jobId: "later", leasedAt: START + 10 });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail", "recoverStale"],
    "drain: stops gracefully: running jobs are recorded, and waiting jobs stay for the next worker",
    async ({ store }) => {
      for (const id of ["a", "b", "c"]) await store.submit(free(id));
      const controller = new AbortController();
      const ran: string[] = [];
      const summary = await drain(
        store,
        (_, { lease }) => {
          ran.push(lease.jobId);
          if (lease.jobId === "b") controller.abort();
          return lease.jobId;
        },
        { lanes: LANES, signal: controller.signal },
      );
      same("what ran", ran, ["a", "b"]);
      like("how it ended", summary, { completed: 2, failed: 0, stale: 0 });
      same("no lease is left", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      same("what waits", (await claim(store)).lease.jobId, "c");
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete"],
    "races: N claimers and M jobs: each job is claimed once, and none is lost",
    async ({ store, peer }) => {
      const ids = upTo(30).map((index) => `${index}`);
      for (const id of ids) await store.submit(free(id));
      const claimers = upTo(40).map((index) => (index % 2 === 0 ? store : peer).claim(LANES));
      const first = (await Promise.all(claimers)).filter((one) => one !== null);
      const rest: typeof first = [];
      // Concurrent claims may skip each other's locked rows, so some jobs can be left.
      for (let next = await store.claim(LANES); next !== null; next = await store.claim(LANES))
        rest.push(next);
      const leases = [...first, ...rest].map(({ lease }) => lease);
      same("what was claimed", leases.map(({ jobId }) => jobId).sort(), [...ids].sort());
      check("tokens", new Set(leases.map(({ token }) => token)).size === 30, "30 tokens", leases.length);
      const ends = await Promise.all(leases.map((lease) => peer.complete(lease, lease.jobId)));
      same("how many count", ends.filter((end) => end.kind === "completed").length, 30);
    },
  ),
];
