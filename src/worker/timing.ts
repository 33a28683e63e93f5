/** Lets any number of callers wait. Each wait ends after its time or when the gate opens. */
export class Gate {
  readonly #waiting = new Set<() => void>();

  /** Ends all current waits. Later waits are not affected. */
  open(): void {
    for (const finish of this.#waiting) finish();
  }

  /** Waits for a time, or without one until the gate opens. */
  wait(seconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(finish);
        resolve();
      };
      const timer = seconds === undefined ? undefined : setTimeout(finish, seconds * 1000);
      this.#waiting.add(finish);
    });
  }
}

/** `base` doubled `times` times, at most `max`. */
export function doubled(base: number, max: number, times: number): number {
  // 0 times an infinite power would be NaN.
  return base === 0 ? 0 : Math.min(max, base * 2 ** times);
}

/** A random time between half of `seconds` and all of it, so that many workers do not act at the same moment. */
export function jittered(seconds: number, random: () => number): number {
  const share = random();
  // A wait of NaN or a negative wait would end at once, in an endless loop.
  return share >= 0 && share <= 1 ? seconds * (1 - share / 2) : seconds;
}
