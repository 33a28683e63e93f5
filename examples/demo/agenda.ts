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

  /** Takes the next event that is due by `time`; `null` if there is none. */
  takeDue(time: number): { readonly at: number; readonly event: Event } | null {
    const next = this.#entries.at(-1);
    if (next === undefined || next.at > time) return null;
    this.#entries.pop();
    return next;
  }
}
