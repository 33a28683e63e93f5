// A seed in which everything happens once, as it should: what the checks are tried on.
import type { Answer, Entry, Written } from "../journal.ts";
import type { Plan, PlannedJob, PlannedScope } from "../plan.ts";
import type { HoldRow, JobRow, Move, Rows } from "../rows.ts";

export const MONTH = "month:2026-11";
/** When the processes started, in seconds; the journals tell milliseconds. */
const START = 1000;

const scopes: readonly PlannedScope[] = [{ scope: MONTH, cap: 200n }];
const job: Omit<PlannedJob, "jobId"> = {
  lane: "a",
  maxCost: 20n,
  maxAttempts: 2,
  scopes,
  approvedAtOnce: true,
  decideBy: null,
  claimBy: null,
  maxRunSeconds: null,
  isNewer: false,
  failures: 0,
  isOld: false,
};
const planned = { extension: 0n, scopes, end: "settle", isOld: false } as const;

export const plan: Plan = {
  seed: 1,
  jobs: [
    { ...job, jobId: "lost" },
    { ...job, jobId: "refused" },
    { ...job, jobId: "newer", isNewer: true },
    { ...job, jobId: "late", claimBy: 1, decideBy: 0.5, approvedAtOnce: false },
    { ...job, jobId: "again", maxAttempts: 1, failures: 1 },
    { ...job, jobId: "hung", maxAttempts: 1, maxRunSeconds: 0.4 },
    { ...job, jobId: "old", isOld: true },
  ],
  holds: [
    { ...planned, holdId: "h1", amount: 30n },
    { ...planned, holdId: "h2", amount: 30n },
  ],
  changes: [
    { id: "refund", call: "correct", holdId: "h2", amount: 5n },
    { id: "r1", call: "retry", jobId: "again", after: 0 },
    { id: "r2", call: "retry", jobId: "again", after: 0 },
    { id: "stop", call: "pause", lane: "b", milliseconds: 50 },
    { id: "pin", call: "pinCap", amount: 50n },
  ],
  actors: [],
  cuts: [],
  crash: null,
};

/** What was written so many milliseconds after the start. */
export function at(milliseconds: number, written: Written): Entry {
  return { ...written, at: START * 1000 + milliseconds };
}

/** An answer, written so many milliseconds after the start, to what was asked for a millisecond before. */
export function answer(
  milliseconds: number,
  call: string,
  subject: string,
  kind: unknown,
  rest: Partial<Answer> = {},
): Entry {
  const asked = START * 1000 + milliseconds - 1;
  const fields = { call, subject, began: asked, asked, ...rest, answer: { kind, ...rest.answer } };
  return at(milliseconds, { did: "answer", ...fields });
}

export function claim(
  ms: number,
  jobId: string,
  attempt: number,
  token: string,
  own: number | null = null,
): Entry {
  const leasedAt = START + ms / 1000;
  return answer(ms, "claim", jobId, "claimed", { attempt, token, leaseSeconds: own, answer: { leasedAt } });
}

export function spend(hold: string, amount: string): Entry {
  return at(0, { did: "spend", hold, amount });
}

export function report(
  jobId: string,
  attempt: number,
  token: string,
  result: string | null,
  counts = true,
): Entry {
  return at(0, { did: "report", job: jobId, attempt, token, result, actual: null, counts, retriable: true });
}

export function decides(milliseconds: number, call: string, subject: string, decision: string): Entry {
  return at(milliseconds, { did: "decides", call, subject, decision });
}

export function recovery(attempts: readonly object[], ended: readonly object[] = []): Entry {
  return answer(900, "recoverStale", "", "", { answer: { attempts, ended } });
}

export const lost = { jobId: "lost", attempt: 1, charged: "20", outcome: "requeued" };

export const entries: readonly Entry[] = [
  at(0, { did: "started", start: START }),
  answer(1, "submit", "lost", "queued"),
  answer(2, "submit", "refused", "refused"),
  answer(3, "hold", "h1", "held"),
  spend("h1", "30"),
  spend("job:old#1", "7"),
  answer(4, "settle", "h1", "settled", { actual: "30" }),
  answer(4, "hold", "h2", "held"),
  spend("h2", "30"),
  answer(5, "settle", "h2", "settled", { actual: "30" }),
  decides(6, "correct", "h2", "refund"),
  answer(7, "correct", "h2", "corrected", {
    decision: "refund",
    actual: "5",
    answer: { from: "30", to: "5" },
  }),
  claim(10, "lost", 1, "t1"),
  spend("t1", "20"),
  recovery(
    [lost, { jobId: "hung", attempt: 1, charged: "20", outcome: "failed" }],
    [{ jobId: "late", state: "failed", released: "20" }],
  ),
  claim(950, "lost", 2, "t2", 0.7),
  spend("t2", "15"),
  report("lost", 2, "t2", "by t2"),
  answer(960, "complete", "lost", "completed", { attempt: 2, token: "t2", actual: "15" }),
  answer(970, "complete", "lost", "stale", { attempt: 1, token: "t1", actual: "20" }),
  answer(10, "refuse", "newer", "requeued", { attempt: 1, token: "n1" }),
  claim(20, "newer", 1, "n2"),
  report("newer", 1, "n2", "by n2"),
  answer(30, "complete", "newer", "completed", { attempt: 1, token: "n2", actual: "0" }),
  answer(40, "approve", "late", "queued"),
  claim(50, "again", 1, "a1"),
  report("again", 1, "a1", null),
  answer(60, "fail", "again", "failed", { attempt: 1, token: "a1", actual: "0" }),
  decides(70, "retry", "again/0", "r1"),
  decides(70, "retry", "again/0", "r2"),
  answer(71, "retry", "again/0", "queued", { decision: "r1" }),
  answer(72, "retry", "again/0", "moved_on", { decision: "r2" }),
  claim(80, "again", 2, "a2"),
  report("again", 2, "a2", "by a2"),
  answer(90, "complete", "again", "completed", { attempt: 2, token: "a2", actual: "0" }),
  claim(100, "hung", 1, "g1"),
  spend("g1", "3"),
  report("hung", 1, "g1", null, false),
  answer(110, "fail", "hung", "requeued", { attempt: 1, token: "g1", actual: "3" }),
  claim(120, "hung", 1, "g2", 0.7),
  answer(300, "renew", "hung", true, { token: "g2" }),
  decides(200, "pauseLane", "b", "stop"),
  answer(210, "pauseLane", "b", "done", { decision: "stop" }),
  decides(260, "resumeLane", "b", "stop-over"),
  answer(270, "resumeLane", "b", "done", { decision: "stop-over" }),
];

const closed = { asked: 20n, held: 20n, scopes: [MONTH], state: "settled", booked: 0n };
const hold = { ...closed, corrected: false, pruned: false };
const own = { ...hold, jobId: null, asked: 30n, held: 30n, booked: 30n };
export const h1: HoldRow = { ...own, holdId: "h1" };
const h2: HoldRow = { ...own, holdId: "h2", booked: 5n, corrected: true };
/** The nth hold of a job. */
export function nth(jobId: string, n: number, changed: Partial<HoldRow> = {}): HoldRow {
  return { ...hold, holdId: `job:${jobId}#${String(n)}`, jobId, ...changed };
}
const holds: readonly HoldRow[] = [
  h1,
  h2,
  nth("lost", 1, { booked: 20n }),
  nth("lost", 2, { booked: 15n }),
  nth("newer", 1),
  nth("newer", 2),
  nth("late", 1, { state: "released" }),
  nth("again", 1),
  nth("again", 2),
  nth("hung", 1, { booked: 3n }),
  nth("hung", 2, { state: "charged", booked: 20n }),
];

function row(
  jobId: string,
  state: string,
  tokens: readonly string[],
  ends: readonly (string | null)[],
): JobRow {
  const result = state === "succeeded" ? `"by ${String(tokens.at(-1))}"` : null;
  const numbers = tokens.map((_, index) => index + 1);
  const tried = tokens.filter((token) => !["n1", "g1"].includes(token)).length;
  const fields = { error: null, pruned: false, numbers, holds: tokens.length, tried, retries: 0 };
  return { jobId, state, result, tokens, ends, ...fields };
}
export const lostJob = row("lost", "succeeded", ["t1", "t2"], ["taken", "completed"]);
const late: JobRow = { ...row("late", "failed", [], []), error: "expired", holds: 1 };
const again = row("again", "succeeded", ["a1", "a2"], ["failed", "completed"]);
const hung: JobRow = { ...row("hung", "failed", ["g1", "g2"], ["requeued", "taken"]), error: "timed_out" };
const old: JobRow = { ...row("old", "succeeded", ["o1"], ["completed"]), state: "failed", result: null };

function move<Row>(milliseconds: number, before: Row, after: Row | null): Move<Row> {
  return { at: START + milliseconds / 1000, before, after };
}
const failed = {
  ...again,
  state: "failed",
  result: null,
  tokens: ["a1"],
  ends: ["failed"],
  numbers: [1],
  tried: 1,
};

export const rows: Rows = {
  jobs: [
    lostJob,
    row("newer", "succeeded", ["n1", "n2"], ["requeued", "completed"]),
    late,
    { ...again, retries: 1 },
    hung,
  ],
  holds,
  scopes: [{ scope: MONTH, reserved: 0n, spent: 100n, pinned: null, raisedTo: null }],
  decisions: [
    { id: "refund", subject: "h2" },
    { id: "r1", subject: "job:again" },
    { id: "stop", subject: null },
  ],
  jobMoves: [
    move(71, failed, { ...failed, state: "queued", holds: 2, retries: 1 }),
    move(899, { ...hung, state: "running", error: null, ends: ["requeued", null] }, hung),
    move(
      899,
      { ...lostJob, state: "running", tokens: ["t1"], ends: [null] },
      {
        ...lostJob,
        state: "queued",
        error: "lost",
        tokens: ["t1"],
        ends: ["taken"],
      },
    ),
    move(1100, { ...late, state: "queued", error: null }, late),
    move(1200, old, null),
  ],
  holdMoves: [
    move(7, { ...h2, booked: 30n, corrected: false }, h2),
    move(1200, nth("old", 1, { booked: 7n }), null),
  ],
  scopeMoves: [],
  journal: [],
};

/** The same rows with some of them changed. */
export function withHolds(...changed: readonly HoldRow[]): Rows {
  return {
    ...rows,
    holds: [...holds.filter(({ holdId }) => !changed.some((one) => one.holdId === holdId)), ...changed],
  };
}

export function withoutHolds(...ids: readonly string[]): Rows {
  return { ...rows, holds: holds.filter(({ holdId }) => !ids.includes(holdId)) };
}

export function withJob(jobId: string, changed: Partial<JobRow>): Rows {
  return { ...rows, jobs: rows.jobs.map((one) => (one.jobId === jobId ? { ...one, ...changed } : one)) };
}

export function withMoves(moves: Partial<Pick<Rows, "jobMoves" | "holdMoves" | "scopeMoves">>): Rows {
  return {
    ...rows,
    jobMoves: [...rows.jobMoves, ...(moves.jobMoves ?? [])],
    holdMoves: [...rows.holdMoves, ...(moves.holdMoves ?? [])],
    scopeMoves: [...rows.scopeMoves, ...(moves.scopeMoves ?? [])],
  };
}

export function and(...more: readonly Entry[]): readonly Entry[] {
  return [...entries, ...more];
}
