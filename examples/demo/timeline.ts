/** The money at one moment, in micro-cents, and the calls in flight. */
export interface Moment {
  readonly held: bigint;
  readonly spent: bigint;
  readonly trueCost: bigint;
  readonly inFlight: number;
}

/** An interval: the sums at its end, the most that was held in it, and the calls that came in it. */
export interface Slot {
  end: Moment;
  heldPeak: bigint;
  admitted: number;
  refused: number;
}

const NOTHING: Moment = { held: 0n, spent: 0n, trueCost: 0n, inFlight: 0 };

/** Groups many thousand events into a few hundred slots of equal length, as many as a page can show. */
export class Timeline {
  readonly from: number;
  readonly slotSeconds: number;
  readonly slots: readonly Slot[];
  #last = 0;

  /**
   * @param from - the first instant, in epoch seconds.
   * @param to - the last instant, in epoch seconds.
   * @param most - the most slots.
   */
  constructor(from: number, to: number, most: number) {
    this.from = from;
    this.slotSeconds = roundUp((to - from) / most || 1);
    this.slots = Array.from({ length: Math.floor((to - from) / this.slotSeconds) + 1 }, () => ({
      end: NOTHING,
      heldPeak: 0n,
      admitted: 0,
      refused: 0,
    }));
  }

  arrived(at: number, isAdmitted: boolean): void {
    const slot = this.#slotAt(at);
    if (isAdmitted) slot.admitted++;
    else slot.refused++;
  }

  /** Records the sums after an event; events come in order of time. */
  note(at: number, moment: Moment): void {
    const slot = this.#slotAt(at);
    slot.end = moment;
    if (moment.held > slot.heldPeak) slot.heldPeak = moment.held;
  }

  /** Fills the slots after the last event with the sums after it. */
  close(): void {
    this.#slotAt(this.from + this.slots.length * this.slotSeconds);
  }

  /** The slot of an instant. Skipped slots before it get the sums of the slot before them. */
  #slotAt(at: number): Slot {
    const index = Math.min(Math.floor((at - this.from) / this.slotSeconds), this.slots.length - 1);
    for (; this.#last < index; this.#last++) {
      const [before, next] = [this.slots[this.#last], this.slots[this.#last + 1]];
      if (!before || !next) break;
      next.end = before.end;
      next.heldPeak = before.end.held;
    }
    const slot = this.slots[index];
    if (slot === undefined) throw new RangeError(`${at} is before the timeline's start`);
    return slot;
  }
}

/** The next of 1, 2, 5, 10, 20, 50 and so on. */
function roundUp(seconds: number): number {
  const power = 10 ** Math.floor(Math.log10(seconds));
  return power * ([1, 2, 5].find((factor) => factor * power >= seconds) ?? 10);
}
