import {
  BackendKind,
  type DispatchStore,
  epochSeconds,
  type Hold,
  isDispatchError,
  type Job,
  type JobState,
  type Lease,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decision, capped, type Clock, micro, NO, setUp, YES, runs } from "./support.ts";

/** Jobs by id, with the most that an attempt may cost; `free` costs nothing and needs no approval. */
const JOBS = { a: 10n, b: 10n, c: 4n, free: 0n } as const;
type JobId = keyof typeof JOBS;
const IDS = Object.keys(JOBS) as JobId[];
const MAX_ATTEMPTS = 3;
const CALLS = ["call1", "call2"] as const;
const SHARED = "month:2026-11";
const runOf = (id: string): string => `run:${id}`;
const SCOPES = [SHARED, ...[...IDS, ...CALLS].map(runOf)];
const ENDS: readonly JobState[] = ["succeeded", "failed", "rejected"];

/** One claim of a job: what the provider will bill for it, whenever and whatever its worker reports. */
interface Execution {
  readonly lease: Lease;
  readonly jobId: JobId;
  readonly cost: bigint;
  /** The hold of a paid attempt. */
  readonly holdId: string | null;
  /** Whether its first report told the cost, or a bill did; null until it has reported. */
  told: boolean | null;
  /** Whether it was given back: it does not count as an attempt. */
  givenBack: boolean;
  /** How often its job had been retried by a person. */
  readonly retries: number;
  /** Whether its job was forgotten. */
  gone: boolean;
}

/** The test's own account: what has truly been spent, and the largest cap that anything was admitted under. */
class Account {
  readonly executions: Execution[] = [];
  readonly calls = new Map<string, bigint>();
  /** The calls whose holds were forgotten. */
  readonly oldCalls: (readonly [id: string, cost: bigint])[] = [];
  readonly largestCap = new Map<string, bigint>();
  /** The largest cap that the last step admitted anything under. */
  readonly lastCap = new Map<string, bigint>();
  /** The pinned cap of the shared scope, and until when it is raised to what. */
  pin: { readonly cap: bigint; readonly to: bigint; readonly until: number } | null = null;
  /** What the holds have booked that were forgotten. */
  readonly forgotten = new Map<string, bigint>();
  /** The cap of the shared scope that each job was approved under. */
  readonly approvedCap = new Map<string, bigint>();
  readonly ended = new Map<string, Job>();
  readonly completedBy = new Map<string, string>();

  admitted(id: string, cap: bigint, now: number): void {
    const { pin } = this;
    const shared = pin === null ? cap : now < pin.until ? pin.to : pin.cap;
    const used = { [SHARED]: shared, [runOf(id)]: cap };
    for (const [scope, most] of Object.entries(used)) {
      for (const caps of [this.largestCap, this.lastCap]) {
        const largest = caps.get(scope) ?? 0n;
        caps.set(scope, most > largest ? most : largest);
      }
    }
  }

  /** The executions of a job that was not forgotten since. */
  of(id: string): readonly Execution[] {
    return this.executions.filter(({ jobId, gone }) => jobId === id && !gone);
  }

  trueCost(scope: string): bigint {
    const bills = [
      ...this.executions.map(({ jobId, cost }) => [jobId, cost] as const),
      ...this.calls,
      ...this.oldCalls,
    ];
    return bills.reduce(
      (total, [id, cost]) => (scope === SHARED || scope === runOf(id) ? total + cost : total),
      0n,
    );
  }
}

const id = fc.constantFrom(...IDS);
const cap = fc.constantFrom(20n, 30n, 30n, 60n);
/** Which of the executions so far; the newest are the likeliest, the rest are zombies. */
const which = fc.oneof(fc.constantFrom(0, 0, 1), fc.nat(9));
const maxAttempts = fc.constantFrom(undefined, undefined, 1, 2, 9);

const steps = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant("submit" as const), id, approved: fc.boolean(), cap }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("approve" as const), id, cap }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("reject" as const), id }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("cancel" as const), id }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant("claim" as const), share: fc.nat(100) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("complete" as const), which, tells: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("fail" as const),
      which,
      tells: fc.boolean(),
      retriable: fc.constantFrom(true, true, false),
      counts: fc.constantFrom(true, true, false),
      maxAttempts,
      retryAfterSeconds: fc.constantFrom(0, 0, 5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("renew" as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("recover" as const),
      ttlSeconds: fc.constantFrom(0, 5, 10),
      limit: fc.constantFrom(1, 100),
      maxAttempts,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("call" as const),
      call: fc.constantFrom(...CALLS),
      share: fc.nat(100),
      cap,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("settle" as const), call: fc.constantFrom(...CALLS) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("expire" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("pin" as const), cap, raise: fc.constantFrom(null, 60n) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("unpin" as const) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("retry" as const), id }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("bill" as const), which }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("forget" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("tick" as const), seconds: fc.constantFrom(1, 5, 10) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("prune" as const) }) },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** What a call answers, or `null` if the pinned cap forbids it. */
async function unlessPinned<T>(call: PromiseLike<T> | T): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isDispatchError(error, "cap_conflict")) return null;
    throw error;
  }
}

const scopesOf = (owner: string, most: bigint): ReturnType<typeof capped> =>
  capped(most, SHARED, runOf(owner));

async function apply(store: DispatchStore, clock: Clock, account: Account, step: Step): Promise<void> {
  switch (step.op) {
    case "submit": {
      const backend = step.id === "free" ? BackendKind.LOCAL : BackendKind.CLOUD_WORKER;
      const job = {
        jobId: step.id,
        lane: "text",
        payload: step.id,
        backend,
        maxCost: micro(JOBS[step.id]),
        maxAttempts: MAX_ATTEMPTS,
      };
      const paid = step.approved && step.id !== "free";
      const given = paid ? { approved: { approval: YES, scopes: scopesOf(step.id, step.cap) } } : {};
      const answer = await unlessPinned(store.submit({ ...job, ...given }));
      if (answer?.kind === "queued" && paid) approve(account, step.id, step.cap, clock.now);
      return;
    }
    case "approve": {
      if (!(await exists(store, step.id))) return;
      const answer = await unlessPinned(store.approve(step.id, YES, { scopes: scopesOf(step.id, step.cap) }));
      if (answer?.kind === "queued") approve(account, step.id, step.cap, clock.now);
      return;
    }
    case "reject":
      if (await exists(store, step.id)) await store.reject(step.id, NO);
      return;
    case "cancel":
      if (await exists(store, step.id)) await store.cancel(step.id, NO);
      return;
    case "claim": {
      const claimed = await store.claim(["text"]);
      if (claimed === null) return;
      const jobId = claimed.payload as JobId;
      const counted = account.of(jobId).filter(({ givenBack }) => !givenBack).length;
      expect(claimed.lease).toMatchObject({ jobId, attempts: counted + 1 });
      const open = (await holdsOf(store, jobId)).filter(({ state }) => state === "open");
      expect(open).toHaveLength(jobId === "free" ? 0 : 1);
      const cost = (JOBS[jobId] * BigInt(step.share)) / 100n;
      const retries = (await store.job(jobId))?.retries ?? 0;
      const claim = { lease: claimed.lease, jobId, cost, holdId: open[0]?.holdId ?? null, retries };
      account.executions.push({ ...claim, told: null, givenBack: false, gone: false });
      return;
    }
    case "complete":
    case "fail":
      await report(store, account, step, clock.now);
      return;
    case "renew": {
      const execution = account.executions.at(-1 - step.which);
      if (!execution) return;
      const before = await store.job(execution.jobId);
      const renewed = await store.renew(execution.lease);
      expect(renewed).toBe(isLatest(account, execution) && before?.state === "running");
      return;
    }
    case "recover": {
      const { ttlSeconds, limit, maxAttempts: most } = step;
      const lowered = most === undefined ? {} : { maxAttempts: most };
      const { attempts } = await store.recoverStale({ ttlSeconds, limit, ...lowered });
      for (const { jobId, attempt, charged, outcome } of attempts) {
        expect(account.of(jobId).filter(({ givenBack }) => !givenBack)).toHaveLength(attempt);
        expect(charged).toBe(JOBS[jobId as JobId]);
        if (outcome === "requeued") retried(account, jobId, clock.now);
      }
      return;
    }
    case "call": {
      const { call: holdId, share, cap: most } = step;
      const request = { holdId, amount: micro(8), scopes: scopesOf(holdId, most), ttlSeconds: 10 };
      const answer = await unlessPinned(store.hold(request));
      if (answer?.kind !== "held") return;
      account.admitted(holdId, most, clock.now);
      account.calls.set(holdId, (8n * BigInt(share)) / 100n);
      return;
    }
    case "settle": {
      const cost = account.calls.get(step.call);
      if (cost === undefined) return;
      // What cost nothing is given back; the truth may come after a charge.
      if (cost === 0n) await store.release(step.call);
      else expect(await store.settle(step.call, micro(cost))).toMatchObject({ kind: "settled", overrun: 0n });
      return;
    }
    case "expire":
      for (const { holdId, amount } of (await store.expire()).charged) {
        expect([...account.calls.keys()]).toContain(holdId);
        expect(amount).toBe(8n);
      }
      return;
    case "pin":
      await store.pinCap(SHARED, micro(step.cap), decision());
      account.pin = { cap: step.cap, to: step.cap, until: clock.now };
      if (step.raise !== null) {
        const until = epochSeconds(clock.now + 5);
        await store.raiseCap(SHARED, { to: micro(step.raise), until }, decision());
        account.pin = { cap: step.cap, to: step.raise, until };
      }
      return;
    case "unpin":
      await store.unpinCap(SHARED, decision());
      account.pin = null;
      return;
    case "retry": {
      const before = await store.job(step.id);
      if (before === null) return;
      const after = before.retries;
      const answer = await store.retry(step.id, { after }, decision());
      expect(answer.kind === "moved_on").toBe(before.state !== "failed");
      if (answer.kind !== "queued") return;
      account.ended.delete(step.id);
      if (step.id !== "free") retried(account, step.id, clock.now);
      return;
    }
    case "bill": {
      // A bill says what an attempt has truly cost.
      const execution = account.executions.at(-1 - step.which);
      if (!execution?.holdId || execution.gone) return;
      const { holdId, cost } = execution;
      const answer = await store.correct(holdId, micro(cost), decision());
      expect(answer).toMatchObject(
        answer.kind === "open" ? {} : { kind: "corrected", to: cost, overrun: 0n },
      );
      if (answer.kind === "corrected") execution.told = true;
      return;
    }
    case "forget":
      await forget(store, account, clock);
      return;
    case "tick":
      clock.now += step.seconds;
      return;
    case "prune":
      await store.prune({ before: clock() });
      return;
  }
}

async function exists(store: DispatchStore, jobId: string): Promise<boolean> {
  return (await store.job(jobId)) !== null;
}

function approve(account: Account, jobId: string, most: bigint, now: number): void {
  account.approvedCap.set(jobId, most);
  account.admitted(jobId, most, now);
}

async function holdsOf(store: DispatchStore, jobId: string): Promise<readonly Hold[]> {
  const holds: Hold[] = [];
  for (;;) {
    const hold = await store.getHold(`job:${jobId}#${holds.length + 1}`);
    if (hold === null) return holds;
    holds.push(hold);
  }
}

async function allHolds(store: DispatchStore): Promise<readonly Hold[]> {
  const ofJobs = await Promise.all(IDS.map((jobId) => holdsOf(store, jobId)));
  const ofCalls = await Promise.all(CALLS.map((holdId) => store.getHold(holdId)));
  return [...ofJobs.flat(), ...ofCalls.filter((hold) => hold !== null)];
}

/** What is forgotten stays booked, and its workers' reports come to nothing. */
async function forget(store: DispatchStore, account: Account, clock: Clock): Promise<void> {
  const before = await allHolds(store);
  await store.forget({ before: clock() });
  const left = new Set((await allHolds(store)).map(({ holdId }) => holdId));
  for (const { holdId, booked, state } of before) {
    if (left.has(holdId)) continue;
    expect(state).not.toBe("open");
    for (const scope of [SHARED, runOf(ownerOf(holdId))]) {
      account.forgotten.set(scope, (account.forgotten.get(scope) ?? 0n) + booked);
    }
  }
  for (const [id, cost] of account.calls) {
    if (left.has(id)) continue;
    account.oldCalls.push([id, cost]);
    account.calls.delete(id);
  }
  for (const [jobId, { state }] of account.ended) {
    if ((await store.job(jobId)) !== null) continue;
    // An approval moves no job that has ended; one that is forgotten is unknown.
    const known = await store.approve(jobId, YES).then(
      () => true,
      (error: unknown) => !isDispatchError(error, "job_unknown"),
    );
    if (known) continue;
    expect(ENDS).toContain(state);
    for (const execution of account.of(jobId)) execution.gone = true;
    account.completedBy.delete(jobId);
    account.ended.delete(jobId);
  }
}

/** A retry holds by the caps stored at its job's approval. */
function retried(account: Account, jobId: string, now: number): void {
  const most = account.approvedCap.get(jobId);
  if (most !== undefined) account.admitted(jobId, most, now);
}

function isLatest(account: Account, execution: Execution): boolean {
  return account.of(execution.jobId).at(-1) === execution;
}

/** A worker reports, in time or as a zombie; its cost, if it tells one, is the truth. */
async function report(
  store: DispatchStore,
  account: Account,
  step: Extract<Step, { op: "complete" | "fail" }>,
  now: number,
): Promise<void> {
  const execution = account.executions.at(-1 - step.which);
  if (!execution) return;
  const { lease, jobId, cost } = execution;
  const tells = step.tells && jobId !== "free";
  const actual = tells ? { actual: micro(cost) } : {};
  const before = await store.job(jobId);
  const live = before?.state === "running" && isLatest(account, execution);
  const first = execution.told === null;
  execution.told ??= tells;
  if (step.op === "complete") {
    const answer = await store.complete(lease, lease.token, actual);
    if (live) {
      expect(answer).toEqual({ kind: "completed", booked: tells ? cost : JOBS[jobId], overrun: 0n });
      expect(account.completedBy.has(jobId)).toBe(false);
      account.completedBy.set(jobId, lease.token);
    } else if (answer.kind === "completed") {
      expect(account.completedBy.get(jobId)).toBe(lease.token);
    }
  } else {
    const { retriable, counts, retryAfterSeconds, maxAttempts: most } = step;
    const lowered = most === undefined ? {} : { maxAttempts: most };
    const options = { retriable, counts, retryAfterSeconds, ...lowered, ...actual };
    const answer = await store.fail(lease, "x", options);
    if (live) {
      expect(answer).toMatchObject({ booked: tells ? cost : JOBS[jobId], overrun: 0n });
      execution.givenBack = !counts;
      if (!counts) expect(answer.kind).not.toBe("failed");
      if (answer.kind === "requeued") retried(account, jobId, now);
      expect(answer.kind).not.toBe("stale");
    } else if (first) {
      // It corrects its own charge, unless a bill has done so before, or nobody knows the job any more.
      expect(answer).toEqual({ kind: "stale", corrected: tells && !execution.gone });
    }
  }
  // What is booked may be corrected by it: the invariants say to what.
  if (!live) expect(unbooked(await store.job(jobId))).toEqual(unbooked(before));
}

/** A job without what is booked for it, which a late cost or a bill corrects whatever the job's state. */
function unbooked(job: Job | null): unknown {
  return job && { ...job, booked: null };
}

const ownerOf = (holdId: string): string => holdId.replace(/^job:(.*)#\d+$/, "$1");

async function expectInvariants(store: DispatchStore, account: Account): Promise<void> {
  const { executions } = account;
  const holds = await allHolds(store);
  for (const scope of SCOPES) {
    // A pruned hold no longer names its scopes.
    const inIt = holds.filter(({ holdId }) => scope === SHARED || scope === runOf(ownerOf(holdId)));
    const open = inIt.filter(({ state }) => state === "open");
    const { reserved, spent } = await store.usage(scope);
    expect(reserved).toBe(open.reduce((sum, { amount }) => sum + amount, 0n));
    const forgotten = account.forgotten.get(scope) ?? 0n;
    expect(spent).toBe(inIt.reduce((sum, { booked }) => sum + booked, forgotten));
    const last = account.lastCap.get(scope);
    if (last !== undefined) expect(reserved + spent).toBeLessThanOrEqual(last);
    // The promise, and what it rests on: all that can still be billed is committed.
    expect(account.trueCost(scope)).toBeLessThanOrEqual(account.largestCap.get(scope) ?? 0n);
    expect(account.trueCost(scope)).toBeLessThanOrEqual(reserved + spent);
  }
  expect(new Set(executions.map(({ lease }) => lease.token)).size).toBe(executions.length);
  for (const jobId of IDS) {
    const counted = account.of(jobId).filter(({ givenBack }) => !givenBack);
    const job = await store.job(jobId);
    if (job === null) continue;
    // Each retry by a person allows as many attempts again.
    for (let retries = 0; retries <= job.retries; retries++) {
      const made = counted.filter((execution) => execution.retries === retries);
      expect(made.length).toBeLessThanOrEqual(MAX_ATTEMPTS);
    }
    expect(job.attempts).toBe(counted.length);
    expect(job.result).toBe(account.completedBy.get(jobId) ?? null);
    const end = account.ended.get(jobId);
    if (end) expect(unbooked(job)).toEqual(unbooked(end));
    else if (ENDS.includes(job.state)) account.ended.set(jobId, job);
    const own = holds.filter(({ holdId }) => ownerOf(holdId) === jobId);
    expect(job.booked).toBe(own.reduce((sum, { booked }) => sum + booked, 0n));
    const open = own.filter(({ state }) => state === "open");
    const current = account.of(jobId).at(-1)?.holdId;
    const isPaid = jobId !== "free";
    expect(open.filter(({ holdId }) => holdId !== current)).toHaveLength(job.state === "queued" ? 1 : 0);
    expect(open.filter(({ holdId }) => holdId === current)).toHaveLength(
      isPaid && job.state === "running" ? 1 : 0,
    );
  }
  // No two attempts share a hold.
  const paid = executions.filter(({ holdId, gone }) => holdId !== null && !gone);
  expect(new Set(paid.map(({ holdId }) => holdId)).size).toBe(paid.length);
  for (const { holdId: ownHold, cost, told } of paid) {
    const hold = holds.find(({ holdId }) => holdId === ownHold);
    // Once claimed, it is never released; and once its own token told the truth, that is what is booked.
    expect(hold?.state).not.toBe("released");
    if (told === true) expect(hold).toMatchObject({ state: "settled", booked: cost });
  }
}

describe("jobs and money", () => {
  it("keep the promise in any history, with zombies: no cap passed, no job lost, no two results", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 80, size: "max" }), async (history) => {
        const { store, clock } = setUp();
        const account = new Account();
        for (const step of history) {
          account.lastCap.clear();
          await apply(store, clock, account, step);
          await expectInvariants(store, account);
        }
        // No job is lost: once the leases are recovered, each has ended, or waits for a person or a claim.
        await store.recoverStale({ ttlSeconds: 0 });
        for (const { state } of await store.jobs()) expect(state).not.toBe("running");
        account.lastCap.clear();
        // In the end every worker tells what it has cost, however late.
        for (const execution of account.executions) {
          const { lease, jobId, cost } = execution;
          if (jobId === "free") continue;
          for (const actual of [micro(cost), micro(cost + 1n)]) {
            await store.fail(lease, "late", { retriable: false, actual });
          }
          execution.told ??= true;
        }
        await expectInvariants(store, account);
      }),
      { numRuns: runs(250) },
    );
  });
});
