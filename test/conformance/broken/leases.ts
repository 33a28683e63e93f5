import {
  type CompleteOutcome,
  type DispatchStore,
  epochSeconds,
  type FailOutcome,
  Lease,
} from "dispatch-kit";
import { NO } from "../../stores/memory/support.ts";
import type { Methods } from "../makers.ts";
import { type Broken, byNumber, methods, ofHolder, operations, tables } from "./table.ts";

const STALE: CompleteOutcome & FailOutcome = { kind: "stale", corrected: false };

export const brokenLeases: readonly Broken[] = [
  [
    "lease: A's lease goes stale and B claims the job: A's completions and failures are refused",
    "accepts any token while the job runs, as the Python original does",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: ofHolder(base, completion.lease) }),
    })),
  ],
  [
    "lease: B's result stays, whatever A reports before and after",
    "writes the result before it checks the token",
    operations((engine, base) => ({
      complete(completion) {
        const job = base.job(completion.lease.jobId);
        if (job) base.putJob({ ...job, result: completion.result });
        return engine.complete(completion);
      },
    })),
  ],
  [
    "lease: a lost lease cannot be renewed, and an attempt to renew it does not extend the next lease",
    "renews by the job's id, whatever the token",
    operations((engine, base) => ({ renew: (lease) => engine.renew(ofHolder(base, lease)) })),
  ],
  [
    "lease: the same worker claims its own job again, and its old token is refused",
    "identifies an attempt by its number instead of its token",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: byNumber(base, completion.lease) }),
    })),
  ],
  [
    "lease: an unknown token is stale, for this job and for an unknown job",
    "accepts a failure with any token of a known job",
    operations((engine, base) => ({
      fail: (failure) => engine.fail({ ...failure, lease: ofHolder(base, failure.lease) }),
    })),
  ],
  [
    "lease: an unknown token is stale, for this job and for an unknown job",
    "throws for an unknown job",
    methods((store) => ({
      async complete(lease, result) {
        await store.cancel(lease.jobId, NO);
        return store.complete(lease, result);
      },
    })),
  ],
  [
    "complete: a repeat gets the first answer, and the first result stays",
    "forgets the token when the job ends",
    methods(staleWhenRepeated),
  ],
  [
    "complete: a repeat gets the first answer, and the first result stays",
    "keeps the last result",
    operations((engine, base) => ({
      async complete(completion) {
        const answer = await engine.complete(completion);
        const job = base.job(completion.lease.jobId);
        if (job && answer.kind === "completed") base.putJob({ ...job, result: completion.result });
        return answer;
      },
    })),
  ],
  [
    "fail: a repeat gets the first answer, also while the next attempt runs, and does not affect that attempt",
    "counts a repeat as a failure of the running attempt",
    operations((engine, base) => ({
      fail: (failure) => engine.fail({ ...failure, lease: ofHolder(base, failure.lease) }),
    })),
  ],
  [
    "complete: a late result is accepted as long as the lease was not recovered",
    "refuses a result after more than an hour",
    methods((store, clock) => ({
      async complete(lease, result, options) {
        return clock() - lease.leasedAt > 3600 ? STALE : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "recoverStale: takes a lease back exactly when its ttl is over, and not before",
    "compares with > instead of >=",
    tables((base) => ({ lost: (now, ttl, limit) => base.lost(now, ttl + 0.001, limit) })),
  ],
  [
    "renew: restarts the lease's time on the store's clock",
    "answers true, but writes nothing",
    methods(() => ({ renew: () => Promise.resolve(true) })),
  ],
  [
    "recoverStale: keeps a lease from the future, which exists after a clock was set back",
    "reads a ttl of 0 as every lease",
    tables((base) => ({
      lost: (now, ttl, limit) => base.lost(ttl === 0 ? epochSeconds(now + 1e6) : now, ttl, limit),
    })),
  ],
  [
    "lease: only the store's clock decides about a lease, also if the worker's clock is five minutes off",
    "trusts the time in the lease",
    methods((store, clock) => ({
      async complete(lease, result, options) {
        return clock() - lease.leasedAt >= 60 ? STALE : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "recoverStale: takes back at most its limit, and says whether there was more",
    "says that there is more whenever it reached its limit",
    methods((store) => ({
      async recoverStale(options) {
        const answer = await store.recoverStale(options);
        return { ...answer, more: answer.attempts.length === options.limit };
      },
    })),
  ],
  [
    "lease: a clone, or a copy through JSON, is read by its fields; a malformed lease is refused",
    "accepts only leases that it made itself",
    methods((store) => ({
      async fail(lease, error, options) {
        return lease instanceof Lease ? store.fail(lease, error, options) : STALE;
      },
    })),
  ],
  [
    "lease: a clone, or a copy through JSON, is read by its fields; a malformed lease is refused",
    "answers stale to a malformed lease",
    methods((store) => ({
      async complete(lease, result, options) {
        return Object.hasOwn(Object(lease) as object, "token")
          ? store.complete(lease, result, options)
          : STALE;
      },
    })),
  ],
  [
    "complete: if the answer is lost after the commit, a repeat gets it, and the job has run once",
    "forgets the token when the job ends",
    methods(staleWhenRepeated),
  ],
  [
    "claim: if the answer is lost after the commit, no other worker runs the job until the lease is recovered",
    "gives the last claimed job again if there is no other",
    methods((store) => {
      let last: Awaited<ReturnType<typeof store.claim>> = null;
      return {
        async claim(lanes) {
          last = (await store.claim(lanes)) ?? last;
          return last;
        },
      };
    }),
  ],
];

function staleWhenRepeated(store: DispatchStore): Methods {
  const done = new Set<string>();
  return {
    async complete(lease, result, options) {
      if (done.has(lease.token)) return STALE;
      const answer = await store.complete(lease, result, options);
      if (answer.kind === "completed") done.add(lease.token);
      return answer;
    },
  };
}
