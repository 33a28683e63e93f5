export const DAY = 86_400;

/** Seconds of a UTC day from which, and up to which, a price applies. They may include midnight. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

/** Whether the hours have begun and not ended at an instant. */
export function isWithin({ from, to }: Hours, at: number): boolean {
  const now = at - startOfDay(at);
  return from <= to ? now >= from && now < to : now >= from || now < to;
}

function startOfDay(at: number): number {
  return Math.floor(at / DAY) * DAY;
}

/**
 * The first instant from `at` to `until`, both included, of each set of prices in between: `at`, each of `starts`, and
 * after each of these the daily `times` of so many `days`.
 */
export function momentsIn(
  at: number,
  until: number,
  times: readonly number[],
  days: number,
  starts: readonly number[] = [],
): readonly number[] {
  const begins = [at, ...starts].filter((start) => start >= at && start <= until);
  return begins.flatMap((begin) => {
    const dates = Array.from({ length: days + 1 }, (_, index) => startOfDay(begin) + index * DAY);
    const daily = dates.flatMap((date) => times.map((time) => date + time));
    return [begin, ...daily.filter((moment) => moment > begin && moment <= until)];
  });
}

/** The day of the week, 1 for Monday to 7 for Sunday, of an instant in UTC. */
export function weekdayOf(at: number): number {
  // 1970-01-01 was a Thursday.
  return ((((Math.floor(at / DAY) + 3) % 7) + 7) % 7) + 1;
}
