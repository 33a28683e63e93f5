import { type ClaimTime, claimTimes, SHAPES } from "./claims.ts";
import type { Contestant, Load } from "./contestant.ts";
import { barest, CONTESTANTS } from "./contestants/index.ts";
import { type Holder, HOLDERS, holdsPerSecond } from "./holds.ts";
import { shuffled, type Spread, spreadOf } from "./numbers.ts";
import { measure, type Run, type Setting } from "./race.ts";
import type { Bench } from "./server.ts";

export const PARTS = ["jobs", "batches", "holds", "claims"] as const;
export type Part = (typeof PARTS)[number];

/** How much is measured: everything, or a part for a trial. */
export interface Scale {
  readonly repetitions: number;
  /** The factor for each number of jobs. */
  readonly size: number;
  readonly say: (line: string) => void;
}

/** The repetitions of one setting by a contestant. */
export interface Race {
  readonly name: string;
  readonly setting: Setting;
  readonly runs: readonly Run[];
}
export interface HoldRace {
  readonly name: Holder;
  readonly callers: number;
  readonly perSecond: Spread;
}
export interface Measured {
  readonly jobs: readonly Race[];
  readonly batches: readonly Race[];
  readonly holds: readonly HoldRace[];
  readonly claims: readonly ClaimTime[];
}

const ONE_JOB_CALLS: readonly Setting[] = [
  { processes: 1, callers: 1, batch: 1, jobs: 1000 },
  { processes: 1, callers: 16, batch: 1, jobs: 4000 },
  { processes: 1, callers: 64, batch: 1, jobs: 8000 },
  { processes: 16, callers: 4, batch: 1, jobs: 8000 },
];
/** Each contestant uses the one of these at which it is fastest. */
const BATCHES: readonly Load[] = [1, 3].flatMap((callers) =>
  [100, 500, 1000].map((batch) => ({ callers, batch })),
);
const BATCH_JOBS = 30_000;
const HOLD_CALLERS = [1, 16, 64] as const;
const HOLDS = 4000;
const SIZES = [1e3, 1e4, 1e5, 1e6] as const;

export async function measureAll(bench: Bench, parts: readonly Part[], scale: Scale): Promise<Measured> {
  const when = async <Value>(part: Part, run: () => Promise<readonly Value[]>): Promise<readonly Value[]> =>
    parts.includes(part) ? run() : [];
  return {
    jobs: await when("jobs", () => races(bench, scale, ONE_JOB_CALLS.flatMap(withAll))),
    batches: await when("batches", () => batches(bench, scale)),
    holds: await when("holds", () => holds(bench, scale)),
    claims: await when("claims", () => claims(bench, scale)),
  };
}

type Entry = readonly [Contestant, Setting];

function withAll(setting: Setting): readonly Entry[] {
  return CONTESTANTS.filter((contestant) => contestant !== barest).map((contestant) => [contestant, setting]);
}

async function races(bench: Bench, scale: Scale, entries: readonly Entry[]): Promise<readonly Race[]> {
  const scaled = entries.map(([contestant, setting]) => {
    return {
      contestant,
      setting: { ...setting, jobs: atLeast(64, setting.jobs * scale.size) },
      runs: new Array<Run>(),
    };
  });
  for (let repetition = 1; repetition <= scale.repetitions; repetition++) {
    scale.say(`jobs of ${String(entries.length)} kinds: repetition ${String(repetition)}`);
    for (const { contestant, setting, runs } of shuffled(scaled)) {
      runs.push(await measure(bench, contestant, setting));
    }
  }
  return scaled.map(({ contestant, setting, runs }) => ({ name: contestant.name, setting, runs }));
}

async function batches(bench: Bench, scale: Scale): Promise<readonly Race[]> {
  const jobs = atLeast(2000, BATCH_JOBS * scale.size);
  const entries: Entry[] = [];
  for (const contestant of CONTESTANTS) {
    scale.say(`${contestant.name}: which batch it is fastest at`);
    let best = { setting: { processes: 1, callers: 1, batch: 1, jobs }, jobsPerSecond: 0 };
    for (const load of BATCHES) {
      const setting = { ...load, processes: 1, jobs };
      const { jobsPerSecond } = await measure(bench, contestant, setting);
      if (jobsPerSecond > best.jobsPerSecond) best = { setting, jobsPerSecond };
    }
    entries.push([contestant, best.setting]);
  }
  return races(bench, { ...scale, size: 1 }, entries);
}

async function holds(bench: Bench, scale: Scale): Promise<readonly HoldRace[]> {
  const kinds = HOLD_CALLERS.flatMap((callers) =>
    HOLDERS.map((name) => ({ name, callers, seen: new Array<number>() })),
  );
  for (let repetition = 1; repetition <= scale.repetitions; repetition++) {
    scale.say(`holds: repetition ${String(repetition)}`);
    for (const { name, callers, seen } of shuffled(kinds)) {
      // Enough to take one or two seconds.
      const times = callers === 1 ? 0.5 : name === "dispatch-kit" ? 4 : 1;
      seen.push(await holdsPerSecond(bench, name, callers, atLeast(100, HOLDS * times * scale.size)));
    }
  }
  return kinds.map(({ name, callers, seen }) => ({ name, callers, perSecond: spreadOf(seen) }));
}

async function claims(bench: Bench, scale: Scale): Promise<readonly ClaimTime[]> {
  const times: ClaimTime[] = [];
  for (const shape of SHAPES) {
    const most = (shape === "claimed without vacuum" ? 1e5 : 1e6) * scale.size;
    const sizes = SIZES.filter((size) => size === 1e3 || size <= most);
    scale.say(`claims: ${shape}, up to ${String(sizes.at(-1))} rows`);
    times.push(...(await claimTimes(bench, shape, sizes, scale.repetitions)));
  }
  return times;
}

function atLeast(least: number, count: number): number {
  return Math.max(least, Math.round(count));
}
