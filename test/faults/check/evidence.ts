import type { Answer, Entry } from "../journal.ts";
import type { Plan } from "../plan.ts";
import type { HoldRow, JobRow, Rows } from "../rows.ts";

/** What a seed left behind, sorted: what was planned, what the processes wrote down, and what the tables say. */
export interface Evidence {
  readonly plan: Plan;
  readonly rows: Rows;
  readonly entries: readonly Entry[];
  readonly answers: readonly Answer[];
  readonly holds: ReadonlyMap<string, HoldRow>;
  readonly jobs: ReadonlyMap<string, JobRow>;
  /** What each hold has cost in truth, by the spend files alone. */
  readonly spent: ReadonlyMap<string, bigint>;
}

export function evidence(plan: Plan, entries: readonly Entry[], rows: Rows): Evidence {
  const spent = new Map<string, bigint>();
  for (const entry of entries) {
    if (entry.did === "spend") spent.set(entry.hold, (spent.get(entry.hold) ?? 0n) + BigInt(entry.amount));
  }
  return {
    plan,
    rows,
    entries,
    answers: entries.filter((entry) => entry.did === "answer"),
    holds: new Map(rows.holds.map((hold) => [hold.holdId, hold])),
    jobs: new Map(rows.jobs.map((job) => [job.jobId, job])),
    spent,
  };
}

/** One attempt that someone else has ended: recovered, or cancelled while it ran. */
export interface Taken {
  readonly jobId: string;
  readonly attempt: number;
  readonly charged: string;
  readonly outcome: string;
}

/** What the recoveries answered, attempt by attempt. */
export function recovered(answers: readonly Answer[]): readonly Taken[] {
  return answers
    .filter(({ call }) => call === "recoverStale")
    .flatMap(({ answer }) => answer["attempts"] as readonly Taken[]);
}

/** What `expire` answered, hold by hold. */
export function expired(answers: readonly Answer[]): readonly { holdId: string; amount: string }[] {
  return answers
    .filter(({ call }) => call === "expire")
    .flatMap(({ answer }) => answer["charged"] as readonly { holdId: string; amount: string }[]);
}

export function holdOf(jobId: string, attempt: number | undefined): string {
  return `job:${jobId}#${String(attempt)}`;
}

/** What is there more than once. */
export function doubled(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
