import { isObject, type Reader, wrongType } from "./check.ts";

/** Reads an AbortSignal by its shape. An AbortController has no `aborted`, so it is refused: it would stop nothing. */
export function abortSignal(what: string, value: unknown): { readonly aborted: boolean } {
  if (isObject(value) && "aborted" in value && typeof value.aborted === "boolean") {
    // Returned as it is: `aborted` changes, so a copy would be useless.
    return value as { readonly aborted: boolean };
  }
  throw wrongType(what, "an AbortSignal", value);
}

/** Reads an AbortSignal whose abort can be listened to. */
export const listenableSignal: Reader<AbortSignal> = (what, value) => {
  const signal = abortSignal(what, value);
  if ("addEventListener" in signal && "removeEventListener" in signal) {
    // Only `aborted` and these two methods are used.
    return signal as AbortSignal;
  }
  throw wrongType(what, "an AbortSignal", value);
};
