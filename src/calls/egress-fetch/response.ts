import type { Deadline } from "./deadline.ts";
import { EgressError } from "./error.ts";

/** The limits of a response, and how to make the error at a limit. */
export interface Limits {
  readonly url: string;
  readonly method: string;
  readonly maxBytes: number;
  readonly deadline: Deadline;
  readonly fail: (reason: "failed" | "redirected" | "too_large", what: string) => EgressError;
}

/** Statuses whose responses have no body (Fetch standard, null body status). */
const BODILESS: readonly number[] = [101, 204, 205, 304];

/**
 * A response with the same status and headers, and a body that ends at the limits of time and size.
 *
 * @throws EgressError for a redirect, followed or not, for a body that says that it is above the limit, and for an answer
 *   that is no response, such as `Response.error()`.
 */
export function guarded(response: Response, limits: Limits): Response {
  const { deadline, fail } = limits;
  try {
    refuseRedirect(response, limits);
    const { status, statusText, headers } = response;
    if (hasBody(response, limits)) {
      refuseLarge(response, limits);
      return new Response(guardedBody(response, limits), { status, statusText, headers });
    }
    const answer = new Response(null, { status, statusText, headers });
    deadline.end();
    drop(response);
    return answer;
  } catch (error) {
    deadline.end();
    drop(response);
    throw error instanceof EgressError ? error : fail("failed", "the answer was no valid response");
  }
}

type Body = NonNullable<Response["body"]>;
type Chunk = Body extends ReadableStream<infer Chunk> ? Chunk : never;
type WithBody = Response & { readonly body: Body };

/** An answer to HEAD has the `content-length` of the answer to GET, and no body. */
function hasBody(response: Response, { method }: Limits): response is WithBody {
  return response.body !== null && method !== "HEAD" && !BODILESS.includes(response.status);
}

function refuseRedirect(response: Response, { url, fail }: Limits): void {
  const elsewhere = response.url !== "" && response.url !== url && response.url !== new URL(url).href;
  const asks = response.type === "opaqueredirect" || [301, 302, 303, 307, 308].includes(response.status);
  if (asks || response.redirected || elsewhere) {
    throw fail("redirected", "the response was a redirect, and redirects are not followed");
  }
}

/** The `content-length` of a compressed body says nothing about its size after decompression, which is limited. */
function refuseLarge({ headers }: WithBody, { maxBytes, fail }: Limits): void {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity" && Number(headers.get("content-length") ?? 0) > maxBytes) {
    throw fail("too_large", tooLarge(maxBytes));
  }
}

function tooLarge(maxBytes: number): string {
  return `the response is larger than ${maxBytes} bytes`;
}

/** Closes a body that nobody will read. A fetch of the caller's may answer with anything. */
export function drop(response: Response | null | undefined): void {
  response?.body?.cancel().catch(() => null);
}

/**
 * It reads the response's own body only when somebody reads it, and holds the response until then: a runtime such as Node
 * closes the connection of a response that is garbage and that nobody has begun to read.
 */
function guardedBody(response: WithBody, limits: Limits): Body {
  const { maxBytes, deadline, fail } = limits;
  let reader: ReadableStreamDefaultReader<Chunk> | undefined;
  let bytes = 0;
  let ended = false;
  /** Ends the body. Returns false if it had already ended. */
  const end = (): boolean => {
    if (ended) return false;
    ended = true;
    deadline.end();
    return true;
  };
  const close = async (): Promise<void> => {
    await (reader ?? response.body).cancel().catch(() => null);
  };
  const stop = (controller: ReadableStreamDefaultController, error: unknown): void => {
    if (!end()) return;
    controller.error(error);
    void close();
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
          if (!deadline.start({ keepsAlive: false })) return;
          reader ??= response.body.getReader();
          const { done, value } = await reader.read();
          deadline.pause();
          if (ended) return;
          if (done) {
            end();
            controller.close();
            return;
          }
          bytes += sizeOf(value);
          if (bytes > maxBytes) stop(controller, fail("too_large", tooLarge(maxBytes)));
          else controller.enqueue(value);
        } catch {
          // The original error may contain anything that was sent.
          stop(controller, fail("failed", "the response ended early"));
        }
      },
      cancel: async () => {
        end();
        await close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The size of a chunk. A chunk that is not bytes would get past the limit, so it is refused. */
function sizeOf(chunk: unknown): number {
  if (chunk instanceof Uint8Array) return chunk.byteLength;
  throw new TypeError("a chunk of a response body must be a Uint8Array");
}
