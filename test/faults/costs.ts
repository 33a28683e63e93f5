import { Random } from "./random.ts";

/** What an attempt costs in truth: at least half of them what was estimated, the others less. */
export function costOf(seed: number, subject: string, estimate: bigint): bigint {
  const random = new Random("cost", seed, subject);
  return random.percent(70) ? estimate : BigInt(random.below(Number(estimate)));
}

/** What the cost of a job's attempt follows from. */
export function attemptName(jobId: string, attempt: number | undefined): string {
  return `job:${jobId}#${String(attempt)}`;
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
