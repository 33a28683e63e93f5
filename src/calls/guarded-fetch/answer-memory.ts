import type { TokenUsage } from "../../tokens/fields.ts";
import { itemsOf, valueAt } from "../reports/numbers.ts";

/** An id that a later request may refer to, and the most tokens that the reference stands for. */
export interface Referable {
  readonly id: string;
  readonly tokens: number;
}

/**
 * Items that are output of the model and nothing else. Others may stand for what a tool has found, which the answer had
 * as input.
 */
const WRITTEN: readonly unknown[] = ["message", "reasoning", "function_call", "custom_tool_call"];

/** What a later request may refer to: the answer, which stands for itself and all that came before it, and its items. */
export function referablesOf(
  report: unknown,
  { inputTokens, outputTokens }: TokenUsage,
): readonly Referable[] {
  const whole = inputTokens + outputTokens;
  const items = outputOf(report).map((item) => {
    const tokens = WRITTEN.includes(valueAt(item, "type")) ? outputTokens : whole;
    return { id: valueAt(item, "id"), tokens };
  });
  return [{ id: valueAt(report, "id"), tokens: whole }, ...items].filter(
    (one): one is Referable => typeof one.id === "string",
  );
}

/** The items of an answer. Of more than are read, none is remembered. */
function outputOf(report: unknown): readonly unknown[] {
  const output = valueAt(report, "output");
  return (Array.isArray(output) ? itemsOf(output) : null) ?? [];
}

/** How many ids are remembered. */
const MOST = 10_000;

/**
 * The tokens of answers whose cost is known: they bound what a reference to them stands for. Another model may count the
 * same texts and pictures as many more tokens, so an answer is known to its own model only.
 */
export class AnswerMemory {
  readonly #tokens = new Map<string, number>();

  /** The most tokens that a reference of a request to a model stands for, or `undefined`. */
  tokensOf(id: string, model: string): number | undefined {
    return this.#tokens.get(keyOf(id, model));
  }

  remember({ id, tokens }: Referable, model: string): void {
    const key = keyOf(id, model);
    this.#tokens.delete(key);
    this.#tokens.set(key, tokens);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MOST) break;
      this.#tokens.delete(oldest);
    }
  }
}

function keyOf(id: string, model: string): string {
  return JSON.stringify([id, model]);
}
