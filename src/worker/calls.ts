import type { Tell } from "../dispatch/events.ts";
import { monotonicSeconds } from "../internal/timers.ts";

/** The calls of one kind, such as claims. It tells of each failure, and notices when they fail on end. */
export class Calls {
  readonly #tell: Tell;
  readonly #limit: number;
  readonly #onOutage: (error: unknown) => void;
  #failingSince: number | null = null;

  /** @param onOutage - called with the last error once the calls have failed for `limit` seconds without an answer. */
  constructor(tell: Tell, limit: number, onOutage: (error: unknown) => void) {
    this.#tell = tell;
    this.#limit = limit;
    this.#onOutage = onOutage;
  }

  answered(): void {
    this.#failingSince = null;
  }

  failed(error: unknown): void {
    this.#tell({ kind: "store_failed", error });
    const now = monotonicSeconds();
    this.#failingSince ??= now;
    if (now - this.#failingSince >= this.#limit) this.#onOutage(error);
  }
}
