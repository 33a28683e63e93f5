import type {
  Approval,
  ApprovalFields,
  BudgetLedger,
  Decision,
  DispatchStore,
  Job,
  JobStore,
} from "dispatch-kit";
import { conformance, type Feature, type MakeStore, type MakeStoreOptions } from "dispatch-kit/conformance";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, expectTypeOf, it } from "vitest";

const LACKS = [
  "caps",
  "corrections",
  "deadlines",
  "decisions",
  "forget",
  "give_back",
  "id",
  "journal",
  "leases",
  "pauses",
  "questions",
  "retries",
  "run_limits",
  "submitted_scopes",
  "tags",
  "unreadable",
] as const;

type By = Approval | ApprovalFields | Decision;
const plain = (by: By): Approval | ApprovalFields => ("approval" in by ? by.approval : by);

/** As the parser leaves it: one row that it refuses fails the whole list. */
function readable(job: Job): Job {
  if (job.unreadable !== null) throw new TypeError(job.unreadable);
  return job;
}

let made = 0;

/** A store that knows none of the features: it drops what it does not know. */
function oldStore({ clock, payload }: MakeStoreOptions) {
  const store = memoryStore({ clock, payload });
  const submitted = (job: Parameters<typeof store.submit>[0]): typeof job => {
    const { jobId, lane, payload: input, backend, maxCost, maxAttempts, priority, runAt, approved } = job;
    return { jobId, lane, payload: input, backend, maxCost, maxAttempts, priority, runAt, approved };
  };
  return {
    hold: ({ holdId, amount, scopes, ttlSeconds }) => store.hold({ holdId, amount, scopes, ttlSeconds }),
    settle: (holdId, actual) => store.settle(holdId, actual),
    release: (holdId) => store.release(holdId),
    extend: (holdId, by, step) => store.extend(holdId, by, step),
    expire: (options) => store.expire(options),
    usage: (scope) => store.usage(scope),
    getHold: (holdId) => store.getHold(holdId),
    pinCap: (scope, cap) =>
      store.pinCap(scope, cap, { id: `pin ${String(made++)}`, approval: { author: "-", reason: "-" } }),
    submit: (job) => store.submit(submitted(job)),
    submitMany: (jobs) => store.submitMany(jobs.map(submitted)),
    approve: (jobId, by, options) => store.approve(jobId, plain(by), options),
    reject: (jobId, by) => store.reject(jobId, plain(by)),
    cancel: (jobId, by) => store.cancel(jobId, plain(by)),
    claim: (lanes) => store.claim(lanes),
    claimMany: (lanes, limit) => store.claimMany(lanes, limit),
    complete: (lease, result, options) => store.complete(lease, result, options),
    completeMany: (completions) => store.completeMany(completions),
    fail: (lease, error, options) => store.fail(lease, error, { ...options, counts: undefined }),
    renew: (lease) => store.renew(lease),
    async recoverStale(options) {
      const { attempts, more } = await store.recoverStale(options);
      // A store in plain JavaScript may leave `ended` out.
      return { attempts, more } as Awaited<ReturnType<DispatchStore["recoverStale"]>>;
    },
    async job(jobId) {
      const job = await store.job(jobId);
      return job && readable(job);
    },
    jobs: async (filter) => (await store.jobs(filter)).map(readable),
    prune: ({ before }) => store.prune({ before }),
  } satisfies BudgetLedger & JobStore & Partial<DispatchStore>;
}

const lacking = (lacks: readonly Feature[]): MakeStore<ReturnType<typeof oldStore>> =>
  Object.assign((options: MakeStoreOptions) => oldStore(options), { lacks });

describe("a store that lacks every feature, and says so", () => {
  const cases = conformance(lacking(LACKS), { log: () => null });
  const hooks = ["makeStore.closeHold", "makeStore.cut", "makeStore.rolledBack"];

  it("lacks: names every feature that there is", () => {
    expectTypeOf<(typeof LACKS)[number]>().toEqualTypeOf<Feature>();
  });

  it.each(cases.map(({ name, run }) => [name, run] as const))("passes or skips %s", async (_, run) => {
    const outcome = await run();
    if (outcome.kind === "passed") return;
    expect(outcome.reason).toMatch(new RegExp(`^the store lacks |^(${hooks.join("|")}) is not given$`));
  });
});

describe("a store that lacks a feature, and does not say so", () => {
  it.each(LACKS)("fails a case about %s", async (feature) => {
    const declared = LACKS.filter((other) => other !== feature);
    const cases = conformance(lacking(declared), { log: () => null });
    const ends = await Promise.all(cases.map(({ run }) => run().catch(String)));
    expect(ends.filter((end) => typeof end === "string")).not.toEqual([]);
  });
});
