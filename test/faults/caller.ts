import { setTimeout as wait } from "node:timers/promises";
import type { ScopeCap } from "../../src/budget/scopes.ts";
import type { DispatchStore } from "../../src/dispatch/contract.ts";
import { type DispatchErrorCode, isDispatchError } from "../../src/errors.ts";
import { microCents } from "../../src/money/micro-cents.ts";
import { type Answer, type Journal, plain } from "./journal.ts";
import type { Point } from "./agendas.ts";
import type { Plan, PlannedJob, PlannedScope } from "./plan.ts";
import type { Points } from "./points.ts";
import { Random } from "./random.ts";

/** Milliseconds that a store may be away before a process gives up, which fails the seed. */
const PATIENCE = 20_000;

/** What a call told the store. */
export type Told = Pick<
  Answer,
  "attempt" | "token" | "actual" | "decision" | "leaseSeconds" | "began" | "asked"
>;

/** Who calls the store for one process: it repeats what failed, with the same ids, and writes down each answer. */
export class Caller {
  readonly plan: Plan;
  readonly store: DispatchStore;
  readonly journal: Journal;
  readonly random: Random;
  /** The name of the process. */
  readonly name: string;
  /** When the seed began, in seconds since 1970: what its deadlines count from. */
  readonly start: number;
  readonly #points: Points | null;

  constructor(
    plan: Plan,
    store: DispatchStore,
    journal: Journal,
    who: { readonly name: string; readonly start: number; readonly points: Points | null },
  ) {
    this.plan = plan;
    this.store = store;
    this.journal = journal;
    this.name = who.name;
    this.start = who.start;
    this.random = new Random("acts", plan.seed, who.name);
    this.#points = who.points;
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
    const began = Date.now();
    let asked = began;
    const given = await this.repeated(() => {
      asked = Date.now();
      return make();
    });
    this.pass("answered");
    about.forEach(({ subject, told }, index) => {
      this.write(call, subject, given[index] ?? { kind: "unknown" }, { ...told, began, asked });
    });
    return given;
  }

  /** What a decision with an id answers; that it was asked for is written down before. */
  async decided<Given extends object>(
    call: string,
    subject: string,
    decision: string,
    make: () => Promise<Given>,
    told: Told = {},
  ): Promise<Given> {
    this.journal.write({ did: "decides", call, subject, decision });
    return this.answered(call, subject, make, { ...told, decision });
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

  /** Repeats a call while the database is away. */
  async repeated<Given>(make: () => Promise<Given>): Promise<Given> {
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
  return scopes.map(({ scope, cap }) => (cap === null ? { scope } : { scope, cap: microCents(cap) }));
}

/** What a call answers, and the name of an error that it may throw by its contract. */
export async function orCode<Given extends object>(
  codes: readonly DispatchErrorCode[],
  make: () => Promise<Given>,
): Promise<Given | { readonly kind: DispatchErrorCode }> {
  try {
    return await make();
  } catch (error) {
    const code = codes.find((one) => isDispatchError(error, one));
    if (code !== undefined) return { kind: code };
    throw error;
  }
}

/** The database is away or busy. What it refuses for good is a bug, and no call is repeated over it. */
export function isAway(error: unknown): boolean {
  if (isDispatchError(error, "outcome_unknown")) return true;
  if (!isDispatchError(error, "store_failed")) return false;
  const { code, message } = (error.cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const isBusy = message === "database is locked" || error.message.startsWith("SQLite: another transaction");
  return code === "ECONNREFUSED" || isBusy;
}
