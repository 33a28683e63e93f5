import { epochSeconds, type FailOutcome } from "dispatch-kit";
import { micro, NO } from "../../stores/memory/support.ts";
import { NUMBERED_BY_ATTEMPTS } from "./retried-jobs.ts";
import { type Broken, methods, operations, tables } from "./table.ts";

const STALE: FailOutcome = { kind: "stale", corrected: false };
const COUNTED = operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, counts: true }) }));

export const brokenGiveBacks: readonly Broken[] = [
  [
    "give back: free work is offered again at once, however often, also with one attempt and a last error",
    "counts the attempt",
    COUNTED,
  ],
  [
    "give back: a paid attempt closes at its actual cost, else in full, and the next has its own hold",
    "assumes that a job that is given back has cost nothing",
    operations((engine) => ({
      fail: (failure) => engine.fail({ ...failure, actual: failure.actual ?? micro(0) }),
    })),
  ],
  [
    "give back: a paid attempt closes at its actual cost, else in full, and the next has its own hold",
    "hides an overrun",
    methods((store) => ({
      async fail(lease, error, options) {
        const answer = await store.fail(lease, error, options);
        return answer.kind === "stale" ? answer : { ...answer, overrun: micro(0) };
      },
    })),
  ],
  [
    "give back: attempts that count are counted beside those that do not",
    "starts to count again",
    operations((engine, base) => ({
      async fail(failure) {
        const answer = await engine.fail(failure);
        const job = base.job(failure.lease.jobId);
        if (job && !failure.counts) base.putJob({ ...job, tried: 0 });
        return answer;
      },
    })),
  ],
  [
    "give back: retryAfterSeconds counts, to the second",
    "offers the job at once",
    operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, retryAfterSeconds: 0 }) })),
  ],
  [
    "give back: a repeat gets the first answer, also while the next attempt runs, and changes nothing",
    "forgets the token",
    methods((store) => {
      const done = new Set<string>();
      return {
        async fail(lease, error, options) {
          if (done.has(lease.token)) return STALE;
          done.add(lease.token);
          return store.fail(lease, error, options);
        },
      };
    }),
  ],
  [
    "give back: without room the job waits for a person, and goes on with the next hold",
    "ends the job",
    methods((store) => ({
      async fail(lease, error, options) {
        const answer = await store.fail(lease, error, options);
        if (answer.kind !== "waiting") return answer;
        await store.cancel(lease.jobId, NO);
        return { ...answer, kind: "failed" };
      },
    })),
  ],
  [
    "give back: a job whose cost would pass maxAttempts times maxCost waits; each approval allows as much again",
    "knows no limit",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, grants: 1000 });
      },
    })),
  ],
  [
    "give back: a job whose cost would pass maxAttempts times maxCost waits; each approval allows as much again",
    "allows nothing more after another approval",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, grants: Math.min(job.grants, 1) });
      },
    })),
  ],
  [
    "give back: no number of a hold is used twice, also after a failure and a retry by a person",
    "numbers holds by attempts",
    NUMBERED_BY_ATTEMPTS,
  ],
  [
    "give back: an actual cost of free work is a RangeError, and the lease still holds the job",
    "ignores the actual cost",
    methods((store) => ({
      fail: (lease, error, options) => store.fail(lease, error, { ...options, actual: undefined }),
    })),
  ],
];

/** What the door reports about a payload that its parser refuses. */
export const brokenRefusals: readonly Broken[] = [
  [
    "claim: a payload that the store's parser refuses costs no attempt and 60 s of waiting, and blocks no other job",
    "counts the refusal as an attempt",
    COUNTED,
  ],
  [
    "claim: a payload that the store's parser refuses costs no attempt and 60 s of waiting, and blocks no other job",
    "offers the job again at once",
    tables((base) => ({
      putJob: (job) => {
        base.putJob(job.refusals > 0 ? { ...job, runAt: epochSeconds(base.now() + 1) } : job);
      },
    })),
  ],
  [
    "claim: a payload that is refused again waits twice as long each time",
    "waits as long each time",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, refusals: 0 });
      },
    })),
  ],
  [
    "claim: a payload that is refused costs a paid job no money, and the next attempt has its own",
    "charges the attempt in full",
    operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, actual: null }) })),
  ],
  [
    "claim: after eight refusals a job waits for a person, its money given back, and an approval starts anew",
    "offers the job without end",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, refusals: Math.min(job.refusals, 6) });
      },
    })),
  ],
  [
    "claim: after eight refusals a job waits for a person, its money given back, and an approval starts anew",
    "counts the refusals before the approval",
    tables((base) => ({
      putJob(job) {
        const refusals = Math.max(job.refusals, base.job(job.body.jobId)?.refusals ?? 0);
        base.putJob({ ...job, refusals });
      },
    })),
  ],
  [
    "claim: free work that waits after eight refusals is approved without scopes, and is claimed at once",
    "needs scopes in every approval",
    methods((store) => ({
      async approve(jobId, approval, options) {
        if (!options?.scopes) throw new RangeError("approve: scopes must be given");
        return store.approve(jobId, approval, options);
      },
    })),
  ],
  [
    "claimMany: refused payloads are told to onRefused, whatever it throws, and the other jobs of the claim run",
    "throws the whole claim away",
    methods((store) => ({
      async claimMany(lanes, limit, options) {
        const refused: unknown[] = [];
        const onRefused = (one: unknown): unknown => refused.push(one);
        const jobs = await store.claimMany(lanes, limit, { ...options, onRefused });
        return refused.length > 0 ? [] : jobs;
      },
    })),
  ],
  [
    "claimMany: refused payloads are told to onRefused, whatever it throws, and the other jobs of the claim run",
    "tells nobody",
    methods((store) => ({ claimMany: (lanes, limit) => store.claimMany(lanes, limit) })),
  ],
  [
    "claim: a refusal is recorded whatever its message holds, also NUL and a lone surrogate",
    "cannot store the message",
    operations((engine) => ({
      fail(failure) {
        if (failure.error.includes("\ufffd"))
          throw new Error("invalid byte sequence for encoding UTF8: 0x00");
        return engine.fail(failure);
      },
    })),
  ],
  [
    "claim: after its signal's abort a claim that meets a refused payload ends without a job",
    "does not look at the signal",
    methods((store) => ({
      claim: (lanes, options) => store.claim(lanes, { ...options, signal: undefined }),
    })),
  ],
  [
    "job, jobs: a payload that the parser refuses is shown as unreadable, as it was stored, and hides no other job",
    "leaves out what it cannot read",
    methods((store) => ({
      jobs: async (filter) => (await store.jobs(filter)).filter(({ unreadable }) => unreadable === null),
    })),
  ],
  [
    "job, jobs: a payload that the parser refuses is shown as unreadable, as it was stored, and hides no other job",
    "throws what the parser throws",
    methods((store) => ({
      async jobs(filter) {
        const jobs = await store.jobs(filter);
        const reason = jobs.find(({ unreadable }) => unreadable !== null)?.unreadable;
        if (reason) throw new RangeError(reason);
        return jobs;
      },
    })),
  ],
];
