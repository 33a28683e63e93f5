import type { Setup } from "./setup.ts";
import { like, same } from "./check.ts";
import { cutClaims, cutSteps, type Step } from "./cuts.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  asks,
  AT_ONCE,
  capped,
  CORRECTED,
  free,
  LANES,
  leaseOf,
  micro,
  NO,
  NO_ATTEMPTS,
  nothingToClaim,
  paid,
  recovered,
  YES,
} from "./fixtures.ts";

const HELD = { kind: "held" };
const QUEUED = { kind: "queued" };
const exists = (state: string): unknown => ({ kind: "exists", state });
const notWaiting = (state: string, approval: unknown): unknown => ({
  kind: "not_waiting",
  state,
  approval,
});
const ended = { kind: "ended", state: "failed" };
const cancelled = (booked: number): unknown => ({
  kind: "cancelled",
  state: "failed",
  booked: micro(booked),
});
const completed = (booked: number): unknown => ({
  kind: "completed",
  booked: micro(booked),
  overrun: micro(0),
});

type LedgerNeeds = "hold" | "settle" | "release" | "extend" | "expire" | "usage";

async function* ledgerSteps({ store, clock }: Setup<LedgerNeeds>): AsyncIterable<Step<LedgerNeeds>> {
  yield {
    what: "hold",
    call: (handle) => handle.hold(asks("a", 10)),
    first: HELD,
    repeat: exists("open"),
    reserved: 10,
    spent: 0,
  };
  yield {
    what: "extend",
    call: (handle) => handle.extend("a", micro(5), 1),
    first: HELD,
    repeat: exists("open"),
    reserved: 15,
    spent: 0,
  };
  const settled = { kind: "settled", booked: micro(4), overrun: micro(0), corrected: false };
  yield {
    what: "settle",
    call: (handle) => handle.settle("a", micro(4)),
    first: settled,
    repeat: settled,
    reserved: 0,
    spent: 4,
  };
  const released = { kind: "released" };
  await store.hold(asks("b", 10));
  yield {
    what: "release",
    call: (handle) => handle.release("b"),
    first: released,
    repeat: released,
    reserved: 0,
    spent: 4,
  };
  await store.hold(asks("c", 10));
  clock.now += 60;
  const charged = { charged: [{ holdId: "c", amount: micro(10) }], more: false };
  yield {
    what: "expire",
    call: (handle) => handle.expire(),
    first: charged,
    repeat: { charged: [], more: false },
    reserved: 0,
    spent: 14,
  };
}

type DecisionNeeds = "submit" | "approve" | "reject" | "cancel" | "claim" | "usage";

async function* decisionSteps({ store }: Setup<DecisionNeeds>): AsyncIterable<Step<DecisionNeeds>> {
  yield {
    what: "submit",
    call: (handle) => handle.submit(approved("a")),
    first: QUEUED,
    repeat: exists("queued"),
    reserved: 10,
    spent: 0,
  };
  await store.submit(paid("b"));
  yield {
    what: "approve",
    call: (handle) => handle.approve("b", YES(), { scopes: capped(100) }),
    first: QUEUED,
    repeat: notWaiting("queued", YES()),
    reserved: 20,
    spent: 0,
  };
  await store.submit(paid("c"));
  yield {
    what: "reject",
    call: (handle) => handle.reject("c", NO()),
    first: { kind: "rejected" },
    repeat: notWaiting("rejected", NO()),
    reserved: 20,
    spent: 0,
  };
  yield {
    what: "cancel, queued",
    call: (handle) => handle.cancel("b", NO()),
    first: cancelled(0),
    repeat: ended,
    reserved: 10,
    spent: 0,
  };
  await leaseOf(store);
  yield {
    what: "cancel, running",
    call: (handle) => handle.cancel("a", NO()),
    first: cancelled(10),
    repeat: ended,
    reserved: 0,
    spent: 10,
  };
}

type ReportNeeds = "submit" | "claim" | "complete" | "fail" | "renew" | "recoverStale" | "usage";

async function* reportSteps({ store }: Setup<ReportNeeds>): AsyncIterable<Step<ReportNeeds>> {
  await store.submit(approved("a"));
  const first = await leaseOf(store);
  yield {
    what: "renew",
    call: (handle) => handle.renew(first),
    first: true,
    repeat: true,
    reserved: 10,
    spent: 0,
  };
  const requeued = { kind: "requeued", booked: micro(3), overrun: micro(0) };
  yield {
    what: "fail",
    call: (handle) => handle.fail(first, "busy", { retriable: true, actual: micro(3) }),
    first: requeued,
    repeat: requeued,
    reserved: 10,
    spent: 3,
  };
  const second = await leaseOf(store);
  yield {
    what: "complete",
    call: (handle) => handle.complete(second, "done", { actual: micro(4) }),
    first: completed(4),
    repeat: completed(4),
    reserved: 0,
    spent: 7,
  };
  await store.submit(approved("b"));
  const lost = await leaseOf(store);
  yield {
    what: "recoverStale",
    call: (handle) => handle.recoverStale(AT_ONCE),
    first: recovered("b", 1, "requeued", 10),
    repeat: NO_ATTEMPTS,
    reserved: 10,
    spent: 17,
  };
  yield {
    what: "a late actual",
    call: (handle) => handle.complete(lost, "late", { actual: micro(6) }),
    first: CORRECTED,
    repeat: CORRECTED,
    reserved: 10,
    spent: 13,
  };
}

type BatchNeeds = "claim" | "submitMany" | "completeMany" | "usage";

async function* batchSteps({ store }: Setup<BatchNeeds>): AsyncIterable<Step<BatchNeeds>> {
  yield {
    what: "submitMany",
    call: (handle) => handle.submitMany([approved("a"), approved("b")]),
    first: [QUEUED, QUEUED],
    repeat: [exists("queued"), exists("queued")],
    reserved: 20,
    spent: 0,
  };
  const leases = [await leaseOf(store), await leaseOf(store)];
  const batch = leases.map((lease) => ({ lease, result: "done", actual: micro(4) }));
  const done = [completed(4), completed(4)];
  yield {
    what: "completeMany",
    call: (handle) => handle.completeMany(batch),
    first: done,
    repeat: done,
    reserved: 0,
    spent: 8,
  };
}

/** Answers that are lost between a store and its caller, and repeats after that. */
export const faultCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "recoverStale", "complete"],
    "claim: if the answer is lost after the commit, no other worker runs the job until the lease is recovered",
    async (setup) => {
      const { store } = setup;
      await store.submit(free("j"));
      await setup.lost((handle) => handle.claim(LANES));
      await nothingToClaim("while the lease holds", store);
      same("recovery", await store.recoverStale(AT_ONCE), recovered("j", 1, "requeued"));
      const lease = await leaseOf(store);
      like("the next attempt", lease, { jobId: "j", attempts: 2 });
      same("its end", await store.complete(lease, "done"), completed(0));
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale", "job"],
    "complete: if the answer is lost after the commit, a repeat gets it, and the job has run once",
    async (setup) => {
      const { store } = setup;
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      await setup.lost((handle) => handle.complete(lease, "first"));
      same("repeated", await store.complete(lease, "second"), completed(0));
      like("the job", await store.job("j"), { state: "succeeded", attempts: 1, result: "first" });
      same("recovery", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      await nothingToClaim("after that", store);
    },
  ),
  ...cutSteps(
    "ledger",
    "hold, extend, settle, release, expire",
    ["hold", "settle", "release", "extend", "expire"],
    ledgerSteps,
  ),
  ...cutSteps(
    "both",
    "submit, approve, reject, cancel",
    ["submit", "approve", "reject", "cancel", "claim"],
    decisionSteps,
  ),
  ...cutSteps(
    "both",
    "renew, fail, complete, recoverStale",
    ["submit", "claim", "complete", "fail", "renew", "recoverStale"],
    reportSteps,
  ),
  ...cutSteps("both", "submitMany, completeMany", ["claim", "submitMany", "completeMany"], batchSteps),
  ...cutClaims,
];
