import type { Answer, Entry } from "../journal.ts";
import type { Plan } from "../plan.ts";
import type { HoldRow, JobRow, Move, Rows } from "../rows.ts";

/** What a seed left behind, sorted: what was planned, what the processes wrote down, and what the tables say. */
export interface Evidence {
  readonly plan: Plan;
  readonly rows: Rows;
  readonly entries: readonly Entry[];
  readonly answers: readonly Answered[];
  /** The rows that are there, and those that were forgotten as they were last. */
  readonly holds: ReadonlyMap<string, HoldRow>;
  readonly jobs: ReadonlyMap<string, JobRow>;
  /** The attempts of all jobs by their tokens, those of a job in the order of their claims. */
  readonly attempts: ReadonlyMap<string, Attempt>;
  /** What each hold has cost in truth, by the spend files alone. */
  readonly spent: ReadonlyMap<string, bigint>;
  /** When the processes started, in seconds since 1970. */
  readonly start: number;
}

export type Answered = Extract<Entry, { readonly did: "answer" }>;

/** One claim of a job, as its row says. */
export interface Attempt {
  readonly jobId: string;
  readonly token: string;
  /** Its place among the claims of its job, from 0. */
  readonly place: number;
  readonly end: string | null;
  readonly holdId: string;
  /** Whether it counts: what its worker gave back does not, nor what older code could not read. */
  readonly counts: boolean;
  /** Its number among those that count; for one that does not, that of the next. */
  readonly number: number;
}

/** @param written - of each process in its order, of all of them in any. */
export function evidence(plan: Plan, written: readonly Entry[], rows: Rows): Evidence {
  // On one machine all processes have one clock.
  const entries = [...written].sort((one, other) => one.at - other.at);
  const answers = entries.filter((entry) => entry.did === "answer");
  const all = unionOf(rows);
  const attempts = new Map(
    all.jobs.flatMap((job) => attemptsOf(job, entries)).map((one) => [one.token, one]),
  );
  const spent = new Map<string, bigint>();
  for (const entry of entries) {
    if (entry.did !== "spend") continue;
    // A worker knows the token of its attempt, and not the number of its hold.
    const holdId = attempts.get(entry.hold)?.holdId ?? entry.hold;
    spent.set(holdId, (spent.get(holdId) ?? 0n) + BigInt(entry.amount));
  }
  const started = entries.find((entry) => entry.did === "started");
  return {
    plan,
    rows,
    entries,
    answers,
    holds: new Map(all.holds.map((hold) => [hold.holdId, hold])),
    jobs: new Map(all.jobs.map((job) => [job.jobId, job])),
    attempts,
    spent,
    start: started?.start ?? 0,
  };
}

/** What is there, and what was forgotten as it was last. */
export function unionOf({ jobs, holds, jobMoves, holdMoves }: Rows): {
  readonly jobs: readonly JobRow[];
  readonly holds: readonly HoldRow[];
} {
  return { jobs: [...jobs, ...forgotten(jobMoves)], holds: [...holds, ...forgotten(holdMoves)] };
}

function forgotten<Row>(moves: readonly Move<Row>[]): readonly Row[] {
  return moves.filter(({ after }) => after === null).map(({ before }) => before);
}

function attemptsOf({ jobId, tokens, ends, numbers }: JobRow, entries: readonly Entry[]): readonly Attempt[] {
  const reports = new Map(entries.flatMap((entry) => (entry.did === "report" ? [[entry.token, entry]] : [])));
  let number = 1;
  return tokens.map((token, place): Attempt => {
    const end = ends[place] ?? null;
    // Only whoever has the token ends an attempt so that it is offered again, and says before whether it counts. Of what
    // its parser refused a worker has said nothing.
    const counts = !(end === "requeued" || end === "waiting") || reports.get(token)?.counts === true;
    const attempt = { jobId, token, place, end, holdId: holdOf(jobId, numbers[place]), counts, number };
    if (counts) number++;
    return attempt;
  });
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

/** What the recoveries answered about jobs whose deadlines had passed. */
export function overdue(
  answers: readonly Answer[],
): readonly { readonly jobId: string; readonly state: string; readonly released: string }[] {
  return answers
    .filter(({ call }) => call === "recoverStale")
    .flatMap(
      ({ answer }) => answer["ended"] as readonly { jobId: string; state: string; released: string }[],
    );
}

/** What `expire` answered, hold by hold. */
export function expired(answers: readonly Answer[]): readonly { holdId: string; amount: string }[] {
  return answers
    .filter(({ call }) => call === "expire")
    .flatMap(({ answer }) => answer["charged"] as readonly { holdId: string; amount: string }[]);
}

/** The id of a job's nth hold. */
export function holdOf(jobId: string, n: number | undefined): string {
  return `job:${jobId}#${String(n)}`;
}

/** The attempt of a job that counts and has this number. */
export function attemptOf(
  { attempts }: Pick<Evidence, "attempts">,
  jobId: string,
  number: number,
): Attempt | undefined {
  return [...attempts.values()].find((one) => one.jobId === jobId && one.counts && one.number === number);
}

/** What is there more than once. */
export function doubled(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
