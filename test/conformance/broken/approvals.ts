import { BackendKind, epochSeconds, JobState, type ScopeCap } from "dispatch-kit";
import { capped, NO, YES } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, correct, methods, operations, tables, unpinned } from "./table.ts";

function once(scopes: readonly ScopeCap[]): readonly ScopeCap[] {
  return [...new Map(scopes.map((scope) => [scope.scope, scope])).values()];
}

export const brokenApprovals: readonly Broken[] = [
  [
    "submit: a job that costs money or leaves the machine waits for approval, and holds nothing until then",
    "treats a cost of 0 as free work on every backend",
    methods((store) => ({
      submit: (job) => store.submit(job.maxCost === 0n ? { ...job, backend: BackendKind.LOCAL } : job),
    })),
  ],
  [
    "submit: a job that costs money or leaves the machine waits for approval, and holds nothing until then",
    "needs no approval for local work, whatever it costs",
    methods((store) => ({
      submit(job) {
        const approved = { approval: YES, scopes: capped(100) };
        return store.submit(job.backend === BackendKind.LOCAL ? { ...job, approved } : job);
      },
    })),
  ],
  [
    "submit: a job that is approved at once is queued, with a hold in every scope that does not expire",
    "gives every hold an expiry",
    tables((base) => ({
      putHold(hold) {
        base.putHold({ ...hold, expiresAt: hold.expiresAt ?? epochSeconds(base.now() + 3600) });
      },
    })),
  ],
  [
    "submit: a job that is approved at once is queued, with a hold in every scope that does not expire",
    "makes the hold at the claim, and only in the first scope",
    methods((store) => ({
      submit(job) {
        const scopes = job.approved?.scopes?.slice(0, 1);
        return store.submit(job.approved && scopes ? { ...job, approved: { ...job.approved, scopes } } : job);
      },
    })),
  ],
  [
    "submit: without room the job is refused with the lacking scopes, is not stored, and may be submitted again",
    "stores the job before it checks for room",
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
    "makes another hold for a known job",
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
    "does not compare the costs of jobs",
    methods((store) => ({
      submit: (job) => orElse(store.submit(job), { kind: "exists", state: JobState.QUEUED }),
    })),
  ],
  [
    "approve: makes the first attempt's hold and queues the job; a repeat holds nothing more",
    "answers queued for every queued job",
    methods((store) => ({
      async approve(jobId, approval, options) {
        const answer = await store.approve(jobId, approval, options);
        const isQueued = answer.kind === "not_waiting" && answer.state === JobState.QUEUED;
        return isQueued ? { kind: "queued" } : answer;
      },
    })),
  ],
  [
    "approve: without room it is refused with the lacking scopes, and the job still waits",
    "ends a job that has no room",
    methods((store) => ({
      async approve(jobId, approval, options) {
        const answer = await store.approve(jobId, approval, options);
        if (answer.kind === "refused") await store.reject(jobId, NO);
        return answer;
      },
    })),
  ],
  [
    "approve: an empty list of scopes, or the same scope twice, is a RangeError, also in submit",
    "counts a repeated scope once",
    methods((store) => ({
      approve: (jobId, approval, { scopes = [] } = {}) =>
        store.approve(jobId, approval, { scopes: once(scopes) }),
    })),
  ],
  [
    "reject: ends a job that waits for approval, and no other job",
    "also rejects queued jobs",
    methods((store) => ({
      async reject(jobId, approval) {
        const answer = await store.reject(jobId, approval);
        if (answer.kind === "rejected" || answer.state !== JobState.QUEUED) return answer;
        await store.cancel(jobId, approval);
        return { kind: "rejected" };
      },
    })),
  ],
  [
    "jobs: a decision about an unknown job is job_unknown",
    "answers that the job has ended",
    methods((store) => ({
      cancel: (jobId, by) => orElse(store.cancel(jobId, by), { kind: "ended", state: JobState.FAILED }),
    })),
  ],
  [
    "submitMany: paid jobs hold in order, each with its own outcome; if it throws, nothing is held",
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
    "pinCap: an approval with another cap is cap_conflict, and changes nothing",
    "uses the approval's cap instead of the pinned one",
    tables(unpinned),
  ],
];

export const brokenCancels: readonly Broken[] = [
  [
    "cancel: free work that waits or runs ends as failed; a job that has ended does not change",
    "does not cancel running jobs",
    methods((store) => ({
      async cancel(jobId, by) {
        const state = (await store.job(jobId))?.state;
        return state === JobState.RUNNING ? { kind: "ended", state } : store.cancel(jobId, by);
      },
    })),
  ],
  [
    "cancel: a job that waits for approval is rejected; a queued job gives its money back, because nothing has run",
    "charges a job that was only queued",
    methods((store) => ({
      async cancel(jobId, by) {
        if ((await store.job(jobId))?.state === JobState.QUEUED) await store.claim(["text"]);
        return store.cancel(jobId, by);
      },
    })),
  ],
  [
    "cancel: a running job is charged in full, and its result does not count",
    "releases the hold of a running job",
    operations((engine, base) => ({
      async cancel(jobId, decided) {
        const job = base.job(jobId);
        const answer = await engine.cancel(jobId, decided);
        if (job?.state === JobState.RUNNING) correct(base, jobId, job.attempts.length, 0n);
        return answer;
      },
    })),
  ],
  [
    "cancel: a running job is charged in full, and its result does not count",
    "lets the worker complete a cancelled job",
    operations((engine, base) => ({
      complete(completion) {
        const job = base.job(completion.lease.jobId);
        if (job?.error?.code !== "cancelled") return engine.complete(completion);
        return { kind: "completed", booked: job.body.maxCost, overrun: job.body.maxCost };
      },
    })),
  ],
  [
    "cancel: a later report of the worker corrects the charge, once",
    "ignores reports about a cancelled job",
    methods((store) => ({
      async complete(lease, result, options) {
        const isOver = (await store.job(lease.jobId))?.error?.code === "cancelled";
        return isOver ? { kind: "stale", corrected: false } : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "approve: a scope whose time is over refuses jobs, approved at once or later, and a waiting job still waits",
    "approves in a month that is over",
    methods((store) => ({
      approve: (jobId, approval, { scopes = [] } = {}) =>
        store.approve(jobId, approval, { scopes: scopes.map(({ scope, cap }) => ({ scope, cap })) }),
    })),
  ],
  [
    "approve, reject: a job that does not wait answers the decision that stands, a cancellation before an approval",
    "answers the approval of a cancelled job",
    methods((store) => ({
      async approve(jobId, approval, options) {
        const answer = await store.approve(jobId, approval, options);
        if (answer.kind !== "not_waiting") return answer;
        return { ...answer, approval: (await store.job(jobId))?.approval ?? null };
      },
    })),
  ],
];
