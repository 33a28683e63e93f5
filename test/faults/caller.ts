import { setTimeout as wait } from "node:timers/promises";
import type { ScopeCap } from "../../src/budget/scopes.ts";
import type { DispatchStore } from "../../src/dispatch/contract.ts";
import { isDispatchError } from "../../src/errors.ts";
import { microCents } from "../../src/money/micro-cents.ts";
import { type Answer, type Journal, plain } from "./journal.ts";
import type { Plan, PlannedJob, PlannedScope, Point } from "./plan.ts";
import type { Points } from "./points.ts";
import { Random } from "./random.ts";

/** Milliseconds that a store may be away before a process gives up, which fails the seed. */
const PATIENCE = 20_000;

/** What a call told the store. */
export type Told = Pick<Answer, "attempt" | "token" | "actual">;

/** Who calls the store for one process: it repeats what failed, with the same ids, and writes down each answer. */
export class Caller {
  readonly plan: Plan;
  readonly store: DispatchStore;
  readonly journal: Journal;
  readonly random: Random;
  readonly #points: Points | null;

  constructor(plan: Plan, store: DispatchStore, journal: Journal, points: Points | null, name: string) {
    this.plan = plan;
    this.store = store;
    this.journal = journal;
    this.random = new Random("acts", plan.seed, name);
    this.#points = points;
  }

  /** How often this process was stopped. */
  get stops(): number {
    return this.#points?.stops ?? 0;
  }

  pass(point: Point): void {
    this.#points?.pass(point);
  }

  /** Writes down what is about to be spent. */
  spend(hold: string, slice: bigint, point: Point): void {
    this.journal.spend(hold, slice);
    this.pass(point);
  }

  /** What a call answers, written down. */
  async answered<Given extends object>(
    call: string,
    subject: string,
    make: () => Promise<Given>,
    told: Told = {},
  ): Promise<Given> {
    const [given] = await this.answeredAll(call, [{ subject, told }], async () => [await make()]);
    if (!given) throw new Error(`${call} answered nothing`);
    return given;
  }

  /** The same for a call about many things. */
  async answeredAll<Given extends object>(
    call: string,
    about: readonly { readonly subject: string; readonly told: Told }[],
    make: () => Promise<readonly Given[]>,
  ): Promise<readonly Given[]> {
    const given = await this.#repeated(make);
    this.pass("answered");
    about.forEach(({ subject, told }, index) => {
      this.write(call, subject, given[index] ?? { kind: "unknown" }, told);
    });
    return given;
  }

  write(call: string, subject: string, answer: object, told: Told = {}): void {
    // An object's fields are an object's.
    const fields = plain(answer) as Answer["answer"];
    this.journal.write({ did: "answer", call, subject, ...told, answer: fields });
  }

  job(jobId: string): PlannedJob {
    const job = this.plan.jobs.find((one) => one.jobId === jobId);
    if (!job) throw new Error(`the store knows ${jobId}, which nobody asked for`);
    return job;
  }

  async #repeated<Given>(make: () => Promise<Given>): Promise<Given> {
    const until = performance.now() + PATIENCE;
    for (;;) {
      try {
        return await make();
      } catch (error) {
        if (!isAway(error) || performance.now() > until) throw error;
        await wait(this.random.between(5, 30));
      }
    }
  }
}

export function capped(scopes: readonly PlannedScope[]): readonly ScopeCap[] {
  return scopes.map(({ scope, cap }) => ({ scope, cap: microCents(cap) }));
}

/** The database is away or busy. What it refuses for good is a bug, and no call is repeated over it. */
export function isAway(error: unknown): boolean {
  if (isDispatchError(error, "outcome_unknown")) return true;
  if (!isDispatchError(error, "store_failed")) return false;
  const { code, message } = (error.cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === "ECONNREFUSED" || message === "database is locked";
}
