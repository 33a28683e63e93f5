import { EgressError } from "../egress-fetch/error.ts";

/**
 * An error as `fetch` throws it. A lost connection is a `TypeError` with this text: the Vercel AI SDK tries again after
 * no other. The error of the sending is its cause, and shows no secret.
 */
export function asFetchError(error: unknown): unknown {
  const isLost = error instanceof EgressError && error.reason === "failed";
  return isLost ? new TypeError("fetch failed", { cause: error }) : error;
}
