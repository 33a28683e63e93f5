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

/**
 * Reads a client's request: a URL as text or as an object, or a `Request`, whose fields `init` overrides.
 *
 * @throws TypeError if it is none of these.
 */
export async function askedRequest(input: unknown, init: RequestInit | undefined): Promise<AskedRequest> {
  const request = input instanceof Request ? input : null;
  const url = request?.url ?? (input instanceof URL ? input.href : input);
  if (typeof url !== "string")
    throw new TypeError("guardedFetch: input must be a string, a URL or a Request");
  const { method = "GET", headers, signal } = { ...partsOf(request), ...presentParts(init) };
  const body = await bodyOf(request, init);
  return {
    url,
    method: method.toUpperCase(),
    headers: new Headers(headers),
    ...body,
    signal: signal ?? undefined,
  };
}

function partsOf(request: Request | null): Pick<RequestInit, "headers" | "method" | "signal"> {
  if (request === null) return {};
  const { method, headers, signal } = request;
  return { method, headers, signal };
}

function presentParts(init: RequestInit | undefined): Pick<RequestInit, "headers" | "method" | "signal"> {
  const { method, headers, signal } = init ?? {};
  return {
    ...(method !== undefined && { method }),
    ...(headers !== undefined && { headers }),
    ...(signal !== undefined && { signal }),
  };
}

async function bodyOf(
  request: Request | null,
  init: RequestInit | undefined,
): Promise<Pick<AskedRequest, "body" | "text">> {
  const given = init?.body ?? null;
  if (given === null) {
    if (request === null || request.body === null) return { body: null, text: null };
    const bytes = new Uint8Array(await request.arrayBuffer());
    return { body: bytes, text: utf8(bytes) };
  }
  if (typeof given === "string") return { body: given, text: given };
  if (given instanceof ArrayBuffer) return { body: given, text: utf8(new Uint8Array(given)) };
  if (ArrayBuffer.isView(given)) {
    return { body: given, text: utf8(new Uint8Array(given.buffer, given.byteOffset, given.byteLength)) };
  }
  if (given instanceof Blob || given instanceof ReadableStream) {
    const bytes = new Uint8Array(await new Response(given).arrayBuffer());
    return { body: bytes, text: utf8(bytes) };
  }
  // A form: the platform encodes it.
  return { body: given, text: null };
}

/** The text of bytes; `null` if they are not UTF-8. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
