import type { JsonBody } from "./json-body.ts";
import { knownTokens, type Wanted } from "./options.ts";
import { type BoundNumber, unbounded } from "./outcome.ts";
import type { Reading } from "./reading.ts";
import { sizeOf } from "./sizes.ts";

/** Input tokens, and the numbers that they are made of. */
export interface InputBound {
  readonly tokens: number;
  readonly numbers: readonly BoundNumber[];
}

function tokens(
  name: string,
  value: number,
  standing: BoundNumber["standing"],
  margin?: number,
): BoundNumber {
  return { name, value, unit: "tokens", standing, ...(margin === undefined ? {} : { margin }) };
}

function sum(numbers: readonly BoundNumber[]): number {
  return numbers.reduce((total, { value }) => total + value, 0);
}

/**
 * The input tokens that a request can be billed for.
 *
 * @param contextWindow - the most input tokens that the model takes, or `null`.
 * @throws RefusedBoundError if something of it has no bound.
 */
export function inputOf(
  body: JsonBody,
  reading: Reading,
  wanted: Wanted,
  contextWindow: number | null,
): InputBound {
  const stated = wanted.maxInputTokens;
  const open = openParts(reading, wanted);
  if (stated !== null && (open.length > 0 || reading.loops > 1)) {
    return { tokens: stated, numbers: [tokens("stated input", stated, "stated")] };
  }
  const seen = seenParts(body, reading, wanted);
  if (open.length === 0 && reading.loops === 1) {
    const total = sum(seen);
    if (stated === null || stated >= total) return { tokens: total, numbers: seen };
    return { tokens: stated, numbers: [tokens("stated input", stated, "stated")] };
  }
  return wholeWindow(open, sum(seen), reading, wanted, contextWindow);
}

/** What is in the body, what the provider adds to it, and what the caller knows about the rest. */
function seenParts(body: JsonBody, reading: Reading, wanted: Wanted): readonly BoundNumber[] {
  const known = reading.unseen.flatMap(({ what, id }) => {
    const found = id === null ? null : knownTokens(wanted, id);
    return found === null ? [] : [tokens(what, found, "stated")];
  });
  const added =
    reading.added.length > 0 && wanted.addedTokens !== null
      ? [tokens("added by the provider", wanted.addedTokens, "stated")]
      : [];
  if (wanted.inputTokens !== null) {
    const { tokens: counted, margin } = wanted.inputTokens;
    return [tokens("counted input", counted + margin, "stated", margin), ...known, ...added];
  }
  const texts = tokens("texts", sizeOf(body.object, reading.uncounted) + body.digits, "proven");
  return [texts, ...reading.numbers, ...known, ...added];
}

/** What nobody has bounded yet. */
function openParts(reading: Reading, wanted: Wanted): readonly string[] {
  const unknown = reading.unseen
    .filter(({ id }) => id === null || knownTokens(wanted, id) === null)
    .map(({ what }) => what);
  const added =
    wanted.addedTokens === null && wanted.inputTokens === null
      ? reading.added.map((why) => `what the provider adds ${why}`)
      : [];
  return [...unknown, ...added, ...reading.uncapped];
}

/** The whole context window, as often as it may be read. */
function wholeWindow(
  open: readonly string[],
  seen: number,
  { loops, added, unseen }: Reading,
  wanted: Wanted,
  contextWindow: number | null,
): InputBound {
  const [first = "a loop of tools"] = open;
  if (wanted.unseen === null) {
    const hint = added.length > 0 && unseen.length === 0 ? "set addedTokens or maxInputTokens" : HINT;
    throw unbounded(`nobody knows the tokens of ${first}; ${hint}`);
  }
  if (loops === Infinity) {
    throw unbounded(`${first} has no limit of loops; set max_tool_calls in the request, or maxInputTokens`);
  }
  if (contextWindow === null) {
    throw unbounded(`the price list does not say how many input tokens the model takes; set maxInputTokens`);
  }
  const window = Math.max(contextWindow, seen);
  const numbers: readonly BoundNumber[] = [
    tokens("context window", window, "published"),
    { name: "loops", value: loops, unit: "times", standing: loops === 1 ? "proven" : "published" },
  ];
  return { tokens: window * loops, numbers };
}

const HINT = 'set knownAnswers, maxInputTokens or unseen: "contextWindow"';
