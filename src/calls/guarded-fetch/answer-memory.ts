/** How many answers are remembered. */
const MOST = 10_000;

/**
 * The tokens of answers that were settled, by the id that a later request may refer to: they bound what the reference
 * stands for.
 */
export class AnswerMemory {
  readonly #tokens = new Map<string, number>();

  /** The tokens of an answer and of all that came before it, or `undefined`. */
  readonly tokensOf = (id: string): number | undefined => this.#tokens.get(id);

  readonly remember = (id: string, tokens: number): void => {
    this.#tokens.delete(id);
    this.#tokens.set(id, tokens);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MOST) break;
      this.#tokens.delete(oldest);
    }
  };
}
