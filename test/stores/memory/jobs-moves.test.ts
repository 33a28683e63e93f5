import { type Approval, type DispatchStore, type JobState, type Lease } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import {
  approved,
  AT_ONCE,
  capped,
  correcting,
  counters,
  decision,
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
    cancel: (store: Store) => store.cancel("j", NO),
    claim: async (store: Store) => (await store.claim(["text"]))?.lease.attempts ?? null,
    complete: (store: Store, lease: Lease) => store.complete(lease, "again", { actual }),
    fail: (store: Store, lease: Lease) => store.fail(lease, "broken", { retriable: false, actual }),
    "fail, retriable": (store: Store, lease: Lease) => store.fail(lease, "busy", { retriable: true, actual }),
    "give back": (store: Store, lease: Lease) =>
      store.fail(lease, "stopped", { retriable: false, counts: false, actual }),
    retry: (store: Store) => store.retry("j", { after: 0 }, decision()),
    "correct the first hold": async (store: Store) => {
      if ((await store.getHold("job:j#1")) === null) return null;
      return store.correct("job:j#1", micro(7), decision());
    },
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

  const queued = { kind: "queued" };
  const notWaiting = (state: JobState, approval: Approval | null = YES): readonly [unknown] => [
    { kind: "not_waiting", state, approval },
  ];
  const ended = (state: JobState): readonly [unknown] => [{ kind: "ended", state }];
  const movedOn = (state: JobState): readonly [unknown] => [{ kind: "moved_on", state, retries: 0 }];
  const cancelled = (state: JobState, booked: number): unknown => ({
    kind: "cancelled",
    state,
    booked: micro(booked),
  });
  const completed = { kind: "completed", booked: actual, overrun: 0n };
  const failed = { kind: "failed", booked: actual, overrun: 0n };
  const requeued = { kind: "requeued", booked: actual, overrun: 0n };
  const waiting = { kind: "waiting", booked: actual, overrun: 0n };
  const correctedFrom = (from: number): unknown => ({
    kind: "corrected",
    from: micro(from),
    to: 7n,
    overrun: 0n,
  });
  /** Nobody may report, and there is nothing to recover. */
  const noLease = {
    complete: [stale],
    fail: [stale],
    "fail, retriable": [stale],
    "give back": [stale],
    renew: [false],
    recover: [NONE],
  } as const;
  const noHold = { "correct the first hold": [null] } as const;
  const over = (state: JobState, approval = YES): Omit<In["moves"], "correct the first hold"> => ({
    ...noLease,
    approve: notWaiting(state, approval),
    reject: notWaiting(state, approval),
    cancel: ended(state),
    claim: [null],
    retry: movedOn(state),
  });
  /** A report comes too late for the job, and corrects the charge of its own attempt. */
  const late = (then: Shown): Pick<In["moves"], "complete" | "fail" | "fail, retriable" | "give back"> => ({
    complete: [correcting, then],
    fail: [correcting, then],
    "fail, retriable": [correcting, then],
    "give back": [correcting, then],
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
        ...noHold,
        approve: notWaiting("pending", null),
        reject: notWaiting("pending", null),
        cancel: [cancelled("failed", 0), ["failed", 0, 0]],
        claim: [1, ["running", 0, 0]],
        retry: movedOn("pending"),
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
        ...noHold,
        approve: [queued, ["queued", 10, 0]],
        reject: [{ kind: "rejected" }, ["rejected", 0, 0]],
        cancel: [cancelled("rejected", 0), ["rejected", 0, 0]],
        claim: [null],
        retry: movedOn("awaiting_approval"),
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
        retry: movedOn("queued"),
        "correct the first hold": [{ kind: "open" }],
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
        "fail, retriable": [requeued, ["queued", 10, 4]],
        "give back": [requeued, ["queued", 10, 4]],
        renew: [true],
        recover: [lost("j", 1, "requeued"), ["queued", 10, 10]],
        retry: movedOn("running"),
        "correct the first hold": [{ kind: "open" }],
      },
    },
    succeeded: {
      by: async (store) => {
        const lease = await running(store);
        await store.complete(lease, "first", { actual });
        return lease;
      },
      is: ["succeeded", 0, 4],
      moves: {
        ...over("succeeded"),
        complete: [completed],
        "correct the first hold": [correctedFrom(4), ["succeeded", 0, 7]],
      },
    },
    failed: {
      by: async (store) => {
        const lease = await running(store);
        await store.fail(lease, "broken", { retriable: false, actual });
        return lease;
      },
      is: ["failed", 0, 4],
      moves: {
        ...over("failed"),
        fail: [failed],
        "fail, retriable": [failed],
        "give back": [failed],
        retry: [queued, ["queued", 10, 4]],
        "correct the first hold": [correctedFrom(4), ["failed", 0, 7]],
      },
    },
    rejected: {
      by: async (store) => {
        await store.submit(paid("j"));
        await store.reject("j", NO);
        return stranger("j");
      },
      is: ["rejected", 0, 0],
      moves: { ...over("rejected", NO), ...noHold },
    },
    "cancelled while running": {
      by: async (store) => {
        const lease = await running(store);
        await store.cancel("j", NO);
        return lease;
      },
      is: ["failed", 0, 10],
      moves: {
        ...over("failed", NO),
        ...late(["failed", 0, 4]),
        retry: [queued, ["queued", 10, 10]],
        "correct the first hold": [correctedFrom(10), ["failed", 0, 7]],
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
        "fail, retriable": [requeued],
        "give back": [requeued],
        retry: movedOn("queued"),
        "correct the first hold": [correctedFrom(4), ["queued", 10, 7]],
      },
    },
    "given back": {
      by: async (store) => {
        const lease = await running(store);
        await store.fail(lease, "stopped", { retriable: true, counts: false, actual });
        return lease;
      },
      is: ["queued", 10, 4],
      moves: {
        ...noLease,
        approve: notWaiting("queued"),
        reject: notWaiting("queued"),
        cancel: [cancelled("failed", 0), ["failed", 0, 4]],
        // It was not counted.
        claim: [1, ["running", 10, 4]],
        fail: [requeued],
        "fail, retriable": [requeued],
        "give back": [requeued],
        retry: movedOn("queued"),
        "correct the first hold": [correctedFrom(4), ["queued", 10, 7]],
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
        ...late(["queued", 10, 4]),
        approve: notWaiting("queued"),
        reject: notWaiting("queued"),
        cancel: [cancelled("failed", 0), ["failed", 0, 10]],
        claim: [2, ["running", 10, 10]],
        renew: [false],
        recover: [NONE],
        retry: movedOn("queued"),
        "correct the first hold": [correctedFrom(10), ["queued", 10, 7]],
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
        ...late(["running", 10, 4]),
        approve: notWaiting("running"),
        reject: notWaiting("running"),
        cancel: [cancelled("failed", 10), ["failed", 0, 20]],
        claim: [null],
        renew: [false],
        recover: [lost("j", 2, "requeued"), ["queued", 10, 20]],
        retry: movedOn("running"),
        "correct the first hold": [correctedFrom(10), ["running", 10, 7]],
      },
    },
    "lost, its charge corrected by a person": {
      by: async (store) => {
        const lease = await running(store);
        await store.recoverStale({ ...AT_ONCE, maxAttempts: 1 });
        await store.correct("job:j#1", micro(5), decision());
        return lease;
      },
      is: ["failed", 0, 5],
      moves: {
        // A person's word stands against the late worker's.
        ...over("failed"),
        retry: [queued, ["queued", 10, 5]],
        "correct the first hold": [correctedFrom(5), ["failed", 0, 7]],
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
        fail: [waiting],
        "fail, retriable": [waiting],
        "give back": [waiting],
        retry: movedOn("awaiting_approval"),
        "correct the first hold": [correctedFrom(4), ["awaiting_approval", 90, 7]],
      },
    },
    "retried by a person": {
      by: async (store) => {
        const lease = await running(store);
        await store.fail(lease, "broken", { retriable: false, actual });
        await store.retry("j", { after: 0 }, decision());
        return lease;
      },
      is: ["queued", 10, 4],
      moves: {
        ...noLease,
        approve: notWaiting("queued"),
        reject: notWaiting("queued"),
        cancel: [cancelled("failed", 0), ["failed", 0, 4]],
        claim: [2, ["running", 10, 4]],
        // What its own token was told first stands.
        fail: [failed],
        "fail, retriable": [failed],
        "give back": [failed],
        retry: [{ kind: "moved_on", state: "queued", retries: 1 }],
        "correct the first hold": [correctedFrom(4), ["queued", 10, 7]],
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
    expect(before?.booked).toBe(micro(is[2]));

    expect(await operations[operation](store, lease)).toEqual(answer);
    expect(await show()).toEqual(shown(then));
    // A report that comes too late, and a repeat, change nothing about the job but what is booked for it, which is all that
    // its run has spent.
    const after = await store.job("j");
    expect(after?.booked).toBe(micro(then[2]));
    if (then[0] === is[0]) expect({ ...after }).toEqual({ ...before, booked: after?.booked });
    expect(await counters(store, MONTH)).toEqual(await counters(store, RUN));
  });
});
