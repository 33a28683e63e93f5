import { measure } from "mitata";

/** A case to measure: `run` makes `calls` calls, each with other arguments. */
export interface Case {
  readonly name: string;
  readonly calls: number;
  readonly run: () => void | Promise<void>;
}

/** The times of a case: nanoseconds per call, one figure for each round. */
export interface Timing<Of extends Case = Case> {
  readonly of: Of;
  readonly rounds: readonly number[];
}

const ROUNDS = 9;
const NS_PER_CASE = 50e6;

/**
 * The CPU time of this thread, in nanoseconds. Other processes, and the helper threads of the garbage collector, are not
 * measured.
 */
function now(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}

/** How much is measured; by default as much as a fast function needs. */
export interface Effort {
  readonly rounds?: number;
  /** The fewest runs of a case in each round, for runs that are long themselves. */
  readonly runs?: number;
  /** Runs of each case before the first round, for code that takes thousands of calls to be compiled. */
  readonly warmUp?: number;
}

/**
 * Measures cases side by side. Every round measures each case once, so that other work of the machine affects all cases
 * alike. Every other round has the reverse order.
 *
 * The figure of a round is a mean, because an allocation also costs garbage collection. The result is the median of the
 * rounds.
 */
export async function race<Of extends Case>(
  cases: readonly Of[],
  { rounds: count = ROUNDS, runs = 12, warmUp = 0 }: Effort = {},
): Promise<readonly Timing<Of>[]> {
  const timings = cases.map((of) => ({ of, rounds: new Array<number>() }));
  // A first run of all cases does not count: the shared code must be compiled for all of them.
  for (const { run } of cases) {
    for (let before = 0; before < warmUp; before++) await run();
    await meanNs(run, runs);
  }
  for (let round = 0; round < count; round++) {
    for (const { of, rounds } of round % 2 === 0 ? timings : [...timings].reverse()) {
      rounds.push((await meanNs(of.run, runs)) / of.calls);
    }
  }
  return timings;
}

async function meanNs(run: Case["run"], runs: number): Promise<number> {
  const options = { now, min_cpu_time: NS_PER_CASE, min_samples: runs, batch_samples: 64 };
  const { avg } = await measure(run, options);
  return avg;
}

/** Nanoseconds per call: the median of the rounds. */
export function nsOf(timing: Timing): number {
  return median(timing.rounds);
}

/** The ratio of `timing` to `base`: the median of the rounds, in each of which both ran side by side. */
export function ratio(timing: Timing, base: Timing): number {
  return median(timing.rounds.map((ns, round) => ns / (base.rounds[round] ?? NaN)));
}

/** What `timing` takes beyond `others`, in nanoseconds per call: the median of the rounds' differences. */
export function beyond(timing: Timing, ...others: readonly Timing[]): number {
  return median(
    timing.rounds.map((ns, round) => others.reduce((left, other) => left - (other.rounds[round] ?? NaN), ns)),
  );
}

/** The spread of the middle half of the rounds, relative to their median: how noisy the machine was. */
export function noise(timing: Timing): number {
  const sorted = [...timing.rounds].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  return ((sorted.at(-1 - quarter) ?? NaN) - (sorted[quarter] ?? NaN)) / nsOf(timing);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
