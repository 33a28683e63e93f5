import { setTimeout as wait } from "node:timers/promises";
import { Approval, ApprovalOutcome } from "../../src/approval.ts";
import type { Claimed, DispatchStore } from "../../src/dispatch/store.ts";
import { isDispatchError } from "../../src/errors.ts";
import { microCents } from "../../src/money.ts";
import { BackendKind } from "../../src/routing.ts";
import { type Answer, type Journal, plain } from "./journal.ts";
import {
  costOf,
  LANES,
  type Plan,
  type PlannedHold,
  type PlannedScope,
  type Point,
  slicesOf,
  type Task,
  TTL_SECONDS,
} from "./plan.ts";
import type { Points } from "./points.ts";
import { Random } from "./random.ts";

const approval = new Approval({ author: "alice", reason: "faults", decidedAt: "2026-11-23T00:00:00Z" });

const rejection = new Approval({ ...approval, reason: "no room", outcome: ApprovalOutcome.REJECTED });

/** Seconds that a store may be away before a process gives up, which fails the seed. */
const PATIENCE_SECONDS = 20;

/** What one process does with the store: it repeats what failed, with the same ids, and writes down each answer. */
export class Acting {
  readonly #plan: Plan;
  readonly #store: DispatchStore;
  readonly #journal: Journal;
  readonly #points: Points | null;
  readonly #random: Random;
  readonly #isFirst: boolean;

  /** @param isFirst - whether nobody worked through this agenda before. */
  constructor(
    plan: Plan,
    store: DispatchStore,
    journal: Journal,
    points: Points | null,
    name: string,
    isFirst: boolean,
  ) {
    this.#plan = plan;
    this.#store = store;
    this.#journal = journal;
    this.#points = points;
    this.#random = new Random("acts", plan.seed, name);
    this.#isFirst = isFirst;
  }

  async task({ id, kind, subject }: Task): Promise<void> {
    switch (kind) {
      case "submit":
        await this.#submit(subject);
        break;
      case "approve":
        await this.approve(subject);
        break;
      case "cancel":
        await this.#answered("cancel", subject, () => this.#store.cancel(subject));
        break;
      case "hold":
        await this.#hold(this.#planned(this.#plan.holds, "holdId", subject));
        break;
    }
    this.#journal.write({ did: "task", id });
  }

  async approve(jobId: string): Promise<string> {
    const { scopes } = this.#planned(this.#plan.jobs, "jobId", jobId);
    const answer = await this.#answered("approve", jobId, () => {
      return this.#store.approve(jobId, approval, { scopes: capped(scopes) });
    });
    return answer.kind;
  }

  /** Decides about a job that waits: it is approved if there is room, else rejected or cancelled. */
  async decide(jobId: string): Promise<void> {
    if (this.#random.percent(50) && (await this.approve(jobId)) === "queued") return;
    if (this.#random.percent(50)) await this.#answered("cancel", jobId, () => this.#store.cancel(jobId));
    else await this.#answered("reject", jobId, () => this.#store.reject(jobId, rejection));
  }

  /** Claims a job and runs it to its end; false if there is none. */
  async work(): Promise<boolean> {
    let claimed: Claimed<unknown> | null;
    try {
      claimed = await this.#store.claim(this.#random.shuffled(LANES));
    } catch (error) {
      // Whoever does not know what was claimed has claimed nothing: recovery takes it back.
      if (!isAway(error)) throw error;
      return false;
    }
    if (!claimed) return false;
    const { jobId, attempts: attempt, token } = claimed.lease;
    this.#write("claim", jobId, { kind: "claimed" }, { attempt, token });
    this.#points?.pass("claimed");
    await this.#run(claimed);
    return true;
  }

  /** Takes back what was lost; whether there was anything. */
  async sweep(ttlSeconds: number = TTL_SECONDS): Promise<boolean> {
    const limit = this.#random.between(1, 5);
    const recovered = await this.#answered("recoverStale", "", () =>
      this.#store.recoverStale({ ttlSeconds, limit }),
    );
    const expired = await this.#answered("expire", "", () => this.#store.expire({ limit }));
    return recovered.attempts.length > 0 || expired.charged.length > 0;
  }

  async #submit(jobId: string): Promise<void> {
    const { lane, maxCost, maxAttempts, scopes, approvedAtOnce } = this.#planned(
      this.#plan.jobs,
      "jobId",
      jobId,
    );
    const job = {
      jobId,
      lane,
      payload: jobId,
      backend: BackendKind.CLOUD_WORKER,
      maxCost: microCents(maxCost),
      maxAttempts,
      ...(approvedAtOnce ? { approved: { approval, scopes: capped(scopes) } } : {}),
    };
    await this.#answered("submit", jobId, () => this.#store.submit(job));
  }

  async #run({ lease }: Claimed<unknown>): Promise<void> {
    const { jobId, token, attempts: attempt } = lease;
    const estimate = this.#planned(this.#plan.jobs, "jobId", jobId).maxCost;
    const hold = `job:${jobId}#${String(attempt)}`;
    const random = new Random("run", this.#plan.seed, hold);
    const stops = this.#points?.stops;
    // It ignores that its lease is lost: the worst that an executor can do.
    for (const slice of slicesOf(random, costOf(this.#plan.seed, hold, estimate))) {
      this.#spend(hold, slice, "slice");
      if (random.percent(40))
        await this.#answered("renew", jobId, async () => ({ kind: await this.#store.renew(lease) }));
      await wait(random.below(12));
    }
    const cost = microCents(costOf(this.#plan.seed, hold, estimate));
    const options = random.percent(85) ? { actual: cost } : {};
    const actual = "actual" in options ? String(cost) : null;
    // Who was stopped on the way comes too late for a success, if someone took the job meanwhile.
    const fails = random.percent(25) && stops === this.#points?.stops;
    const result = fails ? null : `${token} made this`;
    this.#journal.write({ did: "report", job: jobId, attempt, token, result, actual });
    this.#points?.pass("reporting");
    // Now and then someone says so twice.
    for (let times = random.percent(20) ? 2 : 1; times > 0; times--) {
      const told = { attempt, token, actual };
      if (result !== null) {
        await this.#answered("complete", jobId, () => this.#store.complete(lease, result, options), told);
      } else {
        const terms = { ...options, retriable: random.percent(80) };
        await this.#answered("fail", jobId, () => this.#store.fail(lease, "it failed", terms), told);
      }
    }
  }

  async #hold({ holdId, amount, extension, scopes, end }: PlannedHold): Promise<void> {
    const request = { holdId, amount: microCents(amount), scopes: capped(scopes), ttlSeconds: TTL_SECONDS };
    let asked = 0;
    const held = await this.#answered("hold", holdId, () => {
      asked++;
      return this.#store.hold(request);
    });
    if (held.kind === "refused") return;
    if (held.kind === "exists") {
      // Admitted before, by a call whose answer was lost: if that was this process's own, nothing ran.
      if (asked > 1 && this.#isFirst)
        await this.#answered("release", holdId, () => this.#store.release(holdId));
      return;
    }
    if (end === "release") {
      await this.#answered("release", holdId, () => this.#store.release(holdId));
      return;
    }
    let estimate = amount;
    if (extension > 0n) {
      const more = await this.#answered("extend", holdId, () =>
        this.#store.extend(holdId, microCents(extension), 1),
      );
      if (more.kind === "held") estimate += extension;
    }
    const random = new Random("run", this.#plan.seed, holdId);
    const cost = microCents(costOf(this.#plan.seed, holdId, estimate));
    for (const slice of slicesOf(random, cost)) {
      this.#spend(holdId, slice, "paying");
      await wait(random.below(12));
    }
    if (end === "forget") return;
    if (end === "late") await wait(TTL_SECONDS * 1000 + 50);
    for (let times = end === "twice" ? 2 : 1; times > 0; times--) {
      const told = { actual: String(cost) };
      await this.#answered("settle", holdId, () => this.#store.settle(holdId, cost), told);
    }
  }

  #spend(hold: string, slice: bigint, point: Point): void {
    this.#journal.spend(hold, slice);
    this.#points?.pass(point);
  }

  /** The answer of a call, repeated with the same ids until there is one, and written down. */
  async #answered<Given extends object>(
    call: string,
    subject: string,
    make: () => Promise<Given>,
    told: Pick<Answer, "attempt" | "token" | "actual"> = {},
  ): Promise<Given> {
    const until = performance.now() + PATIENCE_SECONDS * 1000;
    for (;;) {
      try {
        const given = await make();
        this.#points?.pass("answered");
        this.#write(call, subject, given, told);
        return given;
      } catch (error) {
        if (isDispatchError(error, "job_unknown")) {
          // Submitted by another process, later or never.
          const given = { kind: "unknown" };
          this.#write(call, subject, given, told);
          // Nobody looks further than its kind.
          return given as unknown as Given;
        }
        if (!isAway(error) || performance.now() > until) throw error;
        await wait(this.#random.between(5, 30));
      }
    }
  }

  #write(
    call: string,
    subject: string,
    answer: object,
    told: Pick<Answer, "attempt" | "token" | "actual"> = {},
  ): void {
    // An object's fields are an object's.
    const fields = plain(answer) as Answer["answer"];
    this.#journal.write({ did: "answer", call, subject, ...told, answer: fields });
  }

  #planned<Key extends string, Item extends Readonly<Record<Key, unknown>>>(
    items: readonly Item[],
    key: Key,
    id: string,
  ): Item {
    const item = items.find((one) => one[key] === id);
    if (!item) throw new Error(`the store knows ${id}, which nobody asked for`);
    return item;
  }
}

function capped(
  scopes: readonly PlannedScope[],
): readonly { scope: string; cap: ReturnType<typeof microCents> }[] {
  return scopes.map(({ scope, cap }) => ({ scope, cap: microCents(cap) }));
}

/** The database is away or busy. What it refuses for good is a bug, and no call is repeated over it. */
export function isAway(error: unknown): boolean {
  if (isDispatchError(error, "outcome_unknown")) return true;
  if (!isDispatchError(error, "store_failed")) return false;
  const { code, message } = (error.cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === "ECONNREFUSED" || message === "database is locked";
}
