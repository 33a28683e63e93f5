/** Numbers that follow from what they are named after, the same ones in every run. */
export class Random {
  #state: number;

  constructor(...names: readonly (string | number)[]) {
    // FNV-1a, 32 bits, then a step: names that differ in one character start far apart.
    let hash = 0x811c9dc5;
    for (const unit of names.join("/")) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    // Splitmix32's additive step and its mixing of the bits.
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return Math.floor((((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32) * limit);
  }

  /** A whole number of these two and those between. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in so many of a hundred cases. */
  percent(share: number): boolean {
    return this.below(100) < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  }

  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    return items
      .map((item) => [this.below(2 ** 32), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}
