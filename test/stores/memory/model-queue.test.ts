import {
  type Approval,
  BackendKind,
  type Decision,
  type DispatchStore,
  epochSeconds,
  isDispatchError,
  type Job,
  type JobState,
  type Lease,
  type RefusedPayload,
  type ScopeCap,
} from "dispatch-kit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Answer, type Cap, LedgerModel } from "./ledger-model.ts";
import { type Claim, type ModelJob, QueueModel, type Request } from "./queue-model.ts";
import { type Clock, decision, micro, setUp, START, runs } from "./support.ts";

const SHARED = "month:2026-11";
const OTHER = "month:2026-12";
const SCOPES = [SHARED, OTHER, "run:a", "run:b", "run:c"];
const LANES = ["x", "y"] as const;

type Fixed = Pick<Request, "lane" | "cost" | "maxAttempts" | "maxRunSeconds">;
/** What is always the same about a job of an id; `free` costs nothing. */
const JOBS: Readonly<Record<"a" | "b" | "c" | "free", Fixed & { readonly asks: boolean }>> = {
  a: { lane: "x", cost: 10n, maxAttempts: 3, maxRunSeconds: null, asks: true },
  b: { lane: "y", cost: 10n, maxAttempts: 2, maxRunSeconds: 3, asks: false },
  c: { lane: "x", cost: 4n, maxAttempts: 1, maxRunSeconds: null, asks: true },
  free: { lane: "x", cost: 0n, maxAttempts: 2, maxRunSeconds: null, asks: false },
};
type JobId = keyof typeof JOBS;
const IDS = Object.keys(JOBS) as JobId[];

const id = fc.constantFrom(...IDS);
const cap = fc.constantFrom(20n, 30n, 30n, 60n, null);
/** Which of the claims so far; the newest are the likeliest, the rest are zombies. */
const which = fc.oneof(fc.constantFrom(0, 0, 1), fc.nat(9));
const most = fc.constantFrom(null, null, null, 1, 9);
const cost = fc.constantFrom(null, 0n, 3n, 10n, 12n);
const by = fc.constantFrom("alice", "bob");
/** Mostly none, where an approval is enough. */
const decisionId = fc.constantFrom(null, null, null, null, "d1", "d2");
const later = fc.constantFrom(null, null, null, 3, 8);
const other = fc.constantFrom(null, null, null, OTHER);
const limit = fc.constantFrom(1, 2, 100);
const decided = { by, decisionId };
const op = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);

const submission = fc.record({
  op: op("submit"),
  id,
  approved: fc.boolean(),
  cap,
  by,
  // Another priority is another job.
  priority: fc.constantFrom(0, 0, 0, 0, 0, 0, 1),
  decideIn: later,
  claimIn: later,
});

const steps = fc.oneof(
  { weight: 4, arbitrary: submission },
  { weight: 5, arbitrary: fc.record({ op: op("approve"), id, cap, scope: other, ...decided }) },
  { weight: 1, arbitrary: fc.record({ op: op("reject"), id, ...decided }) },
  { weight: 1, arbitrary: fc.record({ op: op("cancel"), id, ...decided }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: op("retry"),
      id,
      // How often it was retried, or one less or more.
      off: fc.constantFrom(0, 0, 0, 0, -1, 1),
      cap,
      scope: other,
      ...decided,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      op: op("claim"),
      lanes: fc.constantFrom<readonly string[]>(["x"], ["y"], ["y", "x"], ["x", "y"]),
      leaseSeconds: fc.constantFrom(null, null, 2, 8),
      by: fc.constantFrom(null, "w1"),
      refuses: fc.constantFrom<readonly JobId[]>([], [], [], ["a"], ["free", "c"], IDS),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: op("complete"), which, actual: cost }) },
  {
    weight: 8,
    arbitrary: fc.record({
      op: op("fail"),
      which,
      actual: cost,
      retriable: fc.constantFrom(true, true, false),
      counts: fc.constantFrom(true, true, false),
      most,
      delay: fc.constantFrom(0, 0, 0, 5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: op("renew"), which }) },
  { weight: 4, arbitrary: fc.record({ op: op("recover"), ttl: fc.constantFrom(0, 5, 10), limit, most }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: op("correct"),
      id: fc.constantFrom("a", "b", "c"),
      nth: fc.constantFrom(1, 1, 2, 3),
      actual: fc.constantFrom(2n, 10n, 13n),
      ...decided,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: op("pause"),
      lane: fc.constantFrom(...LANES),
      // So that most of the time nothing is paused.
      paused: fc.constantFrom(true, false, false),
      ...decided,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: op("pin"),
      cap: fc.constantFrom(20n, 30n, 60n),
      raise: fc.constantFrom(null, 60n, 90n),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: op("unpin") }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: op("call"), id: fc.constantFrom("call1", "call2"), cap: fc.constant(60n) }),
  },
  { weight: 1, arbitrary: fc.record({ op: op("settle"), id: fc.constantFrom("call1", "call2") }) },
  { weight: 5, arbitrary: fc.record({ op: op("tick"), seconds: fc.constantFrom(1, 2, 5, 60) }) },
  { weight: 1, arbitrary: fc.record({ op: op("prune"), limit }) },
  { weight: 1, arbitrary: fc.record({ op: op("forget"), limit }) },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;
type Of<Name extends Step["op"]> = Extract<Step, { readonly op: Name }>;

const history = fc.array(steps, { minLength: 5, maxLength: 120, size: "max" });

/** What a call answers, or which error it throws. */
async function answerOf(call: unknown): Promise<Answer> {
  try {
    return shown(((await call) ?? {}) as Answer);
  } catch (error) {
    if (isDispatchError(error)) return { error: error.code };
    if (error instanceof RangeError) return { error: "RangeError" };
    throw error;
  }
}

/** An answer; of an approval only who gave it. */
function shown({ approval, ...answer }: Answer): Answer {
  return approval === undefined ? answer : { ...answer, by: (approval as Approval | null)?.author ?? null };
}

function scopesFor(owner: string, asked: bigint | null, shared: string | null): readonly Cap[] {
  const own = { scope: `run:${owner}`, cap: 100n, until: null };
  return [{ scope: shared ?? SHARED, cap: asked, until: null }, own];
}

function asked(caps: readonly Cap[]): readonly ScopeCap[] {
  return caps.map(({ scope, cap: money }) => ({ scope, cap: money === null ? null : micro(money) }));
}

/** A store beside the model that says what it must answer. */
class Both {
  readonly store: DispatchStore;
  readonly clock: Clock;
  readonly ledger = new LedgerModel();
  readonly queue = new QueueModel(this.ledger);
  readonly leases: Lease[] = [];
  /** The jobs whose payload the parser refuses. */
  readonly refuses = new Set<unknown>();

  constructor() {
    const payload = (value: unknown): unknown => {
      if (this.refuses.has(value)) throw new Error("of a newer version");
      return value;
    };
    ({ store: this.store, clock: this.clock } = setUp({ payload }));
  }

  async apply(step: Step): Promise<void> {
    switch (step.op) {
      case "submit":
        return this.#submit(step);
      case "approve": {
        const jobId = this.#one(step.id, "awaiting_approval");
        const scopes = step.scope === null ? null : scopesFor(jobId, step.cap, step.scope);
        return this.#decide(
          step,
          [jobId, step.scope, scopes && step.cap],
          () => this.queue.approve(jobId, scopes, step.by),
          (how) => this.store.approve(jobId, how, scopes === null ? {} : { scopes: asked(scopes) }),
          false,
          `job ${jobId}`,
        );
      }
      case "reject":
        return this.#decide(
          step,
          [step.id],
          () => this.queue.reject(step.id, step.by),
          (how) => this.store.reject(step.id, how),
        );
      case "cancel":
        return this.#decide(
          step,
          [step.id],
          () => this.queue.cancel(step.id, step.by),
          (how) => this.store.cancel(step.id, how),
        );
      case "retry": {
        const jobId = this.#one(step.id, "failed");
        const scopes = step.scope === null ? null : scopesFor(jobId, step.cap, step.scope);
        const after = Math.max(0, (this.queue.jobs.get(jobId)?.retries ?? 0) + step.off);
        const options = { after, ...(scopes === null ? {} : { scopes: asked(scopes) }) };
        return this.#decide(
          step,
          [jobId, after, step.scope, scopes && step.cap],
          () => this.queue.retry(jobId, after, scopes, step.by),
          (how) => this.store.retry(jobId, options, how as Decision),
          true,
          `job ${jobId}`,
        );
      }
      case "pause":
        return this.#decide(
          step,
          [step.lane, step.paused],
          () => this.queue.pause(step.lane, step.paused, step.by),
          (how) =>
            step.paused
              ? this.store.pauseLane(step.lane, how as Decision)
              : this.store.resumeLane(step.lane, how as Decision),
          true,
          null,
        );
      case "correct": {
        const holdId = `job:${step.id}#${step.nth}`;
        return this.#decide(
          step,
          [holdId, step.actual],
          () => this.ledger.correct(holdId, step.actual),
          (how) => this.store.correct(holdId, micro(step.actual), how as Decision),
          true,
        );
      }
      case "claim":
        return this.#claim(step);
      case "complete": {
        const lease = this.leases.at(-1 - step.which);
        if (!lease) return;
        const options = step.actual === null ? {} : { actual: micro(step.actual) };
        const answer = this.queue.complete(lease.token, lease.token, step.actual);
        expect(await answerOf(this.store.complete(lease, lease.token, options))).toEqual(answer);
        return;
      }
      case "fail": {
        const lease = this.leases.at(-1 - step.which);
        if (!lease) return;
        const { actual, retriable, counts, delay } = step;
        const given = {
          retriable,
          counts,
          retryAfterSeconds: delay,
          ...(actual === null ? {} : { actual: micro(actual) }),
          ...(step.most === null ? {} : { maxAttempts: step.most }),
        };
        const options = { actual, retriable, counts, most: step.most ?? Infinity, delay };
        const answer = this.queue.fail(lease.token, options);
        expect(await answerOf(this.store.fail(lease, "x", given))).toEqual(answer);
        return;
      }
      case "renew": {
        const lease = this.leases.at(-1 - step.which);
        if (lease) expect(await this.store.renew(lease)).toBe(this.queue.renew(lease.token));
        return;
      }
      case "recover":
        return this.#recover(step);
      case "pin":
        this.ledger.pin(SHARED, step.cap);
        await this.store.pinCap(SHARED, micro(step.cap), decision());
        if (step.raise !== null) {
          const until = this.ledger.now + 5;
          this.ledger.raise(SHARED, step.raise, until);
          const raise = { to: micro(step.raise), until: epochSeconds(until) };
          await this.store.raiseCap(SHARED, raise, decision());
        }
        return;
      case "unpin":
        this.ledger.unpin(SHARED);
        await this.store.unpinCap(SHARED, decision());
        return;
      case "call": {
        const caps = [{ scope: SHARED, cap: step.cap, until: null }];
        const answer = this.ledger.hold(step.id, 8n, caps, 1000);
        const request = { holdId: step.id, amount: micro(8), scopes: asked(caps), ttlSeconds: 1000 };
        expect(await answerOf(this.store.hold(request))).toEqual(answer);
        return;
      }
      case "settle":
        expect(await answerOf(this.store.settle(step.id, micro(5)))).toEqual(this.ledger.settle(step.id, 5n));
        return;
      case "tick":
        this.ledger.now += step.seconds;
        this.clock.now += step.seconds;
        return;
      case "prune":
      case "forget":
        return this.#sweep(step);
    }
  }

  /** A job in a state if there is one: mostly the step's own would be unknown, or elsewhere. */
  #one(given: string, state: JobState): string {
    const jobs = [...this.queue.jobs.values()].filter((job) => job.state === state);
    const index = jobs.findIndex((job) => job.id >= given);
    return jobs.at(index)?.id ?? given;
  }

  async #submit({ id: jobId, approved, cap: money, by: author, ...step }: Of<"submit">): Promise<void> {
    const { asks, ...fixed } = JOBS[jobId];
    const scopes = scopesFor(jobId, money, null);
    const at = (seconds: number | null): number | null => seconds && this.ledger.now + seconds;
    const request: Request = {
      id: jobId,
      ...fixed,
      priority: step.priority,
      scopes: asks ? scopes : null,
      decideBy: at(step.decideIn),
      claimBy: at(step.claimIn),
      approved: approved ? { by: author, scopes } : null,
    };
    const approval = { author, reason: "r" };
    const given = {
      jobId,
      payload: jobId,
      lane: fixed.lane,
      backend: fixed.cost === 0n ? BackendKind.LOCAL : BackendKind.CLOUD_WORKER,
      maxCost: micro(fixed.cost),
      maxAttempts: fixed.maxAttempts,
      maxRunSeconds: fixed.maxRunSeconds,
      priority: step.priority,
      scopes: asks ? asked(scopes) : null,
      decideBy: request.decideBy === null ? null : epochSeconds(request.decideBy),
      claimBy: request.claimBy === null ? null : epochSeconds(request.claimBy),
      approved: approved ? { approval, scopes: asked(scopes) } : null,
    };
    const answer = this.queue.submit(request);
    expect(await answerOf(this.store.submit(given))).toEqual(answer);
  }

  /** A change by a person, under an id of its own, a known one, or none. */
  async #decide(
    step: Of<"approve" | "reject" | "cancel" | "retry" | "pause" | "correct">,
    body: readonly unknown[],
    change: () => Answer,
    call: (how: Decision | Decision["approval"]) => unknown,
    needsId = false,
    subject: string | null = "id" in step ? `job ${step.id}` : null,
  ): Promise<void> {
    const isNo = step.op === "reject" || step.op === "cancel";
    const approval = { author: step.by, reason: "r", outcome: isNo ? "rejected" : "approved" } as const;
    if (step.decisionId === null && !needsId) {
      const answer = change();
      expect(await answerOf(call(approval))).toEqual(answer);
      return;
    }
    const { id: made } = step.decisionId === null ? decision() : decision(step.decisionId);
    const text = [step.op, ...body, step.by].map(String).join();
    const answer = this.ledger.decide({ id: made, body: text, subject }, change);
    expect(await answerOf(call({ id: made, approval }))).toEqual(answer);
  }

  async #claim({ lanes, leaseSeconds, by: worker, refuses }: Of<"claim">): Promise<void> {
    const refused: RefusedPayload[] = [];
    refuses.forEach((each) => this.refuses.add(each));
    const claimed = await this.store.claim(lanes, {
      ...(leaseSeconds === null ? {} : { leaseSeconds }),
      ...(worker === null ? {} : { by: worker }),
      onRefused: (each) => refused.push(each),
    });
    this.refuses.clear();
    const take = (job: ModelJob, lease: Lease): Claim => {
      const claim = this.queue.claim(job, lease.token, leaseSeconds, worker);
      const { now } = this.ledger;
      expect({ ...lease }).toEqual({ jobId: job.id, leasedAt: now, attempts: job.tried, token: lease.token });
      return claim;
    };
    for (const { lease, outcome } of refused) {
      const job = this.queue.next(lanes);
      if (!job) throw new Error(`${lease.jobId} was claimed and refused`);
      expect(refuses).toContain(job.id);
      expect(outcome).toBe(this.queue.refuse(take(job, lease))["kind"]);
      this.leases.push(lease);
    }
    const next = this.queue.next(lanes);
    if (next === null) {
      expect(claimed).toBeNull();
      return;
    }
    expect(refuses).not.toContain(next.id);
    if (!claimed) throw new Error(`${next.id} was not claimed`);
    expect(claimed).toMatchObject({ payload: next.id, maxRunSeconds: next.maxRunSeconds });
    take(next, claimed.lease);
    this.leases.push(claimed.lease);
  }

  async #recover({ ttl, limit: atMost, most: lowered }: Of<"recover">): Promise<void> {
    const lost = this.queue.lost(ttl).map((job) => job.id);
    const options = { ttlSeconds: ttl, limit: atMost, ...(lowered === null ? {} : { maxAttempts: lowered }) };
    const { attempts, ended, more } = await this.store.recoverStale(options);
    // Which of them it takes first is the store's choice.
    expect(attempts).toHaveLength(Math.min(lost.length, atMost));
    for (const attempt of attempts) {
      expect(lost).toContain(attempt.jobId);
      expect(attempt).toEqual(this.queue.recover(this.queue.job(attempt.jobId), lowered ?? Infinity));
    }
    const overdue = this.queue.overdue().map((job) => job.id);
    const left = atMost - attempts.length;
    expect(ended).toHaveLength(Math.min(overdue.length, left));
    for (const end of ended) {
      expect(overdue).toContain(end.jobId);
      expect(end).toEqual(this.queue.expire(this.queue.job(end.jobId)));
    }
    expect(more).toBe(lost.length > atMost || overdue.length > left);
  }

  async #sweep({ op: name, limit: atMost }: Of<"prune" | "forget">): Promise<void> {
    const isPrune = name === "prune";
    const jobs = this.queue.endedBefore(this.ledger.now).filter(({ pruned }) => !(isPrune && pruned));
    const calls = this.ledger.closedBefore(this.ledger.now).filter(({ pruned }) => !(isPrune && pruned));
    const counts = { jobs: Math.min(jobs.length, atMost), holds: Math.min(calls.length, atMost) };
    const options = { before: this.clock(), limit: atMost };
    const answer = isPrune ? await this.store.prune(options) : await this.store.forget(options);
    expect(answer).toEqual({ ...counts, more: jobs.length > atMost || calls.length > atMost });
    // Which of them it takes first is the store's choice.
    let swept = 0;
    for (const job of jobs) {
      // A job that has ended moves by no approval; one that is forgotten is unknown.
      const known = (await answerOf(this.store.approve(job.id, { author: "x", reason: "x" })))["error"];
      if (isPrune ? (await this.store.job(job.id)) !== null : known !== "job_unknown") continue;
      if (isPrune) this.queue.prune(job);
      else this.queue.forget(job);
      swept++;
    }
    for (const row of calls) {
      const hold = await this.store.getHold(row.id);
      if (isPrune ? hold?.scopes[0]?.cap !== null : hold !== null) continue;
      if (isPrune) this.ledger.prune(row);
      else this.ledger.forget(row);
      swept++;
    }
    expect(swept).toBe(counts.jobs + counts.holds);
  }

  /** Everything that the store shows must be what the model says. */
  async expectSame(): Promise<void> {
    const holdIds = [...this.ledger.holds.keys()];
    const [usages, holds, jobs, lanes] = await Promise.all([
      Promise.all(SCOPES.map((scope) => this.store.usage(scope))),
      Promise.all(holdIds.map((holdId) => this.store.getHold(holdId))),
      this.store.jobs(),
      this.store.lanes(),
    ]);
    expect(usages.map(({ reserved, spent }) => [reserved, spent])).toEqual(
      SCOPES.map((scope) => [this.ledger.reserved(scope), this.ledger.spent(scope)]),
    );
    expect(holds.map((hold) => [hold?.holdId, hold?.state, hold?.booked])).toEqual(
      [...this.ledger.holds.values()].map((row) => [row.id, row.state, row.booked]),
    );
    const shownJobs = [...this.queue.jobs.values()].filter(({ pruned }) => !pruned);
    expect(jobs.map((job) => ({ ...job, ...namesIn(job) }))).toEqual(
      shownJobs.sort((a, b) => a.sequence - b.sequence).map((job) => jobOf(job, this.queue.booked(job))),
    );
    expect(lanes.map(({ lane, paused, approval }) => [lane, paused, approval.author])).toEqual(
      [...this.queue.lanes].sort().map(([lane, { paused, by: author }]) => [lane, paused, author]),
    );
  }
}

function namesIn({ approval, cancellation }: Job): object {
  return { approval: approval?.author ?? null, cancellation: cancellation?.author ?? null };
}

/** A job of the model, as a store shows it. */
function jobOf(job: ModelJob, booked: bigint): unknown {
  return {
    jobId: job.id,
    lane: job.lane,
    payload: job.id,
    backend: job.cost === 0n ? "local" : "cloud_worker",
    maxCost: job.cost,
    maxAttempts: job.maxAttempts,
    priority: job.priority,
    runAt: null,
    state: job.state,
    attempts: job.tried,
    retries: job.retries,
    approval: job.approvedBy,
    cancellation: job.cancelledBy,
    error: job.error && { code: job.error, message: expect.any(String) as string },
    requestedBy: null,
    tags: {},
    decideBy: job.decideBy,
    claimBy: job.claimBy,
    maxRunSeconds: job.maxRunSeconds,
    leasedBy: job.leasedBy,
    submittedAt: job.submittedAt,
    decidedAt: job.decidedAt,
    startedAt: job.startedAt,
    waitingSince: job.waitingSince,
    endedAt: job.endedAt,
    booked,
    unreadable: null,
    result: job.result,
  };
}

it("a store answers as a model of the specification does, in any history of jobs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(submission, { maxLength: 4 }), history, async (first, then) => {
      const both = new Both();
      for (const step of [...first, ...then]) {
        await both.apply(step);
        await both.expectSame();
      }
      expect(both.clock.now).toBe(both.ledger.now);
      expect(both.ledger.now).toBeGreaterThanOrEqual(START);
    }),
    { numRuns: runs(300) },
  );
});
