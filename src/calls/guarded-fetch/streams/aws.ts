import { isObject } from "../../own-fields.ts";
import { ByteQueue } from "./bytes.ts";
import { type EventReader, MAX_EVENT_BYTES, type StreamEvent, UnreadableStreamError } from "./event.ts";
import { parsed } from "./sse.ts";

const PRELUDE = 12;
const CHECKSUM = 4;
/** The type of a header's value that is text. */
const TEXT = 7;

/**
 * AWS event streams: a message has its length, the length of its headers, a checksum, the headers, the payload and a
 * checksum. An event is `{ [its type]: its payload }`; a payload `{ bytes }` has the event of the model's maker.
 *
 * Source: smithy.io/2.0/aws/amazon-eventstream.html. The checksums are not checked: TLS protects the bytes, and they are
 * passed on unchanged to a client that checks them.
 */
export function awsEvents(): EventReader {
  const queue = new ByteQueue();
  return {
    push: (bytes) => {
      queue.push(bytes);
      const events: StreamEvent[] = [];
      while (queue.length >= PRELUDE) {
        const length = lengthAt(queue.view, 0);
        if (length < PRELUDE + CHECKSUM || length > MAX_EVENT_BYTES) {
          throw new UnreadableStreamError("the stream is not an AWS event stream");
        }
        if (queue.length < length) break;
        const taken = queue.take(length);
        events.push({ data: eventOf(taken), bytes: taken });
      }
      return events;
    },
    rest: () => queue.view,
  };
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint32(at);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function eventOf(message: Uint8Array): unknown {
  const behindHeaders = PRELUDE + lengthAt(message, 4);
  const headers = headersOf(message.subarray(PRELUDE, behindHeaders));
  const text = new TextDecoder().decode(message.subarray(behindHeaders, message.length - CHECKSUM));
  const payload = parsed(text);
  const inner = isObject(payload) ? payload["bytes"] : undefined;
  if (typeof inner === "string") return parsed(textOfBase64(inner));
  const type = headers.get(":event-type") ?? headers.get(":exception-type");
  return type === undefined ? payload : { [type]: payload };
}

/** The headers with text. They end at the first header of another type, whose length is not known here. */
function headersOf(bytes: Uint8Array): ReadonlyMap<string, string> {
  const decoder = new TextDecoder();
  const view = viewOf(bytes);
  const headers = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + view.getUint8(at);
    const valueStart = nameEnd + 3;
    if (bytes[nameEnd] !== TEXT || valueStart > bytes.length) break;
    const valueEnd = valueStart + view.getUint16(nameEnd + 1);
    headers.set(
      decoder.decode(bytes.subarray(at + 1, nameEnd)),
      decoder.decode(bytes.subarray(valueStart, valueEnd)),
    );
    at = valueEnd;
  }
  return headers;
}

function textOfBase64(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return "";
  }
}
