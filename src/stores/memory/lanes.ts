import type { EpochSeconds } from "../../time.ts";

/** A job's place in its lane; every job has another `sequence`. */
export interface Place {
  readonly jobId: string;
  readonly lane: string;
  readonly priority: number;
  readonly runAt: EpochSeconds;
  readonly sequence: number;
}

/** Higher priority first, then the earlier time, then the earlier submission. */
function order(a: Place, b: Place): number {
  return b.priority - a.priority || a.runAt - b.runAt || a.sequence - b.sequence;
}

/** The waiting jobs of each lane, in the order of claim. */
export class Lanes {
  readonly #lanes = new Map<string, Place[]>();

  add(place: Place): void {
    const lane = this.#lanes.get(place.lane) ?? [];
    this.#lanes.set(place.lane, lane);
    lane.splice(indexIn(lane, place), 0, place);
  }

  /** Removes a place, if it is in the lane. */
  remove(place: Place): void {
    const lane = this.#lanes.get(place.lane) ?? [];
    const index = indexIn(lane, place);
    if (lane[index]?.jobId === place.jobId) lane.splice(index, 1);
  }

  /** The first place in these lanes that can be claimed. */
  first(names: readonly string[], canBeClaimed: (place: Place) => boolean): Place | null {
    let best: Place | null = null;
    for (const name of names) {
      const found = this.#lanes.get(name)?.find(canBeClaimed);
      if (found && (best === null || order(found, best) < 0)) best = found;
    }
    return best;
  }
}

/** The index of a place, or the index at which to insert it. */
function indexIn(lane: readonly Place[], place: Place): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = lane[middle];
    if (other && order(other, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
