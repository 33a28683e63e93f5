/** What happens later in simulated time: taken out in order of time, then in the order it was put in. */
export class Agenda<Event> {
  /** The next one last, where it is cheap to take. */
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

  /** When the next one happens; `Infinity` if nothing does. */
  get nextAt(): number {
    return this.#entries.at(-1)?.at ?? Infinity;
  }

  /** Takes the events that are due by `time`. */
  takeDue(time: number): readonly Event[] {
    const due: Event[] = [];
    for (let next = this.#entries.at(-1); next && next.at <= time; next = this.#entries.at(-1)) {
      due.push(next.event);
      this.#entries.pop();
    }
    return due;
  }
}
