import { setTimeout as wait } from "node:timers/promises";
import type { Lease } from "../../src/dispatch/lease.ts";
import type { Claimed } from "../../src/dispatch/contract.ts";
import { microCents, type MicroCents } from "../../src/money/micro-cents.ts";
import { type Caller, isAway, type Told } from "./caller.ts";
import { costOf, LANES, slicesOf } from "./plan.ts";
import { Random } from "./random.ts";

/** What an attempt has to tell the store. */
interface Report {
  readonly lease: Lease;
  /** `null`: it failed. */
  readonly result: string | null;
  readonly options: { readonly actual?: MicroCents };
  readonly told: Told;
  readonly random: Random;
}

/** A worker that is the worst an executor can be: it ignores that it lost its lease, and spends all it may. */
export class Working {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Claims a job, or a few, and runs them to their end; false if there is none. */
  async work(): Promise<boolean> {
    const { store, random } = this.#caller;
    const lanes = random.shuffled(LANES);
    const inBatches = random.percent(25);
    let claimed: readonly Claimed<unknown>[];
    try {
      const one = inBatches ? null : await store.claim(lanes);
      claimed = inBatches ? await store.claimMany(lanes, 3) : one ? [one] : [];
    } catch (error) {
      // Whoever does not know what was claimed has claimed nothing: recovery takes it back.
      if (!isAway(error)) throw error;
      return false;
    }
    for (const { lease } of claimed) {
      const { jobId, attempts: attempt, token } = lease;
      this.#caller.write("claim", jobId, { kind: "claimed" }, { attempt, token });
    }
    if (claimed.length > 0) this.#caller.pass("claimed");
    const reports: Report[] = [];
    for (const { lease } of claimed) {
      const report = await this.#run(lease);
      if (inBatches && report.result !== null) reports.push(report);
      else await this.#report(report);
    }
    if (reports.length > 0) await this.#reportAll(reports);
    return claimed.length > 0;
  }

  async #run(lease: Lease): Promise<Report> {
    const { jobId, token, attempts: attempt } = lease;
    const { plan, store, stops } = this.#caller;
    const hold = `job:${jobId}#${String(attempt)}`;
    const random = new Random("run", plan.seed, hold);
    const cost = costOf(plan.seed, hold, this.#caller.job(jobId).maxCost);
    for (const slice of slicesOf(random, cost)) {
      this.#caller.spend(hold, slice, "slice");
      if (random.percent(40)) {
        await this.#caller.answered("renew", jobId, async () => ({ kind: await store.renew(lease) }));
      }
      await wait(random.below(12));
    }
    const options = random.percent(85) ? { actual: microCents(cost) } : {};
    const actual = "actual" in options ? String(cost) : null;
    // Who was stopped on the way has a success to tell, too late if someone took the job meanwhile.
    const fails = random.percent(25) && stops === this.#caller.stops;
    const result = fails ? null : `${token} made this`;
    this.#caller.journal.write({ did: "report", job: jobId, attempt, token, result, actual });
    this.#caller.pass("reporting");
    return { lease, result, options, told: { attempt, token, actual }, random };
  }

  async #report({ lease, result, options, told, random }: Report): Promise<void> {
    const { store } = this.#caller;
    const terms = { ...options, retriable: random.percent(80) };
    // Now and then someone says so twice.
    for (let times = random.percent(20) ? 2 : 1; times > 0; times--) {
      if (result === null) {
        const fail = (): ReturnType<typeof store.fail> => store.fail(lease, "it failed", terms);
        await this.#caller.answered("fail", lease.jobId, fail, told);
      } else {
        const complete = (): ReturnType<typeof store.complete> => store.complete(lease, result, options);
        await this.#caller.answered("complete", lease.jobId, complete, told);
      }
    }
  }

  async #reportAll(reports: readonly Report[]): Promise<void> {
    await this.#caller.answeredAll(
      "complete",
      reports.map(({ lease, told }) => ({ subject: lease.jobId, told })),
      () =>
        this.#caller.store.completeMany(
          reports.map(({ lease, result, options }) => ({ lease, result, ...options })),
        ),
    );
  }
}
