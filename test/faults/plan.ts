import { type Actor, actors, type Crash, crash, type Cut, cuts } from "./agendas.ts";
import { caps as capChanges, type Change, changes } from "./changes.ts";
import { Random } from "./random.ts";
import { LANES, PINNED } from "./terms.ts";

export type StoreName = "postgres" | "postgres16" | "sqlite";

/** Money in micro-cents, which survives JSON as text. */
export interface PlannedScope {
  readonly scope: string;
  /** `null`: it is left out, and the pinned one counts. */
  readonly cap: bigint | null;
}

export interface PlannedJob {
  readonly jobId: string;
  readonly lane: string;
  readonly maxCost: bigint;
  readonly maxAttempts: number;
  readonly scopes: readonly PlannedScope[];
  /** Otherwise it is approved by a task of its own. */
  readonly approvedAtOnce: boolean;
  /** Seconds after the start of the seed; `null` is no deadline. */
  readonly decideBy: number | null;
  readonly claimBy: number | null;
  /** An attempt of such a job may hang, and is renewed meanwhile. */
  readonly maxRunSeconds: number | null;
  /** Whether older code cannot read its payload. */
  readonly isNewer: boolean;
  /** So many of its attempts fail, whatever else happens; 0 for a usual job. */
  readonly failures: number;
  /** It has ended before the processes start, and may be forgotten meanwhile. */
  readonly isOld: boolean;
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
  readonly isOld: boolean;
}

export interface Plan {
  readonly seed: number;
  readonly jobs: readonly PlannedJob[];
  readonly holds: readonly PlannedHold[];
  /** What people decide meanwhile, each under an id. */
  readonly changes: readonly Change[];
  readonly actors: readonly Actor[];
  readonly cuts: readonly Cut[];
  readonly crash: Crash | null;
}

/** Everything that a seed decides. The processes' interleaving is the machine's, and differs from run to run. */
export function makePlan(store: StoreName, seed: number): Plan {
  const random = new Random("plan", store, seed);
  const amounts = Array.from({ length: random.between(22, 30) }, () => BigInt(random.between(20, 400)));
  const [jobAmounts, holdAmounts] = [amounts.slice(0, -8), amounts.slice(-8)];
  // Every one of them asked for at most once a year, say: two thirds of it fit.
  const total = Number(amounts.reduce((sum, amount) => sum + amount, 0n));
  const caps: Readonly<Record<string, bigint>> = {
    "month:2026-11": BigInt(Math.floor(total * 0.6)),
    "run:1": BigInt(Math.floor(total * 0.35)),
    "run:2": BigInt(Math.floor(total * 0.35)),
  };
  const scopes = (isPinned = random.percent(25)): readonly PlannedScope[] => {
    // Some go by an older, lower cap.
    const share = random.percent(20) ? 80n : 100n;
    const named = ["month:2026-11", random.pick(["run:1", "run:2"])].map((scope) => {
      return { scope, cap: ((caps[scope] ?? 0n) * share) / 100n };
    });
    return random.shuffled(isPinned ? [...named, { scope: PINNED, cap: null }] : named);
  };
  // Each kind of job that is not usual has some of its own, the rest are as they come.
  const kindOf = random.shuffled(Array.from(jobAmounts, (_, index) => index));
  const is = (index: number, from: number, count: number): boolean => {
    const place = kindOf.indexOf(index);
    return place >= from && place < from + count;
  };
  const jobs = jobAmounts.map((maxCost, index): PlannedJob => {
    const isDoomed = is(index, 0, 2);
    const hangs = is(index, 2, 2);
    const isNewer = is(index, 4, 3);
    const [isUndecided, isUnclaimed] = [is(index, 7, 2), is(index, 9, 2)];
    const deadline = (): number => random.between(5, 20) / 10;
    return {
      jobId: `j${String(index)}`,
      lane: random.pick(LANES),
      // Cheap, so that there is room for it.
      maxCost: isDoomed || isNewer ? BigInt(random.between(5, 30)) : maxCost,
      maxAttempts: isDoomed ? 1 : random.between(1, 3),
      scopes: isDoomed || isNewer ? scopes(false) : scopes(),
      approvedAtOnce: isUndecided ? false : isDoomed || hangs || isNewer || random.percent(70),
      decideBy: isUndecided ? deadline() : null,
      claimBy: isUnclaimed || (isUndecided && random.percent(30)) ? deadline() : null,
      maxRunSeconds: hangs ? 0.4 : null,
      isNewer,
      failures: isDoomed ? random.between(1, 2) : 0,
      isOld: false,
    };
  });
  const holds = holdAmounts.map((amount, index): PlannedHold => {
    return {
      holdId: `h${String(index)}`,
      amount,
      extension: random.percent(30) ? BigInt(random.between(1, 100)) : 0n,
      scopes: scopes(),
      // One at least settles late: a person may have been quicker.
      end:
        index === 0
          ? "late"
          : random.pick(["settle", "settle", "twice", "twice", "release", "forget", "late"]),
      isOld: false,
    };
  });
  const decided = [...changes(random, seed, jobs, holds), ...capChanges(random, total)];
  const old = ended(random, caps);
  return {
    seed,
    jobs: [...jobs, ...old.jobs],
    holds: [...holds, ...old.holds],
    changes: decided,
    actors: actors(random, store, jobs, holds, decided),
    cuts: store === "sqlite" ? [] : cuts(random),
    crash: store === "sqlite" || !random.percent(35) ? null : crash(random),
  };
}

/** What has ended before the processes start: cheap, so that it takes little of their room. */
function ended(
  random: Random,
  caps: Readonly<Record<string, bigint>>,
): { readonly jobs: readonly PlannedJob[]; readonly holds: readonly PlannedHold[] } {
  const scopes = (): readonly PlannedScope[] => {
    return ["month:2026-11", random.pick(["run:1", "run:2"])].map((scope) => ({
      scope,
      cap: caps[scope] ?? 0n,
    }));
  };
  return {
    jobs: Array.from({ length: 4 }, (_, index) => ({
      jobId: `old${String(index)}`,
      lane: random.pick(LANES),
      maxCost: BigInt(random.between(5, 20)),
      maxAttempts: 2,
      scopes: scopes(),
      approvedAtOnce: true,
      decideBy: null,
      claimBy: null,
      maxRunSeconds: null,
      isNewer: false,
      failures: 0,
      isOld: true,
    })),
    holds: Array.from({ length: 3 }, (_, index) => ({
      holdId: `was${String(index)}`,
      amount: BigInt(random.between(5, 20)),
      extension: 0n,
      scopes: scopes(),
      end: random.pick<HoldEnd>(["settle", "twice", "release"]),
      isOld: true,
    })),
  };
}
