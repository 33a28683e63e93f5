import type { Wanted } from "./options.ts";
import { type BoundNumber, unbounded } from "./outcome.ts";
import type { Reading } from "./reading.ts";

/** Output tokens of each choice and of all choices, and the numbers that they are made of. */
export interface OutputBound {
  readonly total: number;
  readonly numbers: readonly BoundNumber[];
}

/**
 * The output tokens that a request can be billed for: its limit, or else the model's own, times its choices. Reasoning is
 * inside of the limit at every provider whose fields are read (docs/bounds.md).
 *
 * @param model - the most output tokens of the model, as the price list says it, or `null`.
 * @throws RefusedBoundError if neither the request, nor the list, nor the caller limits them.
 */
export function outputOf(reading: Reading, wanted: Wanted, model: number | null): OutputBound {
  if (reading.noOutput) return { total: 0, numbers: [] };
  const times = reading.choices * reading.outputLoops;
  const numbers: BoundNumber[] = [];
  if (times > 1) numbers.push({ name: "outputs", value: times, unit: "times", standing: "stated" });
  if (reading.extraOutput > 0) {
    numbers.push({ name: "prediction", value: reading.extraOutput, unit: "tokens", standing: "assumed" });
  }
  const limit = limitNumber(reading, wanted, model);
  numbers.push(limit);
  // The caller's number is for all choices together.
  const total = limit.name === STATED ? limit.value : (limit.value + reading.extraOutput) * times;
  return { total, numbers };
}

const STATED = "stated output";

function limitNumber(reading: Reading, { maxOutputTokens }: Wanted, model: number | null): BoundNumber {
  const unit = "tokens";
  if (reading.output.tokens !== null) {
    return { name: "output limit", value: reading.output.tokens, unit, standing: "stated" };
  }
  if (reading.fixedOutput !== null) return reading.fixedOutput;
  if (maxOutputTokens !== null) return { name: STATED, value: maxOutputTokens, unit, standing: "stated" };
  if (model !== null) return { name: "output of the model", value: model, unit, standing: "published" };
  const field = reading.output.path.join(".");
  const hint = field === "" ? "set maxOutputTokens" : `set ${field} in the request, or maxOutputTokens`;
  throw unbounded(`neither the request nor the price list limits the output; ${hint}`);
}
