import { type Claimed, DispatchError, epochSeconds, type Job, JobState } from "dispatch-kit";
import { orElse } from "../makers.ts";
import { type Broken, methods, tables } from "./table.ts";

export const brokenJobs: readonly Broken[] = [
  [
    "submit: free local work is claimed, with its payload, and completed, without an approval",
    "stores payloads as ASCII",
    tables((base) => ({
      putJob(job) {
        const payload = job.body.payload.replaceAll(/[^ -~]/gu, "?");
        base.putJob({ ...job, body: { ...job.body, payload } });
      },
    })),
  ],
  [
    "submit: the same job twice is one job, whatever its state",
    "answers queued to a repeat",
    methods((store) => ({
      async submit(job) {
        const answer = await store.submit(job);
        return answer.kind === "exists" ? { kind: "queued" } : answer;
      },
    })),
  ],
  [
    "submit: a known id with another body is job_conflict and changes nothing; the order of keys does not matter",
    "compares only the id",
    methods((store) => ({
      submit: (job) => orElse(store.submit(job), { kind: "exists", state: JobState.PENDING }),
    })),
  ],
  [
    "submit: a known id with another body is job_conflict and changes nothing; the order of keys does not matter",
    "compares payloads as text, so that the order of keys matters",
    methods((store) => {
      const written = new Map<string, string>();
      return {
        async submit(job) {
          const text = JSON.stringify(job.payload);
          if ((written.get(job.jobId) ?? text) !== text) throw new DispatchError("job_conflict", "another");
          const answer = await store.submit(job);
          written.set(job.jobId, text);
          return answer;
        },
      };
    }),
  ],
  [
    "submit: a malformed id or lane, or less than one attempt, is a RangeError; a payload that JSON cannot hold is a TypeError",
    "trims ids",
    methods((store) => ({ submit: (job) => store.submit({ ...job, jobId: job.jobId.trim() }) })),
  ],
  [
    "submit: a payload that is nested 100 deep comes back, and one of 5,000 is a TypeError, as is such a result",
    "lets the stack end",
    methods((store) => ({
      async submit(job) {
        try {
          return await store.submit(job);
        } catch {
          throw new RangeError("Maximum call stack size exceeded");
        }
      },
    })),
  ],
  [
    "claim: lanes are isolated, and an empty list of lanes gives no job",
    "reads an empty list of lanes as all lanes",
    methods((store) => ({
      claim: (lanes) => store.claim(lanes.length === 0 ? ["text", "video"] : lanes),
    })),
  ],
  [
    "claim: lanes are isolated, and an empty list of lanes gives no job",
    "ignores case in lanes, as a database's collation may",
    methods((store) => ({ claim: (lanes) => store.claim(lanes.map((lane) => lane.toLowerCase())) })),
  ],
  [
    "claim: the higher priority goes first, then the earlier time, then the earlier submission",
    "empties one lane before it looks at the next",
    methods((store) => ({
      async claim(lanes) {
        for (const lane of lanes) {
          const job = await store.claim([lane]);
          if (job) return job;
        }
        return null;
      },
    })),
  ],
  [
    "claim: the higher priority goes first, then the earlier time, then the earlier submission",
    "uses only the order of submission",
    tables((base) => ({
      claimable: (lanes, now) =>
        base
          .jobs({ state: JobState.PENDING, lane: null, limit: 100, after: null })
          .find(({ body, runAt }) => runAt <= now && lanes.includes(body.lane)) ?? null,
    })),
  ],
  [
    "claim: a job waits for its runAt, to the second, and does not block jobs that are due",
    "rounds times to whole seconds",
    tables((base) => ({
      claimable: (lanes, now) => base.claimable(lanes, epochSeconds(Math.round(now))),
    })),
  ],
  [
    "drain: stops gracefully: running jobs are recorded, and waiting jobs stay for the next worker",
    "claims one job more than it is asked for",
    methods((store) => {
      let ahead: Claimed<unknown> | null = null;
      return {
        async claim(lanes) {
          const job = ahead ?? (await store.claim(lanes));
          ahead = await store.claim(lanes);
          return job;
        },
      };
    }),
  ],
  [
    "races: N claimers and M jobs: each job is claimed once, and none is lost",
    "gives concurrent calls the same answer",
    methods((store) => {
      let inFlight: Promise<Claimed<unknown> | null> | null = null;
      return {
        claim(lanes) {
          inFlight ??= store.claim(lanes).finally(() => {
            inFlight = null;
          });
          return inFlight;
        },
      };
    }),
  ],
];

export const brokenBatches: readonly Broken[] = [
  [
    "claimMany: gives at most its limit, in the order of claim, each job once",
    "gives one more than its limit",
    methods((store) => ({ claimMany: (lanes, limit) => store.claimMany(lanes, limit + 1) })),
  ],
  [
    "claimMany: gives as many jobs as 8 MB of payloads allow, and at least one",
    "counts jobs, and not their bytes",
    methods((store) => ({
      async claimMany(lanes, limit, options) {
        const jobs = [];
        for (let job = await store.claim(lanes, options); job; job = await store.claim(lanes, options)) {
          jobs.push(job);
          if (jobs.length === limit) break;
        }
        return jobs;
      },
    })),
  ],
  [
    "claimMany: gives as many jobs as 8 MB of payloads allow, and at least one",
    "gives nothing where the first payload is larger",
    methods((store) => ({
      async claimMany(lanes, limit, options) {
        const jobs = await store.claimMany(lanes, limit, options);
        return jobs.filter(({ payload }) => String(payload).length < 8e6);
      },
    })),
  ],
  [
    "submitMany: answers each job in order; if it throws, none was submitted",
    "submits each job in its own transaction",
    methods((store) => ({
      async submitMany(jobs) {
        const answers = [];
        for (const job of jobs) answers.push(await store.submit(job));
        return answers;
      },
    })),
  ],
  [
    "completeMany: answers each completion in order, a repeat with the first answer; if it throws, none was completed",
    "completes each job in its own transaction",
    methods((store) => ({
      async completeMany(completions) {
        const answers = [];
        for (const { lease, result } of completions) answers.push(await store.complete(lease, result));
        return answers;
      },
    })),
  ],
  [
    "completeMany: answers each completion in order, a repeat with the first answer; if it throws, none was completed",
    "answers in the order of the returned rows",
    methods((store) => ({
      async completeMany(completions) {
        const answers = await store.completeMany(completions);
        return answers.slice(1).filter(({ kind }) => kind === "completed");
      },
    })),
  ],
];

export const brokenRecords: readonly Broken[] = [
  [
    "job: shows the state, the attempts and the result, and null for an unknown id",
    "shows the attempts that are left",
    methods((store) => ({
      job: async (jobId) => changed(await store.job(jobId), (job) => ({ attempts: 3 - job.attempts })),
    })),
  ],
  [
    "jobs: lists in the order of submission, by state and lane, page by page",
    "lists the latest first",
    methods((store) => ({ jobs: async (filter) => [...(await store.jobs(filter))].reverse() })),
  ],
  [
    "jobs: lists in the order of submission, by state and lane, page by page",
    "counts jobs that the filter excludes as part of the page",
    methods((store) => ({
      async jobs({ state, ...rest } = {}) {
        const page = await store.jobs({ ...rest, limit: 1 });
        return page.filter((job) => job.state === (state ?? job.state));
      },
    })),
  ],
  [
    "complete: a result that JSON cannot hold is result_refused, and the lease still holds the job",
    "stores null instead of the result",
    methods((store) => ({
      async complete(lease, result, options) {
        try {
          return await store.complete(lease, result, options);
        } catch {
          return store.complete(lease, null, options);
        }
      },
    })),
  ],
  [
    "prune: deletes only jobs that ended before an instant, and their ids still answer exists",
    "deletes the ids too, and runs a pruned job again if it is submitted again",
    tables((base) => ({
      job(jobId) {
        const job = base.job(jobId);
        return job?.pruned ? null : job;
      },
    })),
  ],
  [
    "prune: deletes only jobs that ended before an instant, and their ids still answer exists",
    "also deletes jobs that ended exactly at the instant",
    methods((store) => ({
      prune: ({ before }) => store.prune({ before: epochSeconds(Number(before) + 1) }),
    })),
  ],
  [
    "id: every handle on a store has the same one, and it does not change",
    "makes an id when it is asked",
    methods(() => ({ id: () => Promise.resolve(crypto.randomUUID()) })),
  ],
  [
    "job: shows the error of the last attempt: the executor's message, or that the lease was lost",
    "shows an error only after the job has failed",
    methods((store) => ({
      job: async (jobId) => changed(await store.job(jobId), () => ({ error: null })),
    })),
  ],
];

function changed(job: Job | null, change: (job: Job) => Partial<Job>): Job | null {
  return job && { ...job, ...change(job) };
}
