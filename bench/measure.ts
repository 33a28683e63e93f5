import { measure } from "mitata";

/** Something to time: `run` makes `calls` calls, each with other arguments. */
export interface Case {
  readonly name: string;
  readonly calls: number;
  readonly run: () => void | Promise<void>;
}

/** What a case took: nanoseconds a call, one figure for each round. */
export interface Timing<Of extends Case = Case> {
  readonly of: Of;
  readonly rounds: readonly number[];
}

const ROUNDS = 9;
const NS_PER_CASE = 50e6;

/**
 * The time that this thread has had on a core, in nanoseconds: what other processes do meanwhile is not
 * measured, nor are the threads that help the garbage collector.
 */
function now(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}

/**
 * Times cases beside each other: every round measures each of them once, so that whatever else the machine
 * does hits all alike; every other round goes backwards.
 *
 * A round's figure is a mean, since collecting the garbage is part of what an allocation costs; what counts
 * is the median of the rounds.
 */
export async function race<Of extends Case>(cases: readonly Of[]): Promise<readonly Timing<Of>[]> {
  const timings = cases.map((of) => ({ of, rounds: new Array<number>() }));
  // Nothing counts until everything is compiled, also for what the other cases do with the shared code.
  for (const { run } of cases) await meanNs(run);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { of, rounds } of round % 2 === 0 ? timings : [...timings].reverse()) {
      rounds.push((await meanNs(of.run)) / of.calls);
    }
  }
  return timings;
}

async function meanNs(run: Case["run"]): Promise<number> {
  const { avg } = await measure(run, { now, min_cpu_time: NS_PER_CASE, batch_samples: 64 });
  return avg;
}

/** Nanoseconds a call: the median of the rounds. */
export function nsOf(timing: Timing): number {
  return median(timing.rounds);
}

/** How many times as long `timing` takes as `base`: the median over rounds, where both ran side by side. */
export function ratio(timing: Timing, base: Timing): number {
  return median(timing.rounds.map((ns, round) => ns / (base.rounds[round] ?? NaN)));
}

/** How far apart the middle half of the rounds lies, as a part of their median: how noisy the machine was. */
export function noise(timing: Timing): number {
  const sorted = [...timing.rounds].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  return ((sorted.at(-1 - quarter) ?? NaN) - (sorted[quarter] ?? NaN)) / nsOf(timing);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
