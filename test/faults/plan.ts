import { Random } from "./random.ts";

/** Seconds until a lease may be recovered, and until a direct hold is charged. */
export const TTL_SECONDS = 0.3;

/** The only lanes there are. */
export const LANES = ["a", "b"] as const;

export type StoreName = "postgres" | "postgres16" | "sqlite";

/** Money in micro-cents, which survives JSON as text. */
export interface PlannedScope {
  readonly scope: string;
  readonly cap: bigint;
}

export interface PlannedJob {
  readonly jobId: string;
  readonly lane: string;
  readonly maxCost: bigint;
  readonly maxAttempts: number;
  readonly scopes: readonly PlannedScope[];
  /** Otherwise it is approved by a task of its own. */
  readonly approvedAtOnce: boolean;
}

/** `twice` settles and says so again; `forget` leaves it to `expire`, `late` settles after that. */
export type HoldEnd = "settle" | "twice" | "release" | "forget" | "late";

/** A hold that a caller makes and spends by itself. */
export interface PlannedHold {
  readonly holdId: string;
  readonly amount: bigint;
  /** Asked for on top, once it is held; 0 is not asked for. */
  readonly extension: bigint;
  readonly scopes: readonly PlannedScope[];
  readonly end: HoldEnd;
}

export interface Task {
  readonly id: number;
  readonly kind: "submit" | "approve" | "cancel" | "hold";
  /** A job's or a hold's id. */
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

export interface Plan {
  readonly seed: number;
  readonly jobs: readonly PlannedJob[];
  readonly holds: readonly PlannedHold[];
  readonly actors: readonly Actor[];
  readonly cuts: readonly Cut[];
  readonly crash: Crash | null;
}

/** Everything that a seed decides. The processes' interleaving is the machine's, and differs from run to run. */
export function makePlan(store: StoreName, seed: number): Plan {
  const random = new Random("plan", store, seed);
  const amounts = Array.from({ length: random.between(18, 26) }, () => BigInt(random.between(20, 400)));
  const [jobAmounts, holdAmounts] = [amounts.slice(0, -8), amounts.slice(-8)];
  // Every one of them asked for at most once a year, say: two thirds of it fit.
  const total = Number(amounts.reduce((sum, amount) => sum + amount, 0n));
  const caps: Readonly<Record<string, bigint>> = {
    "month:2026-11": BigInt(Math.floor(total * 0.6)),
    "run:1": BigInt(Math.floor(total * 0.35)),
    "run:2": BigInt(Math.floor(total * 0.35)),
  };
  const scopes = (): readonly PlannedScope[] => {
    // Some go by an older, lower cap.
    const share = random.percent(20) ? 80n : 100n;
    const named = random.shuffled(["month:2026-11", random.pick(["run:1", "run:2"])]);
    return named.map((scope) => ({ scope, cap: ((caps[scope] ?? 0n) * share) / 100n }));
  };
  const jobs = jobAmounts.map((maxCost, index): PlannedJob => {
    return {
      jobId: `j${String(index)}`,
      lane: random.pick(LANES),
      maxCost,
      maxAttempts: random.between(1, 3),
      scopes: scopes(),
      approvedAtOnce: random.percent(70),
    };
  });
  const holds = holdAmounts.map((amount, index): PlannedHold => {
    return {
      holdId: `h${String(index)}`,
      amount,
      extension: random.percent(30) ? BigInt(random.between(1, 100)) : 0n,
      scopes: scopes(),
      end: random.pick(["settle", "settle", "twice", "twice", "release", "forget", "late"]),
    };
  });
  return {
    seed,
    jobs,
    holds,
    actors: actors(random, store, jobs, holds),
    cuts: store === "sqlite" ? [] : cuts(random),
    crash: store === "sqlite" || !random.percent(35) ? null : crash(random),
  };
}

const ACTORS = 3;

function actors(
  random: Random,
  store: StoreName,
  jobs: readonly PlannedJob[],
  holds: readonly PlannedHold[],
): readonly Actor[] {
  type Draft = Pick<Task, "kind" | "subject">;
  const first = jobs.flatMap(({ jobId, approvedAtOnce }): readonly Draft[] => {
    const submit = { kind: "submit", subject: jobId } as const;
    return approvedAtOnce ? [submit] : [submit, { kind: "approve", subject: jobId }];
  });
  const again = first.filter(() => random.percent(15));
  const cancels = jobs
    .filter(() => random.percent(12))
    .map(({ jobId }): Draft => {
      return { kind: "cancel", subject: jobId };
    });
  const held = holds.map(({ holdId }): Draft => ({ kind: "hold", subject: holdId }));
  const agendas: Task[][] = Array.from({ length: ACTORS }, () => []);
  let id = 0;
  // Submissions roughly before what is decided about them.
  for (const task of [...random.shuffled([...first, ...held]), ...random.shuffled([...again, ...cancels])]) {
    const isBatch = task.kind === "submit" && random.percent(20);
    const others = isBatch ? random.shuffled(jobs.map(({ jobId }) => jobId)).slice(0, 3) : [];
    agendas[random.below(ACTORS)]?.push({
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

function cuts(random: Random): readonly Cut[] {
  return Array.from({ length: random.between(1, 4) }, () => {
    return { chunk: random.between(8, 160), how: random.pick(["before", "half", "after", "after"]) };
  });
}

function crash(random: Random): Crash {
  return { afterLines: random.between(10, 120), how: random.pick(["immediate", "killed", "backend"]) };
}

/** What an attempt costs in truth: at least half of them what was estimated, the others less. */
export function costOf(seed: number, holdId: string, estimate: bigint): bigint {
  const random = new Random("cost", seed, holdId);
  return random.percent(70) ? estimate : BigInt(random.below(Number(estimate)));
}

/** A cost in one to four slices. */
export function slicesOf(random: Random, cost: bigint): readonly bigint[] {
  const slices: bigint[] = [];
  let left = cost;
  for (let more = random.below(4); more > 0 && left > 1n; more--) {
    const slice = BigInt(random.between(1, Number(left) - 1));
    slices.push(slice);
    left -= slice;
  }
  return left > 0n ? [...slices, left] : slices;
}
