import { isDispatchError } from "../errors.ts";

/**
 * A short name for anything that was thrown: the code of a `DispatchError`, else the name of the error, and `_OTHER`
 * for what has no such name. It never has the message, which may contain anything.
 *
 * @example
 * ```ts
 * errorType(new DispatchError("store_failed", "the database is gone")); // => "store_failed"
 * errorType(new RangeError("secret")); // => "RangeError"
 * errorType("secret"); // => "_OTHER"
 * ```
 */
export function errorType(thrown: unknown): string {
  // The getters of what was thrown may throw too.
  try {
    const type = isDispatchError(thrown) ? thrown.code : thrown instanceof Error ? thrown.name : "";
    if (/^[A-Za-z]\w{0,63}$/.test(type)) return type;
  } catch {
    // It has no name that can be read.
  }
  // https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/registry/attributes/error.md
  return "_OTHER";
}
