import { setTimeout as wait } from "node:timers/promises";
import type { Claimed, RefusedPayload } from "../../src/dispatch/contract.ts";
import type { Lease } from "../../src/dispatch/lease.ts";
import { microCents, type MicroCents } from "../../src/money/micro-cents.ts";
import { type Caller, isAway, type Told } from "./caller.ts";
import { attemptName, costOf, slicesOf } from "./costs.ts";
import { Random } from "./random.ts";
import { LANES, OWN_SECONDS, TTL_SECONDS } from "./terms.ts";

/** Milliseconds between two renewals of an attempt that hangs, and how long it hangs if nobody stops it. */
const RENEWAL = 60;
const HANGS = 2000;

/** What an attempt has to tell the store. */
interface Report {
  readonly lease: Lease;
  /** `null`: it failed, or was given back. */
  readonly result: string | null;
  readonly options: { readonly actual?: MicroCents };
  readonly counts: boolean;
  readonly retriable: boolean;
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
    const { random } = this.#caller;
    const inBatches = random.percent(25);
    const leaseSeconds = random.percent(25) ? OWN_SECONDS : null;
    const began = Date.now();
    let claimed: readonly Claimed<unknown>[];
    try {
      claimed = await this.#claim(inBatches, leaseSeconds);
    } catch (error) {
      // Whoever does not know what was claimed has claimed nothing: recovery takes it back.
      if (!isAway(error)) throw error;
      return false;
    }
    for (const { lease } of claimed) {
      const { jobId, attempts: attempt, token, leasedAt } = lease;
      const told = { attempt, token, leaseSeconds, began };
      this.#caller.write("claim", jobId, { kind: "claimed", leasedAt }, told);
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

  async #claim(inBatches: boolean, leaseSeconds: number | null): Promise<readonly Claimed<unknown>[]> {
    const { store, random, name } = this.#caller;
    const lanes = random.shuffled(LANES);
    const onRefused = ({ lease, outcome }: RefusedPayload): void => {
      const { jobId, attempts: attempt, token } = lease;
      this.#caller.write("refuse", jobId, { kind: outcome }, { attempt, token });
    };
    const options = { ...(leaseSeconds === null ? {} : { leaseSeconds }), by: name, onRefused };
    if (inBatches) return store.claimMany(lanes, 3, options);
    const one = await store.claim(lanes, options);
    return one ? [one] : [];
  }

  async #run(lease: Lease): Promise<Report> {
    const { jobId, token, attempts: attempt } = lease;
    const { plan, random: own, stops } = this.#caller;
    const { maxCost, maxRunSeconds, failures } = this.#caller.job(jobId);
    const name = attemptName(jobId, attempt);
    const random = new Random("run", plan.seed, name);
    const slices = slicesOf(random, costOf(plan.seed, name, maxCost));
    // Not by the name of the attempt: the next one has the same, and would be given back, too.
    const counts = !own.percent(15);
    const spent = counts ? slices : slices.slice(0, own.below(slices.length + 1));
    for (const slice of spent) {
      this.#caller.spend(token, slice, "slice");
      if (random.percent(40)) await this.#renew(lease);
      await wait(random.below(12));
    }
    if (maxRunSeconds !== null && own.percent(70)) await this.#hang(lease);
    const cost = spent.reduce((sum, slice) => sum + slice, 0n);
    const options = random.percent(85) ? { actual: microCents(cost) } : {};
    const actual = "actual" in options ? String(cost) : null;
    // Who was stopped on the way has a success to tell, too late if someone took the job meanwhile.
    const fails = attempt <= failures || (random.percent(25) && stops === this.#caller.stops);
    const result = fails || !counts ? null : `${token} made this`;
    const retriable = random.percent(80);
    this.#caller.journal.write({
      did: "report",
      job: jobId,
      attempt,
      token,
      result,
      actual,
      counts,
      retriable,
    });
    this.#caller.pass("reporting");
    return { lease, result, options, counts, retriable, told: { attempt, token, actual }, random };
  }

  async #renew(lease: Lease): Promise<boolean> {
    const renew = async (): Promise<{ readonly kind: boolean }> => {
      return { kind: await this.#caller.store.renew(lease) };
    };
    return (await this.#caller.answered("renew", lease.jobId, renew, { token: lease.token })).kind;
  }

  /** Does nothing but renew its lease, until it is told that the lease is lost. */
  async #hang(lease: Lease): Promise<void> {
    const until = performance.now() + HANGS;
    while (performance.now() < until && (await this.#renew(lease))) await wait(RENEWAL);
    // Others have the time to take it.
    await wait(TTL_SECONDS * 500);
  }

  async #report({ lease, result, options, counts, retriable, told, random }: Report): Promise<void> {
    const { store } = this.#caller;
    const terms = { ...options, retriable, counts };
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
