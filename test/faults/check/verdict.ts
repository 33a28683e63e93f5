import { attemptName, costOf } from "../costs.ts";
import type { Entry } from "../journal.ts";
import type { Plan } from "../plan.ts";
import type { Rows } from "../rows.ts";
import { decisionViolations } from "./decisions.ts";
import { type Evidence, evidence, overdue, recovered } from "./evidence.ts";
import { jobViolations } from "./jobs.ts";
import { ledgerViolations } from "./ledger.ts";
import { moneyViolations } from "./money.ts";
import { sweepViolations } from "./sweeps.ts";
import { timeViolations } from "./times.ts";

/** How often a seed saw what makes it worth counting, and what else happened in it. */
export interface Seen {
  readonly refusals: number;
  readonly recoveries: number;
  readonly lateCompletes: number;
  readonly kills: number;
  readonly stops: number;
  readonly cuts: number;
  readonly crashes: number;
  /** How often the rows were read meanwhile. */
  readonly audits: number;
  readonly attempts: number;
  /** Attempts and holds that cost exactly what was set aside, and those that were spent to the end. */
  readonly exact: number;
  readonly spent: number;
  /** What people decided, and what deadlines and limits did. */
  readonly givenBack: number;
  readonly notRead: number;
  readonly corrections: number;
  readonly retries: number;
  readonly expired: number;
  readonly timedOut: number;
  readonly ownLeases: number;
  readonly pauses: number;
  readonly pins: number;
  readonly pruned: number;
  readonly forgotten: number;
}

/** Of the last eleven, so many have to be seen. */
const MOST_OF_THEM = 8;

export interface Verdict {
  readonly violations: readonly string[];
  readonly seen: Seen;
  /**
   * A refusal, a recovery and a late complete were seen, and most of what people and limits can do; at least half of what
   * was spent was spent in full.
   */
  readonly counts: boolean;
}

export function judge(plan: Plan, entries: readonly Entry[], rows: Rows): Verdict {
  const found = evidence(plan, entries, rows);
  const broke = entries
    .filter((entry) => entry.did === "broke")
    .map(({ message }) => `a process broke: ${message}`);
  const seen = look(found);
  const { refusals, recoveries, lateCompletes, exact, spent } = seen;
  const { givenBack, notRead, corrections, retries, expired, timedOut, ownLeases, pauses, pins } = seen;
  const { pruned, forgotten } = seen;
  const others = [givenBack, notRead, corrections, retries, expired, timedOut, ownLeases, pauses, pins];
  const most = [...others, pruned, forgotten].filter((times) => times > 0).length >= MOST_OF_THEM;
  return {
    violations: [
      ...broke,
      ...moneyViolations(found),
      ...jobViolations(found),
      ...ledgerViolations(found),
      ...decisionViolations(found),
      ...timeViolations(found),
      ...sweepViolations(found),
    ],
    seen,
    counts: refusals > 0 && recoveries > 0 && lateCompletes > 0 && most && 2 * exact >= spent,
  };
}

function look({ plan, answers, entries, spent, holds, rows, attempts, jobs }: Evidence): Seen {
  const taken = new Set(recovered(answers).map(({ jobId, attempt }) => attemptName(jobId, attempt)));
  const late = answers.filter(({ call, token, answer }) => {
    return call === "complete" && answer["kind"] === "stale" && attempts.get(String(token))?.end === "taken";
  });
  const of = (call: string, ...kinds: readonly string[]): number =>
    answers.filter((one) => one.call === call && kinds.includes(String(one.answer["kind"]))).length;
  const swept = (call: string): number =>
    answers
      .filter((one) => one.call === call)
      .reduce((sum, { answer }) => sum + Number(answer["jobs"]) + Number(answer["holds"]), 0);
  // What a hold was to cost: the name of an attempt, or the hold of a caller itself.
  const names = new Map(
    [...attempts.values()].map(({ holdId, jobId, number }) => [holdId, attemptName(jobId, number)]),
  );
  const refused = answers.filter(
    ({ answer }) => answer["kind"] === "refused" || answer["kind"] === "waiting",
  );
  const faults = entries.filter((entry) => entry.did === "fault");
  const whole = [...spent].filter(
    ([holdId, cost]) => cost >= costOf(plan.seed, names.get(holdId) ?? holdId, holds.get(holdId)?.held ?? 0n),
  );
  return {
    refusals: refused.length,
    recoveries: taken.size,
    lateCompletes: late.length,
    kills: faults.filter(({ act }) => act === "kill").length,
    stops: faults.filter(({ act }) => act === "stop").length,
    cuts: entries.filter(({ did }) => did === "cut").length,
    crashes: entries.filter(({ did }) => did === "crash").length,
    audits: entries.filter(({ did }) => did === "audit").length,
    attempts: attempts.size,
    exact: whole.filter(([holdId, cost]) => cost === holds.get(holdId)?.held).length,
    spent: whole.length,
    givenBack:
      [...attempts.values()].filter(({ counts }) => !counts).length - of("refuse", "requeued", "waiting"),
    notRead: of("refuse", "requeued", "waiting"),
    corrections: of("correct", "corrected"),
    retries: [...jobs.values()].reduce((sum, job) => sum + job.retries, 0),
    expired: overdue(answers).length,
    timedOut: rows.jobMoves.filter(
      ({ before, after }) =>
        before.state === "running" && after?.state !== "running" && after?.error === "timed_out",
    ).length,
    ownLeases: answers.filter(
      ({ call, leaseSeconds }) => call === "claim" && typeof leaseSeconds === "number",
    ).length,
    pauses: of("pauseLane", "done"),
    pins: of("pinCap", "done") + of("raiseCap", "done") + of("unpinCap", "done"),
    pruned: swept("prune"),
    forgotten: swept("forget"),
  };
}
