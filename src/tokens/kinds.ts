import type { Reader } from "../internal/check.ts";

/**
 * Every kind of tokens that can have a price of its own, with what it is part of: the nearest first, and last
 * the whole input or output. A kind comes before what it is part of.
 */
export const TOKEN_KINDS: Readonly<Record<TokenKind, readonly TokenKind[]>> = {
  cacheReadAudio: ["cacheRead", "inputAudio", "input"],
  cacheReadImage: ["cacheRead", "inputImage", "input"],
  cacheWrite1h: ["cacheWrite", "input"],
  cacheRead: ["input"],
  cacheWrite: ["input"],
  inputAudio: ["input"],
  inputImage: ["input"],
  inputVideo: ["input"],
  input: [],
  outputAudio: ["output"],
  outputImage: ["output"],
  outputVideo: ["output"],
  outputReasoning: ["output"],
  outputCitation: ["output"],
  output: [],
};

export type TokenKind =
  | "cacheReadAudio"
  | "cacheReadImage"
  | "cacheWrite1h"
  | "cacheRead"
  | "cacheWrite"
  | "inputAudio"
  | "inputImage"
  | "inputVideo"
  | "input"
  | "outputAudio"
  | "outputImage"
  | "outputVideo"
  | "outputReasoning"
  | "outputCitation"
  | "output";

/** The same in order. */
export const KIND_LIST: readonly (readonly [TokenKind, readonly TokenKind[]])[] =
  // Its keys are those of the record.
  /* @__PURE__ */ Object.entries(TOKEN_KINDS) as [TokenKind, readonly TokenKind[]][];

export type LimitField = `max${Capitalize<TokenKind>}Tokens`;

/** The field of the most tokens of a kind. */
export function limitOf(kind: TokenKind): LimitField {
  // The name is what this function is for.
  return `max${kind.charAt(0).toUpperCase()}${kind.slice(1)}Tokens` as LimitField;
}

/** A reader for a field of each kind, those of the whole input and output `required`, and `more` readers. */
export function kindReaders<Field extends string, More extends string, T>(
  field: (kind: TokenKind) => Field,
  required: Reader<T>,
  rest: Reader<T>,
  more: Readonly<Record<More, Reader<T>>>,
): Readonly<Record<Field | More, Reader<T>>> {
  const kinds = KIND_LIST.map(([kind, wholes]) => [field(kind), wholes.length === 0 ? required : rest]);
  // What must be there is named first. The keys are those that field() names.
  return { ...(Object.fromEntries(kinds.reverse()) as Record<Field, Reader<T>>), ...more };
}
