import type { EpochSeconds } from "../../time.ts";

/** What decides a job's place in its lane. */
export interface Waiting {
  readonly body: { readonly lane: string; readonly priority: number };
  readonly runAt: EpochSeconds;
  readonly sequence: number;
}

/** Higher priority first, then the earlier time, then the earlier submission. */
function order(a: Waiting, b: Waiting): number {
  return b.body.priority - a.body.priority || a.runAt - b.runAt || a.sequence - b.sequence;
}

/** Jobs that wait, each lane in the order in which it is claimed. */
export class Lanes<Job extends Waiting> {
  readonly #lanes = new Map<string, Job[]>();

  add(job: Job): void {
    const lane = this.#lanes.get(job.body.lane) ?? [];
    this.#lanes.set(job.body.lane, lane);
    lane.splice(place(lane, job), 0, job);
  }

  /** Takes a job out; false if it was not there. */
  remove(job: Job): boolean {
    const lane = this.#lanes.get(job.body.lane) ?? [];
    const index = lane.indexOf(job);
    return index >= 0 && lane.splice(index, 1).length > 0;
  }

  /** The first job of these lanes that can be claimed. */
  first(names: readonly string[], canBeClaimed: (job: Job) => boolean): Job | null {
    let best: Job | null = null;
    for (const name of names) {
      const found = this.#lanes.get(name)?.find(canBeClaimed);
      if (found && (best === null || order(found, best) < 0)) best = found;
    }
    return best;
  }
}

function place<Job extends Waiting>(lane: readonly Job[], job: Job): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = lane[middle];
    if (other && order(other, job) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
