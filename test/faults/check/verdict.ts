import type { Entry } from "../journal.ts";
import { costOf, type Plan } from "../plan.ts";
import type { Rows } from "../rows.ts";
import { type Evidence, evidence, holdOf, recovered } from "./evidence.ts";
import { jobViolations } from "./jobs.ts";
import { ledgerViolations } from "./ledger.ts";
import { moneyViolations } from "./money.ts";

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
}

export interface Verdict {
  readonly violations: readonly string[];
  readonly seen: Seen;
  /** A refusal, a recovery and a late complete were seen, and at least half of what was spent was spent in full. */
  readonly counts: boolean;
}

export function judge(plan: Plan, entries: readonly Entry[], rows: Rows): Verdict {
  const found = evidence(plan, entries, rows);
  const broke = entries
    .filter((entry) => entry.did === "broke")
    .map(({ message }) => `a process broke: ${message}`);
  const seen = look(found);
  const { refusals, recoveries, lateCompletes, exact, spent } = seen;
  return {
    violations: [...broke, ...moneyViolations(found), ...jobViolations(found), ...ledgerViolations(found)],
    seen,
    counts: refusals > 0 && recoveries > 0 && lateCompletes > 0 && 2 * exact >= spent,
  };
}

function look({ plan, answers, entries, spent, holds, rows }: Evidence): Seen {
  const taken = new Set(recovered(answers).map(({ jobId, attempt }) => holdOf(jobId, attempt)));
  const late = answers.filter(({ call, subject, attempt, answer }) => {
    return call === "complete" && answer["kind"] === "stale" && taken.has(holdOf(subject, attempt));
  });
  const refused = answers.filter(
    ({ answer }) => answer["kind"] === "refused" || answer["kind"] === "waiting",
  );
  const faults = entries.filter((entry) => entry.did === "fault");
  const whole = [...spent].filter(
    ([holdId, cost]) => cost >= costOf(plan.seed, holdId, holds.get(holdId)?.held ?? 0n),
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
    attempts: rows.jobs.reduce((sum, { tokens }) => sum + tokens.length, 0),
    exact: whole.filter(([holdId, cost]) => cost === holds.get(holdId)?.held).length,
    spent: whole.length,
  };
}
