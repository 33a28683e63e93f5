import type { Reader } from "../internal/check.ts";

/**
 * Every kind of tokens that can have its own price, with its parents: the kinds that it is part of. The nearest parent
 * is first; the last is `input` or `output`. Each kind is listed before its parents.
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

/** {@link TOKEN_KINDS} as a list, in the same order. */
export const KIND_LIST: readonly (readonly [TokenKind, readonly TokenKind[]])[] =
  // The keys are those of TOKEN_KINDS.
  /* @__PURE__ */ Object.entries(TOKEN_KINDS) as [TokenKind, readonly TokenKind[]][];

export type LimitField = `max${Capitalize<TokenKind>}Tokens`;

/** The name of the field of `TokenLimits` for a kind. */
export function limitOf(kind: TokenKind): LimitField {
  // The template builds exactly this name.
  return `max${kind.charAt(0).toUpperCase()}${kind.slice(1)}Tokens` as LimitField;
}

/**
 * A reader for each kind's field: `required` for the whole input and output, `rest` for other kinds; and `more`
 * readers.
 */
export function kindReaders<Field extends string, More extends string, T>(
  field: (kind: TokenKind) => Field,
  required: Reader<T>,
  rest: Reader<T>,
  more: Readonly<Record<More, Reader<T>>>,
): Readonly<Record<Field | More, Reader<T>>> {
  const kinds = KIND_LIST.map(([kind, parents]) => [field(kind), parents.length === 0 ? required : rest]);
  // Reversed, so that an error message lists the required fields first. The keys are those that field() names.
  return { ...(Object.fromEntries(kinds.reverse()) as Record<Field, Reader<T>>), ...more };
}
