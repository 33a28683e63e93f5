import { isObject, wrongType } from "./check.ts";

/** Reads an AbortSignal by its shape. An AbortController has no `aborted`, so it is refused: it would stop nothing. */
export function abortSignal(what: string, value: unknown): { readonly aborted: boolean } {
  if (isObject(value) && "aborted" in value && typeof value.aborted === "boolean") {
    // Returned as it is: `aborted` changes, so a copy would be useless.
    return value as { readonly aborted: boolean };
  }
  throw wrongType(what, "an AbortSignal", value);
}
