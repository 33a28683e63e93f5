import type { Deadline } from "./deadline.ts";
import type { EgressError } from "./error.ts";

/** What a response may be, and what it is called where it is not. */
export interface Limits {
  readonly url: string;
  readonly maxBytes: number;
  readonly deadline: Deadline;
  readonly fail: (reason: "failed" | "redirected" | "too_large", what: string) => EgressError;
}

/** Statuses whose responses have no body (Fetch standard, null body status). */
const BODILESS: readonly number[] = [101, 204, 205, 304];

/**
 * A response that cannot go on for ever: the same status and headers, and a body that ends at its limits.
 *
 * @throws EgressError for a redirect, also one that was followed, and for a body that says it is too large.
 */
export function guarded(response: Response, limits: Limits): Response {
  try {
    refuseRedirect(response, limits);
    refuseLarge(response, limits);
  } catch (error) {
    limits.deadline.end();
    drop(response);
    throw error;
  }
  const { body, status, statusText, headers } = response;
  if (body !== null && !BODILESS.includes(status)) {
    return new Response(guardedBody(body, limits), { status, statusText, headers });
  }
  limits.deadline.end();
  drop(response);
  return new Response(null, { status, statusText, headers });
}

function refuseRedirect(response: Response, { url, fail }: Limits): void {
  const elsewhere = response.url !== "" && response.url !== url && response.url !== new URL(url).href;
  const asks = response.type === "opaqueredirect" || [301, 302, 303, 307, 308].includes(response.status);
  if (asks || response.redirected || elsewhere) {
    throw fail("redirected", "the answer was a redirect, which is never followed");
  }
}

function refuseLarge(response: Response, { maxBytes, fail }: Limits): void {
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) {
    throw fail("too_large", tooLarge(maxBytes));
  }
}

function tooLarge(maxBytes: number): string {
  return `the answer is larger than ${maxBytes} bytes`;
}

/** Closes what nobody will read. */
export function drop(response: Response): void {
  response.body?.cancel().catch(() => null);
}

function guardedBody(body: NonNullable<Response["body"]>, limits: Limits): NonNullable<Response["body"]> {
  const { maxBytes, deadline, fail } = limits;
  const reader = body.getReader();
  let bytes = 0;
  let over = false;
  /** Ends it once; whether this was that. */
  const end = (): boolean => {
    if (over) return false;
    over = true;
    deadline.end();
    return true;
  };
  const stop = (controller: ReadableStreamDefaultController, error: unknown): void => {
    if (!end()) return;
    controller.error(error);
    reader.cancel().catch(() => null);
  };
  return new ReadableStream(
    {
      start: (controller) => {
        deadline.onAbort((reason) => {
          stop(controller, reason);
        });
      },
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (over) return;
          if (done) {
            end();
            controller.close();
            return;
          }
          bytes += sizeOf(value);
          if (bytes > maxBytes) stop(controller, fail("too_large", tooLarge(maxBytes)));
          else controller.enqueue(value);
        } catch {
          // The error may hold anything that was sent.
          stop(controller, fail("failed", "the answer broke off"));
        }
      },
      cancel: async () => {
        end();
        await reader.cancel().catch(() => null);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What is no bytes has no size, and could be of any. */
function sizeOf(chunk: unknown): number {
  if (chunk instanceof Uint8Array) return chunk.byteLength;
  throw new TypeError("a chunk of a body must be bytes");
}
