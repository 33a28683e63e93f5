import { setTimeout as wait } from "node:timers/promises";
import { Approval, ApprovalOutcome } from "../../src/approval/approval.ts";
import type { JobRequest } from "../../src/dispatch/job.ts";
import { microCents } from "../../src/money/micro-cents.ts";
import { BackendKind } from "../../src/routing/kind.ts";
import { type EpochSeconds, epochSeconds } from "../../src/time.ts";
import type { Task } from "./agendas.ts";
import { type Caller, capped, orCode } from "./caller.ts";
import { costOf, slicesOf } from "./costs.ts";
import { Deciding } from "./deciding.ts";
import type { PlannedHold, PlannedJob } from "./plan.ts";
import { Random } from "./random.ts";
import { TTL_SECONDS } from "./terms.ts";

const approval = new Approval({ author: "alice", reason: "faults", decidedAt: "2026-11-23T00:00:00Z" });
const rejection = new Approval({ ...approval, reason: "no room", outcome: ApprovalOutcome.REJECTED });

/** Seconds after its end that a job is pruned: a person may want to try it again. */
const PRUNED_AFTER = 0.6;

/** What one process does besides working: it submits and decides, holds money of its own, and looks after others. */
export class Acting {
  readonly #caller: Caller;
  readonly #deciding: Deciding;
  readonly #isFirst: boolean;

  /** @param isFirst - whether nobody worked through this agenda before. */
  constructor(caller: Caller, isFirst: boolean) {
    this.#caller = caller;
    this.#deciding = new Deciding(caller);
    this.#isFirst = isFirst;
  }

  /** Does a task; false if it is too early for it. */
  async task({ id, kind, subject, others }: Task): Promise<boolean> {
    if (kind === "change" && !(await this.#deciding.change(subject))) return false;
    if (kind !== "change") await this.#act(kind, subject, others);
    this.done(id);
    return true;
  }

  /** Writes down that nobody needs to do this again. */
  done(id: number): void {
    this.#caller.journal.write({ did: "task", id });
  }

  async #act(
    kind: Exclude<Task["kind"], "change">,
    subject: string,
    others: readonly string[],
  ): Promise<void> {
    switch (kind) {
      case "submit":
        await this.#submit([subject, ...others]);
        break;
      case "approve":
        await this.#approve(subject);
        break;
      case "cancel":
        await this.#cancel(subject);
        break;
      case "hold":
        await this.#hold(subject);
        break;
      case "prune":
      case "forget":
        await this.#sweepOld(kind);
        break;
    }
  }

  /** Decides about a job that waits: it is approved if there is room, else rejected or cancelled. */
  async decide(jobId: string): Promise<void> {
    const { random, store } = this.#caller;
    if (random.percent(50) && (await this.#approve(jobId)) === "queued") return;
    if (random.percent(50)) await this.#cancel(jobId);
    else await this.#decided("reject", jobId, () => store.reject(jobId, rejection));
  }

  /** Takes back what was lost; whether there was anything. */
  async sweep(ttlSeconds: number = TTL_SECONDS): Promise<boolean> {
    const { store, random } = this.#caller;
    const limit = random.between(1, 5);
    const options = { ttlSeconds, limit };
    const recovered = await this.#caller.answered("recoverStale", "", () => store.recoverStale(options));
    const expired = await this.#caller.answered("expire", "", () => store.expire({ limit }));
    return recovered.attempts.length > 0 || recovered.ended.length > 0 || expired.charged.length > 0;
  }

  /** Drops the contents of what ended a while ago, or all of what ended before the seed began. */
  async #sweepOld(call: "prune" | "forget"): Promise<void> {
    const { store, random, start } = this.#caller;
    const limit = random.between(1, 3);
    const before = epochSeconds(call === "prune" ? Date.now() / 1000 - PRUNED_AFTER : start);
    await this.#caller.answered(call, "", () => store[call]({ before, limit }));
  }

  async #submit(jobIds: readonly string[]): Promise<void> {
    const { store } = this.#caller;
    const jobs = jobIds.map((jobId) => this.#request(this.#caller.job(jobId)));
    const [first] = jobs;
    const unknown = jobs.map(() => ({ kind: "cap_unknown" }));
    await this.#caller.answeredAll(
      "submit",
      jobIds.map((subject) => ({ subject, told: {} })),
      async () => {
        const given = await orCode(["cap_unknown"], async () =>
          jobs.length > 1 || !first ? store.submitMany(jobs) : [await store.submit(first)],
        );
        // Of a batch that threw, none was submitted.
        return "kind" in given ? unknown : given;
      },
    );
  }

  #request({ jobId, ...job }: PlannedJob): JobRequest<unknown> {
    const instant = (seconds: number | null): EpochSeconds | null =>
      seconds === null ? null : epochSeconds(this.#caller.start + seconds);
    return {
      jobId,
      lane: job.lane,
      payload: job.isNewer ? { newer: jobId } : jobId,
      backend: BackendKind.CLOUD_WORKER,
      maxCost: microCents(job.maxCost),
      maxAttempts: job.maxAttempts,
      decideBy: instant(job.decideBy),
      claimBy: instant(job.claimBy),
      maxRunSeconds: job.maxRunSeconds,
      approved: job.approvedAtOnce ? { approval, scopes: capped(job.scopes) } : null,
    };
  }

  #approve(jobId: string): Promise<string> {
    const scopes = capped(this.#caller.job(jobId).scopes);
    return this.#decided("approve", jobId, () => this.#caller.store.approve(jobId, approval, { scopes }));
  }

  #cancel(jobId: string): Promise<string> {
    return this.#decided("cancel", jobId, () => this.#caller.store.cancel(jobId, rejection));
  }

  /** What a decision answers; the job may not have been submitted yet, and the cap of its scope may not be known. */
  async #decided(
    call: string,
    jobId: string,
    make: () => Promise<{ readonly kind: string }>,
  ): Promise<string> {
    const { kind } = await this.#caller.answered(call, jobId, () =>
      orCode(["job_unknown", "cap_unknown"], make),
    );
    return kind;
  }

  async #hold(holdId: string): Promise<void> {
    const { plan, store } = this.#caller;
    const hold = plan.holds.find((one) => one.holdId === holdId);
    if (!hold) throw new Error(`nobody planned ${holdId}`);
    const { amount, scopes } = hold;
    const request = { holdId, amount: microCents(amount), scopes: capped(scopes), ttlSeconds: TTL_SECONDS };
    let asked = 0;
    const { kind } = await this.#caller.answered("hold", holdId, () => {
      asked++;
      return orCode(["cap_unknown"], () => store.hold(request));
    });
    // Admitted before, by a call whose answer was lost: if that was this process's own, nothing ran.
    const isIdle = kind === "exists" && asked > 1 && this.#isFirst;
    if (isIdle || (kind === "held" && hold.end === "release")) {
      await this.#caller.answered("release", holdId, () => store.release(holdId));
    } else if (kind === "held") await this.#pay(hold);
  }

  /** Spends what is held, and says so as the plan has it. */
  async #pay({ holdId, amount, extension, end }: PlannedHold): Promise<void> {
    const { plan, store } = this.#caller;
    let estimate = amount;
    if (extension > 0n) {
      const by = microCents(extension);
      const more = await this.#caller.answered("extend", holdId, () => store.extend(holdId, by, 1));
      if (more.kind === "held") estimate += extension;
    }
    const random = new Random("run", plan.seed, holdId);
    const cost = microCents(costOf(plan.seed, holdId, estimate));
    for (const slice of slicesOf(random, cost)) {
      this.#caller.spend(holdId, slice, "paying");
      await wait(random.below(12));
    }
    if (end === "forget") return;
    if (end === "late") await wait(TTL_SECONDS * 1000 + random.between(50, 300));
    for (let times = end === "twice" ? 2 : 1; times > 0; times--) {
      const told = { actual: String(cost) };
      await this.#caller.answered("settle", holdId, () => store.settle(holdId, cost), told);
    }
  }
}
