import { clientRequest, urlTextOf } from "../egress-fetch/client-request.ts";

/** A client's request, before it is checked. */
export interface AskedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  /** The body as text, if it is text or bytes of valid UTF-8; `null` without a body. */
  readonly text: string | null;
  /** What is sent: the body as the client gave it. */
  readonly body: RequestInit["body"];
  readonly signal: AbortSignal | undefined;
}

/** A request whose body is text. */
export type ReadableRequest = AskedRequest & { readonly text: string };

/**
 * Reads a client's request: a URL as text or as an object, or a `Request`, whose fields `init` replaces.
 *
 * @throws TypeError, RangeError if `fetch` would not take it either.
 */
export async function askedRequest(input: unknown, init: RequestInit | undefined): Promise<AskedRequest> {
  const { method, headers, body, signal } = clientRequest(input, init);
  return {
    url: urlTextOf(input),
    method,
    headers: new Headers(headers),
    ...(await bodyOf(body, signal)),
    signal,
  };
}

/** Reads a body once, as `fetch` does: what is bounded is what is sent, even if the client uses its buffer again. */
async function bodyOf(
  given: RequestInit["body"],
  signal: AbortSignal | undefined,
): Promise<Pick<AskedRequest, "body" | "text">> {
  if (given === undefined || given === null) return { body: null, text: null };
  if (typeof given === "string") return { body: given, text: given };
  if (given instanceof ArrayBuffer) return bytesOf(new Uint8Array(given).slice());
  if (ArrayBuffer.isView(given)) {
    return bytesOf(new Uint8Array(given.buffer, given.byteOffset, given.byteLength).slice());
  }
  if (given instanceof Blob || given instanceof ReadableStream) {
    return bytesOf(await untilAbort(given instanceof Blob ? given.stream() : given, signal));
  }
  // A form: the platform encodes it.
  return { body: given, text: null };
}

function bytesOf(bytes: Uint8Array<ArrayBuffer>): Pick<AskedRequest, "body" | "text"> {
  return { body: bytes, text: utf8(bytes) };
}

/** Reads a body, which may have no end, until the client aborts. The client's signal may be of a class of its own. */
async function untilAbort(
  source: ReadableStream,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const ended = new AbortController();
  const abort = (): void => {
    ended.abort(signal?.reason);
  };
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    const body = source.pipeThrough(new TransformStream(), { signal: ended.signal });
    return new Uint8Array(await new Response(body).arrayBuffer());
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** The text of bytes; `null` if they are not UTF-8. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
