import { ByteQueue } from "./bytes.ts";
import { type EventReader, MAX_EVENT_BYTES, type StreamEvent, UnreadableStreamError } from "./event.ts";

const LF = 10;
const CR = 13;

/**
 * Server-sent events: an empty line ends an event, and its `data` lines are its text. Lines end with LF, CR LF or CR.
 *
 * Source: WHATWG HTML, "Parsing an event stream".
 */
export function sseEvents(): EventReader {
  const queue = new ByteQueue();
  const decoder = new TextDecoder();
  /** Up to here no end of an event was found. */
  let searched = 0;
  let hasCr = false;
  return {
    push: (bytes) => {
      // Before the bytes are taken, so that none are lost.
      if (queue.length > MAX_EVENT_BYTES)
        throw new UnreadableStreamError("an event of the stream is too long");
      queue.push(bytes);
      hasCr ||= bytes.includes(CR);
      const { view } = queue;
      const events: StreamEvent[] = [];
      let start = 0;
      for (let end = endOfEvent(view, searched, hasCr); end !== null; end = endOfEvent(view, start, hasCr)) {
        const event = view.subarray(start, end);
        events.push({ data: dataOf(decoder.decode(event), hasCr), bytes: event });
        start = end;
      }
      queue.take(start);
      if (start > 0) queue.forgetTaken();
      // The last three bytes may begin an empty line.
      searched = Math.max(0, queue.length - 3);
      return events;
    },
    rest: () => queue.view,
  };
}

/** The index behind the first empty line, or `null`. */
function endOfEvent(bytes: Uint8Array, from: number, hasCr: boolean): number | null {
  if (!hasCr) {
    // The platform's search is faster than a loop.
    let at = bytes.indexOf(LF, from);
    while (at >= 0 && bytes[at + 1] !== LF) at = bytes.indexOf(LF, at + 1);
    return at < 0 ? null : at + 2;
  }
  for (let at = from; at < bytes.length; at++) {
    const first = lineEnd(bytes, at);
    if (first === 0) continue;
    const second = lineEnd(bytes, at + first);
    if (second > 0) return at + first + second;
    at += first - 1;
  }
  return null;
}

/** The length of the end of a line at an index: 0 if there is none, or if it is not known yet. */
function lineEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === LF) return 1;
  if (bytes[at] !== CR) return 0;
  return bytes[at + 1] === LF ? 2 : 1;
}

/** The parsed `data` of an event; `"[DONE]"` stays text, and `undefined` stands for what is not JSON. */
function dataOf(event: string, hasCr: boolean): unknown {
  // Most events have one line of data, the last one. The white space around it is none of its own.
  const at = event.startsWith("data") ? 0 : event.indexOf("\ndata:") + 1;
  const isOnly = !hasCr && event.startsWith("data:", at) && event.indexOf("\n", at) === event.length - 2;
  if (isOnly) return parsed(event.slice(at + 5));
  const lines = event
    .split(/\r\n|\n|\r/)
    .filter((line) => line === "data" || line.startsWith("data:"))
    .map((line) => line.slice(line.startsWith("data: ") ? 6 : 5));
  return parsed(lines.join("\n"));
}

/** The JSON of a text. */
export function parsed(text: string): unknown {
  if (text.trim() === "[DONE]") return "[DONE]";
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
