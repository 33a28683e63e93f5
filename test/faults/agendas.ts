import type { Change } from "./changes.ts";
import type { PlannedHold, PlannedJob, StoreName } from "./plan.ts";
import type { Random } from "./random.ts";
import { OLDER } from "./terms.ts";

export interface Task {
  readonly id: number;
  readonly kind: "submit" | "approve" | "cancel" | "hold" | "change" | "prune" | "forget";
  /** A job's, a hold's or a change's id. */
  readonly subject: string;
  /** Jobs that are submitted along with it, as one batch. */
  readonly others: readonly string[];
}

/** Where a process may be interrupted: on the way of a call, inside a transaction, and between the steps of a job. */
export type Point = "sent" | "sql" | "answered" | "claimed" | "slice" | "paying" | "reporting" | "time";

/** A process does this to itself when it passes a point for the n-th time since the last fault. */
export interface Fault {
  readonly act: "kill" | "stop";
  readonly at: Point;
  readonly nth: number;
}

export interface Actor {
  readonly agenda: readonly Task[];
  readonly faults: readonly Fault[];
}

/** How a connection is cut: what the client sent is not passed on, or half of it, or all of it and no answer. */
export interface Cut {
  readonly chunk: number;
  readonly how: "before" | "half" | "after";
}

/** How the server goes down, once the processes have written so many lines. */
export interface Crash {
  readonly afterLines: number;
  readonly how: "immediate" | "killed" | "backend";
}

const ACTORS = 3;

type Draft = Pick<Task, "kind" | "subject">;

export function actors(
  random: Random,
  store: StoreName,
  jobs: readonly PlannedJob[],
  holds: readonly PlannedHold[],
  changes: readonly Change[],
): readonly Actor[] {
  const first = jobs.flatMap(({ jobId, approvedAtOnce }): readonly Draft[] => {
    const submit = { kind: "submit", subject: jobId } as const;
    return approvedAtOnce ? [submit] : [submit, { kind: "approve", subject: jobId }];
  });
  const again = first.filter(() => random.percent(15));
  const cancels = jobs
    .filter(() => random.percent(12))
    .map(({ jobId }): Draft => ({ kind: "cancel", subject: jobId }));
  const held = holds.map(({ holdId }): Draft => ({ kind: "hold", subject: holdId }));
  // Some decisions are repeated, by whoever it is, and whatever was decided since.
  const decided = changes.flatMap(({ id }): readonly Draft[] =>
    Array<Draft>(random.percent(40) ? 2 : 1).fill({ kind: "change", subject: id }),
  );
  const [early, late] = parted(random, decided, changes);
  const sweeps = [...Array<"prune">(3).fill("prune"), ...Array<"forget">(5).fill("forget")].map(
    (kind): Draft => ({ kind, subject: "" }),
  );
  const agendas: Task[][] = Array.from({ length: ACTORS }, () => []);
  let id = 0;
  // Submissions roughly before what is decided about them.
  for (const task of [
    ...random.shuffled([...first, ...held, ...early]),
    ...random.shuffled([...again, ...cancels, ...late, ...sweeps]),
  ]) {
    const isBatch = task.kind === "submit" && random.percent(20);
    const others = isBatch ? random.shuffled(jobs.map(({ jobId }) => jobId)).slice(0, 3) : [];
    const names = [task.subject, ...others];
    // A process whose code is older cannot write what is newer either.
    const isNewer = task.kind === "submit" && jobs.some((job) => job.isNewer && names.includes(job.jobId));
    const [least, most] = isNewer ? [OLDER + 1, ACTORS - 1] : [0, ACTORS - 1];
    agendas[random.between(least, most)]?.push({
      id: id++,
      ...task,
      others: others.filter((one) => one !== task.subject),
    });
  }
  const zombie = random.below(ACTORS);
  return agendas.map((agenda, index) => {
    const others = Array.from({ length: random.between(1, 2) }, () => fault(random, store));
    // One of them outlives its lease while it spends.
    const stop: Fault = { act: "stop", at: "slice", nth: random.between(1, 4) };
    return { agenda, faults: index === zombie ? [stop, ...others] : others };
  });
}

/** Lanes and caps are decided on while jobs come in, the rest once there is something to decide about. */
function parted(
  random: Random,
  decided: readonly Draft[],
  changes: readonly Change[],
): readonly [readonly Draft[], readonly Draft[]] {
  const isEarly = ({ subject }: Draft): boolean => {
    const call = changes.find(({ id }) => id === subject)?.call;
    return call !== "correct" && call !== "retry" && random.percent(70);
  };
  const early = decided.filter(isEarly);
  return [early, decided.filter((one) => !early.includes(one))];
}

function fault(random: Random, store: StoreName): Fault {
  const on: Point = store === "sqlite" ? "sql" : "sent";
  const at = random.pick<Point>([on, on, on, "answered", "claimed", "slice", "paying", "reporting", "time"]);
  const most: Readonly<Record<Point, number>> = {
    sent: 25,
    sql: 150,
    answered: 20,
    claimed: 4,
    slice: 10,
    paying: 6,
    reporting: 4,
    time: 400,
  };
  return { act: random.percent(65) ? "kill" : "stop", at, nth: random.between(1, most[at]) };
}

export function cuts(random: Random): readonly Cut[] {
  return Array.from({ length: random.between(1, 4) }, () => {
    return { chunk: random.between(8, 160), how: random.pick(["before", "half", "after", "after"]) };
  });
}

export function crash(random: Random): Crash {
  return { afterLines: random.between(10, 120), how: random.pick(["immediate", "killed", "backend"]) };
}
