import { type EpochSeconds, epochSeconds } from "../time.ts";

/** Where every case's clock starts: 2026-11-23T00:00:00Z. */
export const START = 1_795_392_000;

/** A clock that does not move by itself: a case sets `now`. */
export interface Clock {
  (): EpochSeconds;
  now: number;
}

export function manualClock(): Clock {
  const clock: Clock = Object.assign(() => epochSeconds(clock.now), { now: START });
  return clock;
}
