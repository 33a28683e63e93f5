import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { type Asked, FIRST_WORD, type Wire } from "./wire/wire.ts";

/** How the server treats a request. */
export type Behaviour =
  | { readonly does: "answer"; readonly servedBy?: string; readonly callsTool?: boolean }
  /** Answers in chunks that end within events, within line ends and within letters. */
  | { readonly does: "tear" }
  | { readonly does: "fail"; readonly status: number; readonly message: string }
  /** Sends half of a whole answer, or a stream up to its first word, and then, after `until`, the connection is lost. */
  | { readonly does: "break"; readonly until?: Promise<unknown> }
  /** Sends a stream up to its first word, and ends it as if that were all. */
  | { readonly does: "end" }
  /** Sends a stream up to its first word, and the rest after `until`. A whole answer waits for it. */
  | { readonly does: "pause"; readonly until: Promise<unknown> };

/** Answers a request. */
export async function answer(
  wire: Wire,
  asked: Asked,
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(wire.headers)) response.setHeader(name, value);
  if (behaviour.does === "fail") {
    const { status, message } = behaviour;
    // Clients that know this header wait no longer before they try again.
    response.setHeader("retry-after-ms", "5");
    sendJson(wire.failure(status, message), status, request, response);
    return;
  }
  const { servedBy = null, callsTool = false } = behaviour.does === "answer" ? behaviour : {};
  const to = { ...asked, servedBy, callsTool };
  if (wire.streams(to)) {
    await sendStream(wire, to, behaviour, response);
  } else if (behaviour.does === "break") {
    await sendHalf(JSON.stringify(wire.whole(to)), response);
  } else {
    if (behaviour.does === "pause") await behaviour.until;
    sendJson(wire.whole(to), 200, request, response);
  }
}

/** Compressed where the client takes it, as providers do. */
function sendJson(value: unknown, status: number, request: IncomingMessage, response: ServerResponse): void {
  const text = JSON.stringify(value);
  const zipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const bytes = zipped ? gzipSync(text) : Buffer.from(text);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...(zipped && { "content-encoding": "gzip" }),
  });
  response.end(bytes);
}

async function sendHalf(text: string, response: ServerResponse): Promise<void> {
  const bytes = Buffer.from(text);
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  await write(bytes.subarray(0, bytes.length / 2), response);
  response.destroy();
}

async function sendStream(
  wire: Wire,
  asked: Asked,
  behaviour: Behaviour,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { "content-type": wire.streamType, "cache-control": "no-cache" });
  const pieces = wire.pieces(asked);
  const { does } = behaviour;
  if (does === "tear") {
    for (const chunk of torn(Buffer.from(pieces.join("")))) await write(chunk, response);
    response.end();
    return;
  }
  const cut = 1 + pieces.findIndex((piece) => piece.includes(FIRST_WORD));
  for (const piece of pieces.slice(0, cut)) await write(piece, response);
  if (does === "break") {
    await behaviour.until;
    response.destroy();
    return;
  }
  if (does === "pause") await behaviour.until;
  if (does !== "end") for (const piece of pieces.slice(cut)) await write(piece, response);
  response.end();
}

/** Begins a chunk at every line end, and at every byte of a letter but its first. */
function torn(bytes: Buffer): readonly Buffer[] {
  const starts = [0];
  for (const [at, byte] of bytes.entries()) {
    const inLetter = (byte & 0b1100_0000) === 0b1000_0000;
    if (at > 0 && (inLetter || byte === 10 || byte === 13)) starts.push(at);
  }
  return starts.map((start, nth) => bytes.subarray(start, starts[nth + 1]));
}

/** Resolves when the chunk has left, so that each is a chunk of its own; or when there is nobody to take it. */
async function write(chunk: Buffer | string, response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.write(chunk, () => {
      resolve();
    });
  });
}
