import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import {
  DispatchError,
  type EpochSeconds,
  epochSeconds,
  type Job,
  type JobRequest,
  JobState,
  type JobStore,
  Lease,
  microCents,
  shouldGiveUp,
  type SubmitOutcome,
} from "dispatch-kit";
import {
  claimOptions,
  completeOptions,
  ensureSameJob,
  errorText,
  failOptions,
  isFree,
  type JobBody,
  jobRequest,
  jsonText,
  laneNames,
  leaseOf,
  noActualCost,
  recoverOptions,
  scopeName,
} from "dispatch-kit/rules";
import { transaction } from "./ledger.ts";

/** A row for each job, and one for each token, with the first answer that the token got. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS own_jobs (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, priority INTEGER NOT NULL,
    body TEXT NOT NULL, ready_at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'failed')),
    attempts INTEGER NOT NULL, error TEXT, result TEXT,
    submitted_at REAL NOT NULL, started_at REAL, ended_at REAL,
    token TEXT, leased_at REAL, lease_seconds REAL, leased_by TEXT,
    CHECK ((state = 'running') = (token IS NOT NULL AND leased_at IS NOT NULL)));
  CREATE INDEX IF NOT EXISTS own_jobs_waiting ON own_jobs (lane, priority DESC, ready_at, place)
    WHERE state = 'pending';
  CREATE INDEX IF NOT EXISTS own_jobs_running ON own_jobs (leased_at) WHERE state = 'running';
  CREATE TABLE IF NOT EXISTS own_attempts (token TEXT PRIMARY KEY, job TEXT NOT NULL, answer TEXT)`;

const CLAIM = `
  UPDATE own_jobs SET state = 'running', attempts = attempts + 1, token = ?, leased_at = ?, lease_seconds = ?, leased_by = ?,
    started_at = ?
  WHERE place = (
    SELECT place FROM own_jobs
    WHERE state = 'pending' AND ready_at <= ? AND lane IN (SELECT value FROM json_each(?))
    ORDER BY priority DESC, ready_at, place LIMIT 1)
  RETURNING id, body, attempts`;

const END = `
  UPDATE own_jobs SET state = ?, attempts = ?, ready_at = ?, error = ?, result = ?, token = NULL, leased_at = NULL,
    lease_seconds = NULL, leased_by = NULL, ended_at = ?
  WHERE id = ?`;

/** The booked amounts of free work. */
const NOTHING = { booked: microCents(0n), overrun: microCents(0n) };

/** The answer to a report that does not count; free work has no charge to correct. */
const stale = { kind: "stale", corrected: false } as const;

/** A job as it is stored; its payload, error and result are JSON. */
interface Known {
  readonly body: JobBody;
  readonly state: JobState;
  readonly attempts: number;
  readonly error: string | null;
  readonly result: string | null;
  readonly leasedBy: string | null;
  readonly submittedAt: EpochSeconds;
  readonly startedAt: EpochSeconds | null;
  readonly endedAt: EpochSeconds | null;
}

/** What is compared when a job is submitted again; free work has no cost to write. */
function bodyOf(row: Readonly<Record<string, SQLOutputValue>>): JobBody {
  // Only this file writes bodies.
  return { ...(JSON.parse(String(row["body"])) as JobBody), maxCost: NOTHING.booked };
}

function known(row: Readonly<Record<string, SQLOutputValue>>): Known {
  const textOrNull = (column: string): string | null => (row[column] === null ? null : String(row[column]));
  const instantOrNull = (column: string): EpochSeconds | null =>
    row[column] === null ? null : epochSeconds(Number(row[column]));
  return {
    body: bodyOf(row),
    // The table's own check allows only these states.
    state: row["state"] as JobState,
    attempts: Number(row["attempts"]),
    error: textOrNull("error"),
    result: textOrNull("result"),
    leasedBy: textOrNull("leased_by"),
    submittedAt: epochSeconds(Number(row["submitted_at"])),
    startedAt: instantOrNull("started_at"),
    endedAt: instantOrNull("ended_at"),
  };
}

/**
 * A store of free local jobs in a database of your own, with `submit` and `job`. What it leaves out of the contract, its
 * tests say with `lacks`; a job that needs it is refused.
 */
export interface OwnJobs extends Required<JobStore> {
  submit(job: JobRequest<unknown>): SubmitOutcome;
  job(jobId: string): Job | null;
}

/** Jobs in a database of your own. */
export function ownJobs(database: DatabaseSync, clock: () => EpochSeconds): OwnJobs {
  const atomic = <Answer>(run: () => Answer): Answer => transaction(database, run);
  atomic(() => {
    database.exec(SCHEMA);
  });

  const find = (jobId: string): Known | null => {
    const row = database.prepare("SELECT * FROM own_jobs WHERE id = ?").get(jobId);
    return row ? known(row) : null;
  };

  /** The job of a token, and the answer to its report; the answer is `null` while the token holds the job. */
  const attemptOf = ({ jobId, token }: Lease): { job: Known; answer: string | null } | null => {
    const sql = "SELECT answer FROM own_attempts WHERE token = ? AND job = ?";
    const row = database.prepare(sql).get(token, jobId);
    const job = find(jobId);
    if (!row || !job) return null;
    return { job, answer: row["answer"] === null ? null : String(row["answer"]) };
  };

  /** Ends the attempt that runs, and with it the lease; its token keeps the answer for when it asks again. */
  const end = (answer: string, job: Known, readyAt: EpochSeconds): void => {
    const { body, state, attempts, error, result } = job;
    const sql = "UPDATE own_attempts SET answer = ? WHERE token = (SELECT token FROM own_jobs WHERE id = ?)";
    database.prepare(sql).run(answer, body.jobId);
    const endedAt = state === JobState.PENDING ? null : clock();
    database.prepare(END).run(state, attempts, readyAt, error, result, endedAt, body.jobId);
  };

  /** Ends the attempt that runs, for another if one is left by the job's own limit or a lower one. */
  const retryOrEnd = (job: Known, limit: number, why: Job["error"], delay: number, answer?: string) => {
    const isOver = shouldGiveUp(job.attempts, Math.min(job.body.maxAttempts, limit));
    const kind = isOver ? "failed" : "requeued";
    const next = { ...job, state: isOver ? JobState.FAILED : JobState.PENDING, error: JSON.stringify(why) };
    end(answer ?? kind, next, epochSeconds(clock() + delay));
    return kind;
  };

  return {
    submit(job) {
      const { body, terms } = jobRequest(job);
      // This store has no holds, so it refuses jobs that cost money. Nor does it keep deadlines.
      if (!isFree(body))
        throw new RangeError(`submit: ${body.jobId} is not free, and this store has no ledger`);
      if (terms.claimBy !== null || body.maxRunSeconds !== null)
        throw new RangeError(`submit: ${body.jobId} has a deadline, and this store keeps none`);
      return atomic(() => {
        const before = find(body.jobId);
        if (before) {
          ensureSameJob(before.body, body);
          return { kind: "exists", state: before.state };
        }
        const { jobId, lane, priority, runAt } = body;
        const text = JSON.stringify({ ...body, maxCost: null });
        const insert = `INSERT INTO own_jobs (id, lane, priority, body, ready_at, state, attempts, submitted_at)
          VALUES (?, ?, ?, ?, ?, 'pending', 0, ?)`;
        const now = clock();
        database.prepare(insert).run(jobId, lane, priority, text, runAt ?? now, now);
        return { kind: "queued" };
      });
    },

    claim(lanes, options = {}) {
      const names = JSON.stringify(laneNames("claim: lanes", lanes));
      const { leaseSeconds, by } = claimOptions("claim", options);
      return atomic(() => {
        const token = randomUUID();
        const leasedAt = clock();
        const row = database.prepare(CLAIM).get(token, leasedAt, leaseSeconds, by, leasedAt, leasedAt, names);
        if (!row) return null;
        const jobId = String(row["id"]);
        database.prepare("INSERT INTO own_attempts (token, job) VALUES (?, ?)").run(token, jobId);
        const lease = new Lease({ jobId, leasedAt, attempts: Number(row["attempts"]), token });
        return { lease, payload: JSON.parse(bodyOf(row).payload) as unknown };
      });
    },

    complete(lease, result, options = {}) {
      const { actual } = completeOptions(options);
      const { jobId } = leaseOf("complete: lease", lease);
      const text = resultText(result);
      return atomic(() => {
        const attempt = attemptOf(lease);
        if (attempt && actual !== null) throw noActualCost("complete", jobId, actual);
        if (attempt?.answer === null) {
          const done = { ...attempt.job, state: JobState.SUCCEEDED, error: null, result: text };
          end("completed", done, clock());
        }
        const counts = attempt?.answer === null || attempt?.answer === "completed";
        return counts ? { kind: "completed", ...NOTHING } : stale;
      });
    },

    fail(lease, error, options) {
      const { retriable, counts, maxAttempts, actual, retryAfterSeconds } = failOptions(options);
      const { jobId } = leaseOf("fail: lease", lease);
      const why = { code: "error", message: errorText("fail: error", error) } as const;
      return atomic(() => {
        const attempt = attemptOf(lease);
        if (!attempt) return stale;
        if (actual !== null) throw noActualCost("fail", jobId, actual);
        const { job, answer } = attempt;
        // An attempt that was given back does not count.
        const tried = counts ? job : { ...job, attempts: job.attempts - 1 };
        const limit = counts && !retriable ? 0 : counts ? maxAttempts : Infinity;
        const kind = answer ?? retryOrEnd(tried, limit, why, retryAfterSeconds);
        return kind === "requeued" || kind === "failed" ? { kind, ...NOTHING } : stale;
      });
    },

    renew(lease) {
      const { jobId, token } = leaseOf("renew: lease", lease);
      return atomic(() => {
        const renew = "UPDATE own_jobs SET leased_at = ? WHERE id = ? AND token = ?";
        return Number(database.prepare(renew).run(clock(), jobId, token).changes) === 1;
      });
    },

    recoverStale(options) {
      const { ttlSeconds, maxAttempts, limit } = recoverOptions(options);
      return atomic(() => {
        // A lease's own length comes first.
        const lost = `SELECT * FROM own_jobs WHERE state = 'running' AND ? - leased_at >= coalesce(lease_seconds, ?)
          ORDER BY leased_at, place LIMIT ?`;
        const rows = database.prepare(lost).all(clock(), ttlSeconds, limit + 1);
        const attempts = rows.slice(0, limit).map((row) => {
          const job = known(row);
          const { attempts: attempt, body } = job;
          const why = { code: "lost", message: `attempt ${String(attempt)} lost its lease` } as const;
          // `lost` is not the answer to any report, so a late report is stale.
          const outcome = retryOrEnd(job, maxAttempts, why, 0, "lost");
          return { jobId: body.jobId, attempt, charged: NOTHING.booked, outcome } as const;
        });
        return { attempts, ended: [], more: rows.length > limit };
      });
    },

    job(jobId) {
      const id = scopeName("job: jobId", jobId);
      const job = atomic(() => find(id));
      if (!job) return null;
      const { body, error, result, ...shown } = job;
      const none = {
        approval: null,
        cancellation: null,
        tags: {},
        decideBy: null,
        claimBy: null,
        retries: 0,
        decidedAt: null,
        waitingSince: null,
        booked: NOTHING.booked,
      };
      return {
        ...body,
        ...none,
        ...shown,
        unreadable: null,
        payload: JSON.parse(body.payload) as unknown,
        // Only this file writes errors.
        error: error === null ? null : (JSON.parse(error) as Job["error"]),
        result: result === null ? null : (JSON.parse(result) as unknown),
      };
    },
  };
}

function resultText(result: unknown): string {
  try {
    return jsonText("complete: result", result);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "JSON cannot hold the result";
    throw new DispatchError("result_refused", message, { cause });
  }
}
