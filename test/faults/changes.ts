import { costOf } from "./costs.ts";
import type { PlannedHold, PlannedJob } from "./plan.ts";
import type { Random } from "./random.ts";
import { LANES } from "./terms.ts";

/** What a person decides, under the id of the decision. Money in micro-cents. */
export type Change = { readonly id: string } & (
  | { readonly call: "correct"; readonly holdId: string; readonly amount: bigint }
  /** Once the job has failed so often and was retried `after` times, or more often. */
  | { readonly call: "retry"; readonly jobId: string; readonly after: number }
  /** And resumed under an id of its own, so many milliseconds later. */
  | { readonly call: "pause"; readonly lane: string; readonly milliseconds: number }
  | { readonly call: "pinCap"; readonly amount: bigint }
  | { readonly call: "raiseCap"; readonly amount: bigint; readonly seconds: number }
  /** And pinned again under an id of its own, a moment later. */
  | { readonly call: "unpinCap"; readonly amount: bigint }
);

/** Corrections, retries and pauses. */
export function changes(
  random: Random,
  seed: number,
  jobs: readonly PlannedJob[],
  holds: readonly PlannedHold[],
): readonly Change[] {
  const made: Change[] = [];
  const add = (change: (id: string) => Change): void => {
    made.push(change(`d${String(made.length)}`));
  };
  const ownHolds = random.shuffled(holds.filter(({ end }) => end !== "release"));
  const late = ownHolds.filter(({ end }) => end === "late");
  const subjects = [
    ...[...late, ...ownHolds].slice(0, 4).map(({ holdId, amount }) => ({ holdId, estimate: amount })),
    ...random
      .shuffled(jobs)
      .slice(0, 3)
      .map(({ jobId, maxCost }) => ({ holdId: `job:${jobId}#1`, estimate: maxCost })),
    // They may be forgotten just then.
    ...["was0", "job:old0#1", "job:old1#1"].map((holdId) => ({ holdId, estimate: 0n })),
  ];
  for (const { holdId, estimate } of new Map(subjects.map((one) => [one.holdId, one])).values()) {
    const cost = costOf(seed, holdId, estimate);
    // A refund, the truth, or, seldom, a bill that is higher than anyone had set aside money for.
    const amounts = [
      estimate === 0n ? 0n : cost / 2n,
      estimate === 0n ? 1n : cost,
      ...(random.percent(15) ? [estimate + BigInt(random.between(1, 50))] : []),
    ];
    // Each of them once, so that an amount tells the decision.
    for (const amount of random.shuffled([...new Set(amounts)]).slice(0, random.between(1, 2))) {
      add((id) => ({ id, call: "correct", holdId, amount }));
    }
  }
  for (const { jobId, failures } of jobs) {
    if (failures === 0 && !random.percent(15)) continue;
    // By two people at once, and perhaps once more.
    for (const after of random.percent(30) ? [0, 0, 1] : [0, 0]) {
      add((id) => ({ id, call: "retry", jobId, after }));
    }
  }
  for (let pauses = random.between(1, 3); pauses > 0; pauses--) {
    const [lane, milliseconds] = [random.pick(LANES), random.between(20, 150)];
    add((id) => ({ id, call: "pause", lane, milliseconds }));
  }
  return made;
}

/** The cap that is pinned first. */
export function firstPin(total: number): bigint {
  return BigInt(Math.floor(total * 0.07));
}

/** The pinned cap is raised, lowered and unpinned. No two of these amounts are the same. */
export function caps(random: Random, total: number): readonly Change[] {
  const share = (percent: number): bigint => firstPin(total) + BigInt(Math.floor((total * percent) / 100));
  const steps: readonly Change[] = [
    { id: "pin-first", call: "pinCap", amount: firstPin(total) },
    { id: "pin-lower", call: "pinCap", amount: firstPin(total) / 2n },
    { id: "pin-higher", call: "pinCap", amount: share(random.between(2, 4)) },
    { id: "raise", call: "raiseCap", amount: share(5), seconds: random.between(8, 20) / 10 },
    { id: "unpin", call: "unpinCap", amount: share(1) },
  ];
  return [steps.slice(0, 1), random.shuffled(steps.slice(1)).slice(0, random.between(3, 4))].flat();
}
