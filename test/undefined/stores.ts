import { BackendKind, type DispatchStore, drain, epochSeconds, Lease, usd } from "dispatch-kit";
import { conformance } from "dispatch-kit/conformance";
import { follow, replay } from "dispatch-kit/journal";
import { memoryStore } from "dispatch-kit/memory";
import { postgresStore, postgresWake } from "dispatch-kit/postgres";
import { outcomeFromJSON } from "dispatch-kit/rules";
import { sqliteStore } from "dispatch-kit/sqlite";
import { DatabaseSync } from "node:sqlite";
import { settingsOf } from "../../src/worker/options.ts";
import { type Door, door } from "./doors.ts";

const NOW = epochSeconds(1_795_392_000);
const clock = (): typeof NOW => NOW;
const until = epochSeconds(1_796_083_200);
const scope = { scope: "run:1", cap: usd(10), until };
const scopes = [scope];
const decision = {
  author: "alice",
  reason: "demo",
  decidedAt: "2026-11-23T09:00:00Z",
  outcome: "approved",
} as const;
const by = { id: "d", approval: decision };
const next = { ...by, id: "next" };
const no = { ...decision, outcome: "rejected" as const };
const terms = {
  scopes,
  requestedBy: "team:red",
  tags: { user: "u-7" },
  decideBy: until,
  claimBy: until,
  maxRunSeconds: 60,
};
const job = {
  jobId: "1",
  lane: "a",
  payload: { n: 1 },
  backend: BackendKind.CLOUD_WORKER,
  maxCost: usd(1),
  maxAttempts: 2,
};
const needed = ["jobId", "lane", "backend", "maxCost", "maxAttempts"] as const;
const local = { ...job, jobId: "free", backend: BackendKind.LOCAL, maxCost: usd(0) };
const stranger = new Lease({ jobId: "1", leasedAt: NOW, attempts: 1, token: "t" });
const hold = { holdId: "h", amount: usd(1), scopes, ttlSeconds: 60 };

/** A store with a job that waits, one that can be claimed, and one that is paid for. */
async function full(): Promise<DispatchStore> {
  const store = memoryStore({ clock });
  await store.pinCap("run:1", usd(10), by);
  await store.submit({ ...job, jobId: "waiting", scopes });
  await store.submit({ ...job, jobId: "paid", lane: "b", approved: { approval: decision, scopes } });
  await store.submit(local);
  await store.hold({ ...hold, holdId: "old" });
  return store;
}

/** What a call answers, and everything that it left in the store. */
async function after(use: (store: DispatchStore) => Promise<unknown>): Promise<unknown> {
  const store = await full();
  const answer = await use(store);
  const [job] = await store.jobs({ state: "running" });
  return [answer, job?.leasedBy, await store.jobs(), await store.usage("run:1"), await store.getHold("h")];
}

async function claimed(store: DispatchStore): Promise<never> {
  const found = await store.claim(["b"]);
  if (found === null) throw new Error("there is nothing to claim");
  return found.lease as never;
}

/** A client that is asked for nothing here. */
const client = { query: () => Promise.reject(new Error("asked")) };
const database = new DatabaseSync(":memory:");
const parser = (value: unknown): unknown => value;

/** Every options object of the stores and the worker. */
export const STORES: readonly Door[] = [
  door("memoryStore", { payload: parser, result: parser, clock }, [], (given) =>
    Object.keys(memoryStore(given)),
  ),
  door("sqliteStore", { payload: parser, result: parser, clock, schema: "own" }, [], (given) =>
    Object.keys(sqliteStore(database, given)),
  ),
  door(
    "postgresStore",
    { payload: parser, result: parser, clock, schema: "own", notify: true },
    [],
    (given) => Object.keys(postgresStore(client as never, given)),
  ),
  door("postgresWake", { schema: "own" }, [], (given) => typeof postgresWake(() => () => undefined, given)),

  door("hold", { ...hold, tags: { user: "u-7" } }, ["holdId", "amount", "scopes", "ttlSeconds"], (given) =>
    after((store) => store.hold(given)),
  ),
  door("hold.scopes[0]", { ...scope }, ["scope"], (given) =>
    after((store) => store.hold({ ...hold, scopes: [given] })),
  ),
  door("expire", { limit: 5 }, [], (given) => after((store) => store.expire(given))),
  door(
    "submit",
    { ...job, ...terms, priority: 5, runAt: NOW, approved: { approval: decision, scopes } },
    // A payload that is left out is `null`, as JSON has it.
    needed,
    (given) => after((store) => store.submit(given)),
  ),
  door("submitMany: jobs[0]", { ...job, ...terms, priority: 5, runAt: NOW }, needed, (given) =>
    after((store) => store.submitMany([given])),
  ),
  door("submit.approved", { approval: decision, scopes }, ["approval", "scopes"], (given) =>
    after((store) => store.submit({ ...job, approved: given })),
  ),
  door("submit.approved.approval", { ...decision }, ["author", "reason"], (given) =>
    after((store) => store.submit({ ...job, approved: { approval: given, scopes } })),
  ),
  door("submit.approved.scopes[0]", { ...scope }, ["scope"], (given) =>
    after((store) => store.submit({ ...job, approved: { approval: decision, scopes: [given] } })),
  ),
  door("approve: approval", { ...decision }, ["author", "reason"], (given) =>
    after((store) => store.approve("waiting", given, { scopes })),
  ),
  door("submit, with scopes: approved", { approval: decision, scopes }, ["approval"], (given) =>
    after((store) => store.submit({ ...job, scopes, approved: given })),
  ),
  door("approve: options", { scopes }, [], (given) =>
    after((store) => store.approve("waiting", decision, given)),
  ),
  door("approve: decision", { ...next }, ["id", "approval"], (given) =>
    after((store) => store.approve("waiting", given)),
  ),
  door("cancel: approval", { ...no }, ["author", "reason"], (given) =>
    after((store) => store.cancel("waiting", given)),
  ),
  door("retry: options", { after: 0, scopes }, ["after"], (given) =>
    after(async (store) => {
      await store.fail(await claimed(store), "x", { retriable: false });
      return store.retry("paid", given, next);
    }),
  ),
  door("correct: decision", { ...next }, ["id", "approval"], (given) =>
    after(async (store) => {
      await store.settle("old", usd("0.20"));
      return store.correct("old", usd("0.30"), given);
    }),
  ),
  door("pinCap: decision.approval", { ...decision }, ["author", "reason"], (given) =>
    after(async (store) => {
      await store.pinCap("run:2", usd(1), { id: "next", approval: given });
      return store.cap("run:2");
    }),
  ),
  door("raiseCap: raise", { to: usd(20), until }, ["to", "until"], (given) =>
    after(async (store) => {
      await store.raiseCap("run:1", given, next);
      return store.cap("run:1");
    }),
  ),
  door("pauseLane: decision", { ...next }, ["id", "approval"], (given) =>
    after(async (store) => {
      await store.pauseLane("a", given);
      return store.lanes();
    }),
  ),
  door(
    "claim: options",
    { leaseSeconds: 30, by: "worker-1", onRefused: () => null, signal: new AbortController().signal },
    [],
    (given) => after(async (store) => (await store.claim(["a"], given))?.lease.jobId),
  ),
  door("claimMany: options", { leaseSeconds: 30, by: "worker-1" }, [], (given) =>
    after(async (store) => (await store.claimMany(["a"], 2, given)).length),
  ),
  door("reject: approval", { ...decision, outcome: "rejected" as const }, ["author", "reason"], (given) =>
    after((store) => store.reject("waiting", given)),
  ),
  door("complete", { actual: usd("0.50") }, [], (given) =>
    after(async (store) => store.complete(await claimed(store), "done", given)),
  ),
  door(
    "completeMany: completions[0]",
    { lease: stranger, result: "done", actual: usd("0.50") },
    ["lease"],
    (given) => after((store) => store.completeMany([given])),
  ),
  door("complete: lease", { ...stranger }, ["jobId", "leasedAt", "token"], (given) =>
    after((store) => store.complete(given, "done")),
  ),
  door(
    "fail",
    { retriable: true, counts: true, maxAttempts: 1, actual: usd("0.50"), retryAfterSeconds: 5 },
    ["retriable"],
    (given) => after(async (store) => store.fail(await claimed(store), "busy", given)),
  ),
  door("recoverStale", { ttlSeconds: 0, maxAttempts: 1, limit: 1 }, ["ttlSeconds"], (given) =>
    after(async (store) => {
      await claimed(store);
      return store.recoverStale(given);
    }),
  ),
  door("jobs", { state: "pending" as const, lane: "a", limit: 1, after: "waiting" }, [], (given) =>
    after((store) => store.jobs(given)),
  ),
  door("prune", { before: until, limit: 5 }, ["before"], (given) => after((store) => store.prune(given))),
  door("forget", { before: until, limit: 5 }, ["before"], (given) => after((store) => store.forget(given))),

  door(
    "drain",
    {
      lanes: ["b"],
      actualCost: () => usd("0.20"),
      onEvent: () => null,
      leaseSeconds: 30,
      signal: new AbortController().signal,
    },
    ["lanes"],
    (given) => after((store) => drain(store, () => "done", given)),
  ),
  door(
    "work",
    {
      lanes: ["a"],
      signal: new AbortController().signal,
      actualCost: () => null,
      onEvent: () => null,
      by: "worker-1",
      concurrency: 2,
      leaseSeconds: 30,
      recoverEverySeconds: 20,
      poll: { minSeconds: 1 },
      backoff: { baseSeconds: 2 },
      stopWithinSeconds: 5,
      wake: () => () => undefined,
      random: () => 0.5,
    },
    ["lanes"],
    settingsOf,
  ),
  door(
    "follow: options",
    {
      after: 1,
      onEntry: () => null,
      signal: AbortSignal.abort(),
      pollSeconds: 2,
      onError: () => null,
      kinds: ["held"] as const,
      scope: "run:1",
      jobId: "1",
    },
    ["onEntry", "signal"],
    (given) => follow(memoryStore({ clock }), given),
  ),
  door("replay: options", { caps: { "run:1": usd(1) } }, ["caps"], (given) => replay([], given)),
  door("work.poll", { minSeconds: 1, maxSeconds: 6 }, [], (poll) => settingsOf({ lanes: [], poll })),
  door("work.backoff", { baseSeconds: 1, maxSeconds: 6 }, [], (backoff) =>
    settingsOf({ lanes: [], backoff }),
  ),
  door("conformance", { parts: ["ledger"] as const, log: () => null }, [], (given) =>
    conformance(() => memoryStore({ clock }), given).map(({ name }) => name),
  ),
  door(
    "outcomeFromJSON",
    { kind: "settled", booked: "0.40", overrun: "0.00", corrected: false },
    ["kind", "booked", "overrun", "corrected"],
    outcomeFromJSON,
    ["booked", "overrun", "corrected"],
  ),
];
