import { ByteQueue } from "./bytes.ts";
import { type EventReader, MAX_EVENT_BYTES, type StreamEvent, UnreadableStreamError } from "./event.ts";
import { parsed } from "./sse.ts";

const LF = 10;
const QUOTE = 34;
const BACKSLASH = 92;
const OPEN: ReadonlySet<number | undefined> = /* @__PURE__ */ new Set([0x7b, 0x5b]);
const CLOSE: ReadonlySet<number | undefined> = /* @__PURE__ */ new Set([0x7d, 0x5d]);

/** A JSON text in each line (NDJSON). */
export function ndjsonEvents(): EventReader {
  return splitAt((bytes, from) => {
    const at = bytes.indexOf(LF, from);
    return at < 0 ? { end: null, searched: bytes.length } : { end: at + 1, searched: 0 };
  });
}

/**
 * A JSON array that grows: each object in it is an event. Gemini streams so without `alt=sse`.
 */
export function jsonArrayEvents(): EventReader {
  let depth = 0;
  let inText = false;
  let escaped = false;
  return splitAt((bytes, from) => {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
      } else if (byte === QUOTE) {
        inText = true;
      } else if (OPEN.has(byte)) {
        depth++;
      } else if (CLOSE.has(byte)) {
        depth--;
        // The array itself has the depth 1.
        if (depth === 1) return { end: at + 1, searched: 0 };
      }
    }
    return { end: null, searched: bytes.length };
  });
}

/** Finds the end of an event from an index on; without one, the index from which to go on. */
type FindEnd = (
  bytes: Uint8Array,
  from: number,
) => { readonly end: number | null; readonly searched: number };

function splitAt(find: FindEnd): EventReader {
  const queue = new ByteQueue();
  const decoder = new TextDecoder();
  let searched = 0;
  return {
    push: (bytes) => {
      // Before the bytes are taken, so that none are lost.
      if (queue.length > MAX_EVENT_BYTES)
        throw new UnreadableStreamError("an event of the stream is too long");
      queue.push(bytes);
      const events: StreamEvent[] = [];
      for (;;) {
        const found = find(queue.view, searched);
        ({ searched } = found);
        if (found.end === null) break;
        const taken = queue.take(found.end);
        // The brackets and commas of the array around it.
        events.push({ data: parsed(decoder.decode(taken).replace(/^[\s[,]+/, "")), bytes: taken });
      }
      return events;
    },
    rest: () => queue.view,
  };
}
