/** Future events in simulated time, in order of time, and then in the order in which they were added. */
export class Agenda<Event> {
  /** The next event is last, because removing the last entry is cheap. */
  readonly #entries: { readonly at: number; readonly event: Event }[] = [];

  add(at: number, event: Event): void {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.at ?? Infinity) > at) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, { at, event });
  }

  /** The time of the next event; `Infinity` if there is none. */
  get nextAt(): number {
    return this.#entries.at(-1)?.at ?? Infinity;
  }

  /** Removes and returns the events that are due at `time`. */
  takeDue(time: number): readonly Event[] {
    const due: Event[] = [];
    for (let next = this.#entries.at(-1); next && next.at <= time; next = this.#entries.at(-1)) {
      due.push(next.event);
      this.#entries.pop();
    }
    return due;
  }
}
