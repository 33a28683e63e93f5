import {
  type CompleteOutcome,
  type DispatchStore,
  epochSeconds,
  type FailOutcome,
  Lease,
} from "dispatch-kit";
import type { Methods } from "../makers.ts";
import { type Broken, byNumber, methods, ofHolder, operations, tables } from "./table.ts";

const STALE: CompleteOutcome & FailOutcome = { kind: "stale" };

export const brokenLeases: readonly Broken[] = [
  [
    "lease: A goes stale, B claims: what A completes, fails or renews is refused",
    "takes a result from anybody while the job runs, as the original does",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: ofHolder(base, completion.lease) }),
    })),
  ],
  [
    "lease: B's result stands, whatever A reports before and after",
    "writes the result before it looks at the token",
    operations((engine, base) => ({
      complete(completion) {
        const job = base.job(completion.lease.jobId);
        if (job) base.putJob({ ...job, result: completion.result });
        return engine.complete(completion);
      },
    })),
  ],
  [
    "lease: a lost one cannot be renewed, and its renewal does not lengthen another's",
    "renews by the job's id",
    operations((engine, base) => ({ renew: (lease) => engine.renew(ofHolder(base, lease)) })),
  ],
  [
    "lease: the same worker claims its own job again, and its old token is refused",
    "takes the number of the attempt for the token",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: byNumber(base, completion.lease) }),
    })),
  ],
  [
    "lease: a token that was never minted, of this job or of none, is stale",
    "believes whoever knows the job's id that it failed",
    operations((engine, base) => ({
      fail: (failure) => engine.fail({ ...failure, lease: ofHolder(base, failure.lease) }),
    })),
  ],
  [
    "lease: a token that was never minted, of this job or of none, is stale",
    "throws for a job that there is not",
    methods((store) => ({
      async complete(lease, result) {
        await store.cancel(lease.jobId);
        return store.complete(lease, result);
      },
    })),
  ],
  [
    "complete: twice gives the first answer, and with another result the first stands",
    "forgets the token at the end",
    methods(staleWhenRepeated),
  ],
  [
    "complete: twice gives the first answer, and with another result the first stands",
    "lets the last result stand",
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
    "fail: twice gives the first answer, also while another attempt runs, and takes nothing from it",
    "takes a repeat for a failure of the attempt that runs",
    operations((engine, base) => ({
      fail: (failure) => engine.fail({ ...failure, lease: ofHolder(base, failure.lease) }),
    })),
  ],
  [
    "complete: a late result is accepted while nobody has recovered the lease",
    "refuses what comes after an hour",
    methods((store, clock) => ({
      async complete(lease, result, options) {
        return clock() - lease.leasedAt > 3600 ? STALE : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "recoverStale: takes a lease back at the very second of its ttl, and not before",
    "compares with > where it should with >=",
    tables((base) => ({ stale: (now, ttl, limit) => base.stale(now, ttl + 0.001, limit) })),
  ],
  [
    "renew: restarts the lease's time on the store's clock",
    "answers that it holds, and writes nothing",
    methods(() => ({ renew: () => Promise.resolve(true) })),
  ],
  [
    "recoverStale: leaves a lease from the future alone, as after a clock was set back",
    "takes a ttl of 0 for every lease that there is",
    tables((base) => ({
      stale: (now, ttl, limit) => base.stale(ttl === 0 ? epochSeconds(now + 1e6) : now, ttl, limit),
    })),
  ],
  [
    "lease: a worker whose clock is five minutes off loses and keeps its lease by the store's clock",
    "believes the time that the lease says",
    methods((store, clock) => ({
      async complete(lease, result, options) {
        return clock() - lease.leasedAt >= 60 ? STALE : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "recoverStale: takes back at most its limit, and says whether there was more",
    "says that there is more whenever it took as many as it may",
    methods((store) => ({
      async recoverStale(options) {
        const answer = await store.recoverStale(options);
        return { ...answer, more: answer.attempts.length === options.limit };
      },
    })),
  ],
  [
    "lease: a clone, or one that went through JSON, is taken by its fields; what lacks one is refused",
    "knows only leases that it has made itself",
    methods((store) => ({
      async fail(lease, error, options) {
        return lease instanceof Lease ? store.fail(lease, error, options) : STALE;
      },
    })),
  ],
  [
    "lease: a clone, or one that went through JSON, is taken by its fields; what lacks one is refused",
    "answers stale to what is no lease",
    methods((store) => ({
      async complete(lease, result, options) {
        return Object.hasOwn(Object(lease) as object, "token")
          ? store.complete(lease, result, options)
          : STALE;
      },
    })),
  ],
  [
    "complete: committed, its answer lost: a repeat gets it, and the job has run once",
    "forgets the token at the end",
    methods(staleWhenRepeated),
  ],
  [
    "claim: committed, its answer lost: nobody else runs the job until its lease is recovered",
    "gives the job of the last claim again when there is no other",
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
