/** Seconds since an arbitrary instant. Unlike the time of day, this clock never jumps. */
export function monotonicSeconds(): number {
  return performance.now() / 1000;
}

/** The longest wait of one timer, in seconds. A timer that is too long fires at once. */
export const LONGEST_TIMER = 1e6;

/** Calls back after a time of any length. Returns what stops the wait. */
export function startTimer(seconds: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (left: number): void => {
    const step = Math.min(left, LONGEST_TIMER);
    timer = setTimeout(() => {
      if (left > step) wait(left - step);
      else callback();
    }, step * 1000);
  };
  wait(seconds);
  return () => {
    clearTimeout(timer);
  };
}

/** The most work, in seconds, between two turns of the event loop. */
const MOST_WORK = 0.01;

/**
 * Returns a function that a loop awaits in each round: after 10 ms without a turn of the event loop it waits for one, so
 * that timers and I/O run. Promises that are settled already do not let them run.
 */
export function pacer(): () => Promise<void> {
  let since = 0;
  /** The next turn; `null` if there was one since the last round. */
  let turn: Promise<void> | null = null;
  return async () => {
    if (turn) {
      if (monotonicSeconds() - since >= MOST_WORK) await turn;
      return;
    }
    since = monotonicSeconds();
    turn = new Promise((resolve) => {
      soon(() => {
        turn = null;
        resolve();
      });
    });
  };
}

/** A timer would wait a millisecond or more, `setImmediate` does not. Kept, so that a test's fake clock does not stop it. */
export const soon: (callback: () => void) => unknown = /* @__PURE__ */ (() => {
  const { setImmediate = setTimeout } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  return setImmediate;
})();
