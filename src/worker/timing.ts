/** Waits of any number of callers, each of which ends at its time or when the gate opens. */
export class Gate {
  readonly #waiting = new Set<() => void>();

  /** Ends every wait there is; later ones wait again. */
  open(): void {
    for (const go of this.#waiting) go();
  }

  /** Without a time, until the gate opens. */
  wait(seconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = seconds === undefined ? undefined : setTimeout(go, seconds * 1000);
      this.#waiting.add(go);
    });
  }
}

/** `base` doubled that many times, and no more than `max`. */
export function doubled(base: number, max: number, times: number): number {
  // Zero stays zero, also where the power is infinite.
  return base === 0 ? 0 : Math.min(max, base * 2 ** times);
}

/** Between half of it and all of it, so that many workers do not do one thing at one time. */
export function jittered(seconds: number, random: () => number): number {
  const share = random();
  // A wait of NaN or less than nothing would be none, over and over.
  return share >= 0 && share <= 1 ? seconds * (1 - share / 2) : seconds;
}

/** Seconds since an arbitrary instant; unlike the time of day, it never jumps. */
export function ticking(): number {
  return performance.now() / 1000;
}
