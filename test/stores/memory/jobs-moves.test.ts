import { type DispatchStore, type JobState, type Lease } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import {
  approved,
  AT_ONCE,
  capped,
  counters,
  free,
  leaseOf,
  micro,
  MONTH,
  NO,
  paid,
  RUN,
  setUp,
  YES,
  stale,
  lost,
  NONE,
  stateOf,
  stranger,
} from "./support.ts";

describe("jobs: every operation in every state", () => {
  type Store = DispatchStore;
  const actual = micro(4);
  const operations = {
    approve: (store: Store) => store.approve("j", YES, { scopes: capped(100) }),
    reject: (store: Store) => store.reject("j", NO),
    cancel: (store: Store) => store.cancel("j"),
    claim: async (store: Store) => (await store.claim(["text"]))?.lease.attempts ?? null,
    complete: (store: Store, lease: Lease) => store.complete(lease, "again", { actual }),
    fail: (store: Store, lease: Lease) => store.fail(lease, "broken", { retriable: false, actual }),
    retry: (store: Store, lease: Lease) => store.fail(lease, "busy", { retriable: true, actual }),
    renew: (store: Store, lease: Lease) => store.renew(lease),
    recover: (store: Store) => store.recoverStale(AT_ONCE),
  };
  type Operation = keyof typeof operations;
  /** The job's state, and what its run has reserved and spent. */
  type Shown = readonly [state: JobState, reserved: number, spent: number];
  interface In {
    readonly by: (store: Store) => Promise<Lease>;
    readonly is: Shown;
    /** What each operation answers, and what is then, if anything moves. */
    readonly moves: Readonly<Record<Operation, readonly [answer: unknown, then?: Shown]>>;
  }

  const waits = { kind: "queued" };
  const notWaiting = (state: JobState): readonly [unknown] => [{ kind: "not_waiting", state }];
  const ended = (state: JobState): readonly [unknown] => [{ kind: "ended", state }];
  const cancelled = (state: JobState, booked: number): unknown => ({
    kind: "cancelled",
    state,
    booked: micro(booked),
  });
  const completed = { kind: "completed", booked: actual, overrun: 0n };
  const failed = { kind: "failed", booked: actual };
  const requeued = { kind: "requeued", booked: actual };
  /** Nobody may report, and there is nothing to recover. */
  const noLease = {
    complete: [stale],
    fail: [stale],
    retry: [stale],
    renew: [false],
    recover: [NONE],
  } as const;
  const over = (state: JobState): In["moves"] => ({
    ...noLease,
    approve: notWaiting(state),
    reject: notWaiting(state),
    cancel: ended(state),
    claim: [null],
  });

  async function running(store: Store): Promise<Lease> {
    await store.submit(approved("j"));
    return leaseOf(store);
  }

  const table: Readonly<Record<string, In>> = {
    "pending (free)": {
      by: async (store) => {
        await store.submit(free("j"));
        return stranger("j");
      },
      is: ["pending", 0, 0],
      moves: {
        ...noLease,
        approve: notWaiting("pending"),
        reject: notWaiting("pending"),
        cancel: [cancelled("failed", 0), ["failed", 0, 0]],
        claim: [1, ["running", 0, 0]],
      },
    },
    awaiting_approval: {
      by: async (store) => {
        await store.submit(paid("j"));
        return stranger("j");
      },
      is: ["awaiting_approval", 0, 0],
      moves: {
        ...noLease,
        approve: [waits, ["queued", 10, 0]],
        reject: [{ kind: "rejected" }, ["rejected", 0, 0]],
        cancel: [cancelled("rejected", 0), ["rejected", 0, 0]],
        claim: [null],
      },
    },
    queued: {
      by: async (store) => {
        await store.submit(approved("j"));
        return stranger("j");
      },
      is: ["queued", 10, 0],
      moves: {
        ...noLease,
        approve: notWaiting("queued"),
        reject: notWaiting("queued"),
        cancel: [cancelled("failed", 0), ["failed", 0, 0]],
        claim: [1, ["running", 10, 0]],
      },
    },
    running: {
      by: running,
      is: ["running", 10, 0],
      moves: {
        approve: notWaiting("running"),
        reject: notWaiting("running"),
        cancel: [cancelled("failed", 10), ["failed", 0, 10]],
        claim: [null],
        complete: [completed, ["succeeded", 0, 4]],
        fail: [failed, ["failed", 0, 4]],
        retry: [requeued, ["queued", 10, 4]],
        renew: [true],
        recover: [lost("j", 1, "requeued"), ["queued", 10, 10]],
      },
    },
    succeeded: {
      by: async (store) => {
        const lease = await running(store);
        await store.complete(lease, "first", { actual });
        return lease;
      },
      is: ["succeeded", 0, 4],
      moves: { ...over("succeeded"), complete: [completed] },
    },
    failed: {
      by: async (store) => {
        const lease = await running(store);
        await store.fail(lease, "broken", { retriable: false, actual });
        return lease;
      },
      is: ["failed", 0, 4],
      moves: { ...over("failed"), fail: [failed], retry: [failed] },
    },
    rejected: {
      by: async (store) => {
        await store.submit(paid("j"));
        await store.reject("j", NO);
        return stranger("j");
      },
      is: ["rejected", 0, 0],
      moves: over("rejected"),
    },
    "cancelled while running": {
      by: async (store) => {
        const lease = await running(store);
        await store.cancel("j");
        return lease;
      },
      is: ["failed", 0, 10],
      moves: {
        ...over("failed"),
        complete: [stale, ["failed", 0, 4]],
        fail: [stale, ["failed", 0, 4]],
        retry: [stale, ["failed", 0, 4]],
      },
    },
    "queued again by its own token": {
      by: async (store) => {
        const lease = await running(store);
        await store.fail(lease, "busy", { retriable: true, actual });
        return lease;
      },
      is: ["queued", 10, 4],
      moves: {
        ...noLease,
        approve: notWaiting("queued"),
        reject: notWaiting("queued"),
        cancel: [cancelled("failed", 0), ["failed", 0, 4]],
        claim: [2, ["running", 10, 4]],
        fail: [requeued],
        retry: [requeued],
      },
    },
    "queued again by recovery": {
      by: async (store) => {
        const lease = await running(store);
        await store.recoverStale(AT_ONCE);
        return lease;
      },
      is: ["queued", 10, 10],
      moves: {
        approve: notWaiting("queued"),
        reject: notWaiting("queued"),
        cancel: [cancelled("failed", 0), ["failed", 0, 10]],
        claim: [2, ["running", 10, 10]],
        complete: [stale, ["queued", 10, 4]],
        fail: [stale, ["queued", 10, 4]],
        retry: [stale, ["queued", 10, 4]],
        renew: [false],
        recover: [NONE],
      },
    },
    "running again, for the token of attempt 1": {
      by: async (store) => {
        const lease = await running(store);
        await store.recoverStale(AT_ONCE);
        await store.claim(["text"]);
        return lease;
      },
      is: ["running", 10, 10],
      moves: {
        approve: notWaiting("running"),
        reject: notWaiting("running"),
        cancel: [cancelled("failed", 10), ["failed", 0, 20]],
        claim: [null],
        complete: [stale, ["running", 10, 4]],
        fail: [stale, ["running", 10, 4]],
        retry: [stale, ["running", 10, 4]],
        renew: [false],
        recover: [lost("j", 2, "requeued"), ["queued", 10, 20]],
      },
    },
    "waiting, because its retry had no room": {
      by: async (store) => {
        const lease = await running(store);
        const scopes = capped(100);
        await store.hold({ holdId: "filler", amount: micro(90), scopes, ttlSeconds: 60 });
        await store.fail(lease, "busy", { retriable: true, actual });
        return lease;
      },
      is: ["awaiting_approval", 90, 4],
      moves: {
        ...noLease,
        approve: [
          {
            kind: "refused",
            lacking: [
              { scope: RUN, by: 4n },
              { scope: MONTH, by: 4n },
            ],
          },
        ],
        reject: [{ kind: "rejected" }, ["rejected", 90, 4]],
        cancel: [cancelled("rejected", 0), ["rejected", 90, 4]],
        claim: [null],
        fail: [{ kind: "waiting", booked: actual }],
        retry: [{ kind: "waiting", booked: actual }],
      },
    },
  };

  const rows = Object.entries(table).flatMap(([state, { by, is, moves }]) =>
    (Object.keys(operations) as Operation[]).map((operation) => {
      const [answer, then = is] = moves[operation];
      return [operation, state, { by, is, answer, then }] as const;
    }),
  );

  it.each(rows)("%s: a job that is %s", async (operation, _, { by, is, answer, then }) => {
    const { store } = setUp();
    const show = async (): Promise<unknown> => [await stateOf(store, "j"), ...(await counters(store, RUN))];
    const shown = ([state, reserved, spent]: Shown): unknown => [state, micro(reserved), micro(spent)];
    const lease = await by(store);
    expect(await show()).toEqual(shown(is));
    const before = await store.job("j");

    expect(await operations[operation](store, lease)).toEqual(answer);
    expect(await show()).toEqual(shown(then));
    // A report that comes too late, and a repeat, change nothing about the job.
    if (then[0] === is[0]) expect(await store.job("j")).toEqual(before);
    expect(await counters(store, MONTH)).toEqual(await counters(store, RUN));
  });
});
