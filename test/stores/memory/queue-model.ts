import type { JobState } from "dispatch-kit";
import { type Answer, type Cap, type LedgerModel, sum } from "./ledger-model.ts";

/** A job as it is submitted. */
export interface Request {
  readonly id: string;
  readonly lane: string;
  /** The most that an attempt costs; 0 is free work. */
  readonly cost: bigint;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly maxRunSeconds: number | null;
  readonly scopes: readonly Cap[] | null;
  readonly decideBy: number | null;
  readonly claimBy: number | null;
  /** Where it is approved at once, and by whom. */
  readonly approved: { readonly by: string; readonly scopes: readonly Cap[] } | null;
}

type End = "completed" | "requeued" | "failed" | "waiting" | "taken";

/** One claim: its token, its hold, how it ended, and what its own report was answered. */
export interface Claim {
  readonly jobId: string;
  readonly token: string;
  readonly holdId: string | null;
  end: End | null;
  answer: Answer | null;
}

export interface ModelJob extends Request {
  readonly sequence: number;
  readonly submittedAt: number;
  decidedAt: number | null;
  startedAt: number | null;
  waitingSince: number | null;
  claimBy: number | null;
  state: JobState;
  runAt: number;
  held: readonly Cap[];
  approvedBy: string | null;
  cancelledBy: string | null;
  error: string | null;
  result: string | null;
  endedAt: number | null;
  pruned: boolean;
  /** The lease of the claim that runs. */
  leasedAt: number;
  leaseSeconds: number | null;
  leasedBy: string | null;
  runUntil: number | null;
  /** How many holds it had, how many attempts count, and how many of those a retry has made good. */
  holds: number;
  tried: number;
  forgiven: number;
  retries: number;
  /** How often a person has allowed its attempts. */
  grants: number;
  refusals: number;
  claimed: boolean;
}

const RANK: readonly string[] = ["succeeded", "failed", "rejected"];

/** The queue as the specification puts it, over a model of the ledger. */
export class QueueModel {
  readonly ledger: LedgerModel;
  readonly jobs = new Map<string, ModelJob>();
  claims: readonly Claim[] = [];
  readonly lanes = new Map<string, { paused: boolean; by: string }>();
  #submitted = 0;

  constructor(ledger: LedgerModel) {
    this.ledger = ledger;
  }

  get now(): number {
    return this.ledger.now;
  }

  isOver(job: ModelJob): boolean {
    return RANK.includes(job.state);
  }

  submit(request: Request): Answer {
    const known = this.jobs.get(request.id);
    if (known) {
      if (known.pruned || known.priority === request.priority) return { kind: "exists", state: known.state };
      return { error: "job_conflict" };
    }
    const free = request.cost === 0n;
    const approved = free ? null : request.approved;
    const error = this.ledger.capError(approved?.scopes ?? []);
    if (error) return error;
    const job: ModelJob = {
      ...request,
      sequence: this.#submitted,
      submittedAt: this.now,
      decidedAt: request.approved ? this.now : null,
      startedAt: null,
      waitingSince: free || approved ? null : this.now,
      state: free ? "pending" : approved ? "queued" : "awaiting_approval",
      runAt: this.now,
      held: [],
      approvedBy: request.approved?.by ?? null,
      cancelledBy: null,
      error: null,
      result: null,
      endedAt: null,
      pruned: false,
      leasedAt: 0,
      leaseSeconds: null,
      leasedBy: null,
      runUntil: null,
      holds: 0,
      tried: 0,
      forgiven: 0,
      retries: 0,
      grants: approved ? 1 : 0,
      refusals: 0,
      claimed: false,
    };
    const lacking = approved ? this.#hold(job, approved.scopes) : [];
    if (lacking.length > 0) return { kind: "refused", lacking };
    this.jobs.set(request.id, job);
    this.#submitted++;
    return { kind: job.state === "awaiting_approval" ? job.state : "queued" };
  }

  approve(id: string, scopes: readonly Cap[] | null, by: string): Answer {
    const job = this.jobs.get(id);
    if (!job) return { error: "job_unknown" };
    if (job.state !== "awaiting_approval") return this.#notWaiting(job);
    const deadline = this.deadline(job);
    if (deadline !== null && this.now >= deadline) return { kind: "expired", deadline };
    if (job.cost > 0n) {
      const held = scopes ?? job.scopes;
      if (held === null) return { error: "RangeError" };
      const error = this.ledger.capError(held);
      if (error) return error;
      const lacking = this.#hold(job, held);
      if (lacking.length > 0) return { kind: "refused", lacking };
    }
    job.state = job.cost > 0n ? "queued" : "pending";
    job.approvedBy = by;
    job.decidedAt = this.now;
    job.waitingSince = null;
    job.error = null;
    job.grants++;
    job.refusals = 0;
    return { kind: "queued" };
  }

  reject(id: string, by: string): Answer {
    const job = this.jobs.get(id);
    if (!job) return { error: "job_unknown" };
    if (job.state !== "awaiting_approval") return this.#notWaiting(job);
    job.approvedBy = by;
    job.decidedAt = this.now;
    this.#end(job, "rejected", "rejected");
    return { kind: "rejected" };
  }

  cancel(id: string, by: string): Answer {
    const job = this.jobs.get(id);
    if (!job) return { error: "job_unknown" };
    if (this.isOver(job)) return { kind: "ended", state: job.state };
    let booked = 0n;
    const state = job.state === "awaiting_approval" ? "rejected" : "failed";
    if (job.state === "running") {
      booked = this.#close(job, null).booked;
      this.#running(job).end = "taken";
    } else if (job.state === "queued") this.#release(job);
    job.cancelledBy = by;
    job.decidedAt = this.now;
    this.#end(job, state, "cancelled");
    return { kind: "cancelled", state, booked };
  }

  retry(id: string, after: number, scopes: readonly Cap[] | null, by: string): Answer {
    const job = this.jobs.get(id);
    if (!job) return { error: "job_unknown" };
    if (job.pruned) return { error: "job_pruned" };
    if (job.state !== "failed" || job.retries !== after) {
      return { kind: "moved_on", state: job.state, retries: job.retries };
    }
    if (job.cost > 0n) {
      const error = scopes && this.ledger.capError(scopes);
      if (error) return error;
      const lacking = this.#hold(job, scopes ?? job.held);
      if (lacking.length > 0) return { kind: "refused", lacking };
    }
    Object.assign(job, { error: null, cancelledBy: null, endedAt: null, claimBy: null, refusals: 0 });
    job.state = job.cost > 0n ? "queued" : "pending";
    job.runAt = this.now;
    job.approvedBy = by;
    job.decidedAt = this.now;
    job.forgiven = job.tried;
    job.retries++;
    job.grants++;
    return { kind: "queued" };
  }

  pause(lane: string, paused: boolean, by: string): Answer {
    this.lanes.set(lane, { paused, by });
    return {};
  }

  /** The job that a claim of these lanes must take. */
  next(lanes: readonly string[]): ModelJob | null {
    const offered = [...this.jobs.values()].filter((job) => {
      const waits = job.state === "pending" || job.state === "queued";
      const open = lanes.includes(job.lane) && this.lanes.get(job.lane)?.paused !== true;
      return waits && open && job.runAt <= this.now && !this.isOverdue(job);
    });
    offered.sort((a, b) => b.priority - a.priority || a.runAt - b.runAt || a.sequence - b.sequence);
    return offered[0] ?? null;
  }

  claim(job: ModelJob, token: string, leaseSeconds: number | null, by: string | null): Claim {
    const holdId = job.cost > 0n ? `job:${job.id}#${job.holds}` : null;
    const claim: Claim = { jobId: job.id, token, holdId, end: null, answer: null };
    this.claims = [...this.claims, claim];
    Object.assign(job, { state: "running", leasedAt: this.now, leaseSeconds, leasedBy: by, claimed: true });
    job.startedAt = this.now;
    job.runUntil = job.maxRunSeconds === null ? null : this.now + job.maxRunSeconds;
    job.tried++;
    return claim;
  }

  complete(token: string, result: string, actual: bigint | null): Answer {
    const found = this.#found(token);
    if (!found) return { kind: "stale", corrected: false };
    const { claim, job } = found;
    if (actual !== null && job.cost === 0n) return { error: "RangeError" };
    if (claim.end === "completed" && claim.answer) return claim.answer;
    if (claim.end !== null) return this.#tooLate(claim, actual);
    claim.answer = { kind: "completed", ...this.#close(job, actual) };
    claim.end = "completed";
    job.result = result;
    this.#end(job, "succeeded", null);
    return claim.answer;
  }

  fail(
    token: string,
    options: { actual: bigint | null; retriable: boolean; counts: boolean; most: number; delay: number },
  ): Answer {
    const found = this.#found(token);
    if (!found) return { kind: "stale", corrected: false };
    const { claim, job } = found;
    const { actual, retriable, counts, most, delay } = options;
    if (actual !== null && job.cost === 0n) return { error: "RangeError" };
    if (claim.end !== null && claim.end !== "completed" && claim.answer) return claim.answer;
    if (claim.end !== null) return this.#tooLate(claim, actual);
    const booking = this.#close(job, actual);
    const kind = counts
      ? this.#again(job, retriable ? most : 0, delay, "error")
      : this.#giveBack(job, delay, false);
    claim.end = kind;
    claim.answer = { kind, ...booking };
    return claim.answer;
  }

  /** A claimed job is given back, since the parser refused its payload. */
  refuse(claim: Claim): Answer {
    const job = this.job(claim.jobId);
    const booking = this.#close(job, job.cost > 0n ? 0n : null);
    const kind = this.#giveBack(job, 60 * 2 ** job.refusals, true);
    claim.end = kind;
    claim.answer = { kind, ...booking };
    return claim.answer;
  }

  renew(token: string): boolean {
    const found = this.#found(token);
    if (found?.claim.end !== null || this.#timedOut(found.job)) return false;
    found.job.leasedAt = this.now;
    return true;
  }

  lost(ttlSeconds: number): readonly ModelJob[] {
    return [...this.jobs.values()].filter(
      (job) =>
        job.state === "running" &&
        (this.#timedOut(job) || this.now - job.leasedAt >= (job.leaseSeconds ?? ttlSeconds)),
    );
  }

  overdue(): readonly ModelJob[] {
    return [...this.jobs.values()].filter((job) => this.isOverdue(job));
  }

  recover(job: ModelJob, most: number): Answer {
    const why = this.#timedOut(job) ? "timed_out" : "lost";
    const attempt = job.tried;
    const { booked } = this.#close(job, null);
    this.#running(job).end = "taken";
    return { jobId: job.id, attempt, charged: booked, outcome: this.#again(job, most, 0, why) };
  }

  /** Ends a job whose deadline has passed. */
  expire(job: ModelJob): Answer {
    const released = job.state === "queued" ? this.#release(job) : 0n;
    const state = job.state === "awaiting_approval" ? "rejected" : "failed";
    this.#end(job, state, "expired");
    return { jobId: job.id, state, released };
  }

  endedBefore(before: number): readonly ModelJob[] {
    return [...this.jobs.values()].filter(({ endedAt }) => endedAt !== null && endedAt < before);
  }

  prune(job: ModelJob): void {
    Object.assign(job, { pruned: true, approvedBy: null, cancelledBy: null, error: null, result: null });
    for (const holdId of this.#holdsOf(job)) this.ledger.prune(this.ledger.row(holdId));
  }

  forget(job: ModelJob): void {
    for (const holdId of this.#holdsOf(job)) this.ledger.forget(this.ledger.row(holdId));
    this.ledger.forgetDecisions(`job ${job.id}`);
    this.claims = this.claims.filter(({ jobId }) => jobId !== job.id);
    this.jobs.delete(job.id);
  }

  job(id: string): ModelJob {
    const job = this.jobs.get(id);
    if (!job) throw new Error(`there is no job ${id}`);
    return job;
  }

  /** When a job ends by itself: the first decision and the first claim have a deadline. */
  deadline(job: ModelJob): number | null {
    const waits = job.state === "awaiting_approval";
    if (!waits && job.state !== "queued" && job.state !== "pending") return null;
    const ends = [job.claimed ? null : job.claimBy, waits && job.grants === 0 ? job.decideBy : null];
    return ends.reduce((a, b) => (a === null ? b : b === null ? a : Math.min(a, b)), null);
  }

  /** What is booked for all its attempts. */
  booked(job: ModelJob): bigint {
    return job.cost === 0n ? 0n : sum(this.#holdsOf(job).map((holdId) => this.ledger.row(holdId).booked));
  }

  isOverdue(job: ModelJob): boolean {
    const deadline = this.deadline(job);
    return deadline !== null && this.now >= deadline;
  }

  #timedOut({ runUntil }: ModelJob): boolean {
    return runUntil !== null && this.now >= runUntil;
  }

  #found(token: string): { readonly claim: Claim; readonly job: ModelJob } | null {
    const claim = this.claims.find((each) => each.token === token);
    const job = claim && this.jobs.get(claim.jobId);
    return job ? { claim, job } : null;
  }

  #running(job: ModelJob): Claim {
    const claim = this.claims.find(({ jobId, end }) => jobId === job.id && end === null);
    if (!claim) throw new Error(`${job.id} does not run`);
    return claim;
  }

  #holdsOf(job: ModelJob): readonly string[] {
    return Array.from({ length: job.holds }, (_, index) => `job:${job.id}#${index + 1}`);
  }

  #notWaiting({ state, approvedBy, cancelledBy }: ModelJob): Answer {
    return { kind: "not_waiting", state, by: cancelledBy ?? approvedBy };
  }

  #hold(job: ModelJob, scopes: readonly Cap[]): readonly unknown[] {
    const lacking = this.ledger.place(`job:${job.id}#${job.holds + 1}`, job.cost, scopes, null);
    if (lacking.length > 0) return lacking;
    job.holds++;
    job.held = scopes;
    return [];
  }

  #release(job: ModelJob): bigint {
    this.ledger.release(`job:${job.id}#${job.holds}`);
    return job.cost;
  }

  #close(job: ModelJob, actual: bigint | null): { readonly booked: bigint; readonly overrun: bigint } {
    if (job.cost === 0n) return { booked: 0n, overrun: 0n };
    const holdId = `job:${job.id}#${job.holds}`;
    if (actual === null) this.ledger.charge(holdId);
    else this.ledger.settle(holdId, actual);
    const booked = actual ?? job.cost;
    return { booked, overrun: booked > job.cost ? booked - job.cost : 0n };
  }

  /** A report that comes too late for the job still tells what its own attempt has cost. */
  #tooLate({ holdId }: Claim, actual: bigint | null): Answer {
    let corrected = false;
    if (holdId !== null && actual !== null) {
      const row = this.ledger.row(holdId);
      const wasCharged = row.state === "charged" || (row.state === "settled" && row.from === "charged");
      if (wasCharged) corrected = this.ledger.settle(holdId, actual)["kind"] === "settled";
    }
    return { kind: "stale", corrected };
  }

  #end(job: ModelJob, state: JobState, error: string | null): void {
    Object.assign(job, { state, error, endedAt: this.now, waitingSince: null, leasedBy: null });
  }

  #wait(job: ModelJob, error: string): "waiting" {
    Object.assign(job, { state: "awaiting_approval", error, waitingSince: this.now, leasedBy: null });
    return "waiting";
  }

  /** What comes after an attempt that counts. */
  #again(job: ModelJob, most: number, delay: number, error: string): "requeued" | "failed" | "waiting" {
    if (job.tried - job.forgiven >= Math.min(job.maxAttempts, most)) {
      this.#end(job, "failed", error);
      return "failed";
    }
    return this.#requeue(job, delay, error);
  }

  #giveBack(job: ModelJob, delay: number, isRefusal: boolean): "requeued" | "waiting" {
    job.tried--;
    if (isRefusal && ++job.refusals >= 8) return this.#wait(job, "payload_refused");
    const booked = this.booked(job);
    const most = job.cost * BigInt(job.maxAttempts * job.grants);
    if (job.cost > 0n && booked + job.cost > most) return this.#wait(job, "cost_limit");
    return this.#requeue(job, delay, "error");
  }

  #requeue(job: ModelJob, delay: number, error: string): "requeued" | "waiting" {
    job.runAt = this.now + delay;
    if (job.cost > 0n && this.#hold(job, job.held).length > 0) return this.#wait(job, "no_room");
    Object.assign(job, { state: job.cost > 0n ? "queued" : "pending", error, leasedBy: null });
    return "requeued";
  }
}
