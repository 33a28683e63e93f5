import { BackendKind, epochSeconds, JobState, type ScopeCap } from "dispatch-kit";
import { capped, NO, YES } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, correct, methods, operations, tables } from "./table.ts";

function once(scopes: readonly ScopeCap[]): readonly ScopeCap[] {
  return [...new Map(scopes.map((scope) => [scope.scope, scope])).values()];
}

export const brokenApprovals: readonly Broken[] = [
  [
    "submit: what costs money or leaves the machine waits for its approval, and holds nothing until then",
    "takes a cost of 0 for free, wherever it runs",
    methods((store) => ({
      submit: (job) => store.submit(job.maxCost === 0n ? { ...job, backend: BackendKind.LOCAL } : job),
    })),
  ],
  [
    "submit: what costs money or leaves the machine waits for its approval, and holds nothing until then",
    "approves local work by itself, whatever it costs",
    methods((store) => ({
      submit(job) {
        const approved = { approval: YES, scopes: capped(100) };
        return store.submit(job.backend === BackendKind.LOCAL ? { ...job, approved } : job);
      },
    })),
  ],
  [
    "submit: approved at once, the first attempt holds its cost in every scope, without an end, and is queued",
    "gives every hold an end",
    tables((base) => ({
      putHold(hold) {
        base.putHold({ ...hold, expiresAt: hold.expiresAt ?? epochSeconds(base.now() + 3600) });
      },
    })),
  ],
  [
    "submit: approved at once, the first attempt holds its cost in every scope, without an end, and is queued",
    "holds when the job is claimed, in the first scope only",
    methods((store) => ({
      submit(job) {
        const scopes = job.approved?.scopes.slice(0, 1);
        return store.submit(job.approved && scopes ? { ...job, approved: { ...job.approved, scopes } } : job);
      },
    })),
  ],
  [
    "submit: without room it is refused with what lacks, stores nothing, and may be submitted again",
    "stores the job before it looks for room",
    methods((store) => ({
      async submit(job) {
        const answer = await store.submit(job);
        if (answer.kind === "refused") {
          const { jobId, lane, payload, backend, maxCost, maxAttempts } = job;
          await store.submit({ jobId, lane, payload, backend, maxCost, maxAttempts });
        }
        return answer;
      },
    })),
  ],
  [
    "submit: the same paid job twice holds once, and another body is job_conflict and holds nothing",
    "holds again for a job that it knows",
    methods((store) => ({
      async submit(job) {
        const answer = await store.submit(job);
        const scopes = job.approved?.scopes;
        if (answer.kind === "exists" && scopes) {
          await store.hold({ holdId: `again:${job.jobId}`, amount: job.maxCost, scopes, ttlSeconds: 60 });
        }
        return answer;
      },
    })),
  ],
  [
    "submit: the same paid job twice holds once, and another body is job_conflict and holds nothing",
    "does not compare what a job costs",
    methods((store) => ({
      submit: (job) => orElse(store.submit(job), { kind: "exists", state: JobState.QUEUED }),
    })),
  ],
  [
    "approve: holds for the first attempt and queues it; twice, it holds once",
    "answers queued to whatever is queued",
    methods((store) => ({
      async approve(jobId, approval, options) {
        const answer = await store.approve(jobId, approval, options);
        const isQueued = answer.kind === "not_waiting" && answer.state === JobState.QUEUED;
        return isQueued ? { kind: "queued" } : answer;
      },
    })),
  ],
  [
    "approve: without room it is refused with what lacks, and the job goes on waiting",
    "ends a job that it has no room for",
    methods((store) => ({
      async approve(jobId, approval, options) {
        const answer = await store.approve(jobId, approval, options);
        if (answer.kind === "refused") await store.reject(jobId, NO);
        return answer;
      },
    })),
  ],
  [
    "approve: no scope, or one named twice, is a RangeError, also when it comes with the job",
    "counts a scope once that is named twice",
    methods((store) => ({
      approve: (jobId, approval, { scopes }) => store.approve(jobId, approval, { scopes: once(scopes) }),
    })),
  ],
  [
    "reject: ends a job that waits, and no other",
    "rejects what is queued too",
    methods((store) => ({
      async reject(jobId, approval) {
        const answer = await store.reject(jobId, approval);
        if (answer.kind === "rejected" || answer.state !== JobState.QUEUED) return answer;
        await store.cancel(jobId);
        return { kind: "rejected" };
      },
    })),
  ],
  [
    "jobs: a decision about one that there is not is job_unknown",
    "answers that it has ended",
    methods((store) => ({
      cancel: (jobId) => orElse(store.cancel(jobId), { kind: "ended", state: JobState.FAILED }),
    })),
  ],
  [
    "submitMany: paid jobs hold in order, each with its own outcome; if it throws, nothing is held",
    "submits one after the other, each in a transaction of its own",
    methods((store) => ({
      async submitMany(jobs) {
        const answers = [];
        for (const job of jobs) answers.push(await store.submit(job));
        return answers;
      },
    })),
  ],
  [
    "pinCap: an approval by another cap is cap_conflict, and changes nothing",
    "goes by the cap of the approval",
    tables(() => ({ pinned: () => undefined })),
  ],
];

export const brokenCancels: readonly Broken[] = [
  [
    "cancel: free work ends as failed, waiting or running; what has ended stays as it is",
    "leaves alone what runs",
    methods((store) => ({
      async cancel(jobId) {
        const state = (await store.job(jobId))?.state;
        return state === JobState.RUNNING ? { kind: "ended", state } : store.cancel(jobId);
      },
    })),
  ],
  [
    "cancel: a job that waits is rejected; one that is queued gives its hold back, for nothing has run",
    "charges what was only queued",
    methods((store) => ({
      async cancel(jobId) {
        if ((await store.job(jobId))?.state === JobState.QUEUED) await store.claim(["text"]);
        return store.cancel(jobId);
      },
    })),
  ],
  [
    "cancel: a job that runs is charged in full, and its result does not count",
    "gives back the hold of what ran",
    operations((engine, base) => ({
      async cancel(jobId) {
        const job = base.job(jobId);
        const answer = await engine.cancel(jobId);
        if (job?.state === JobState.RUNNING) correct(base, jobId, job.attempts.length, 0n);
        return answer;
      },
    })),
  ],
  [
    "cancel: a job that runs is charged in full, and its result does not count",
    "lets the worker complete what was cancelled",
    operations((engine, base) => ({
      complete(completion) {
        const job = base.job(completion.lease.jobId);
        if (job?.error?.code !== "cancelled") return engine.complete(completion);
        return { kind: "completed", booked: job.body.maxCost, overrun: job.body.maxCost };
      },
    })),
  ],
  [
    "cancel: what its worker reports later corrects the charge, once",
    "does not listen to the worker of a job that was cancelled",
    methods((store) => ({
      async complete(lease, result, options) {
        const isOver = (await store.job(lease.jobId))?.error?.code === "cancelled";
        return isOver ? { kind: "stale" } : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "approve: scopes whose time is over take no job, approved at once or later, and it goes on waiting",
    "approves for a month that is over",
    methods((store) => ({
      approve: (jobId, approval, { scopes }) =>
        store.approve(jobId, approval, { scopes: scopes.map(({ scope, cap }) => ({ scope, cap })) }),
    })),
  ],
];
