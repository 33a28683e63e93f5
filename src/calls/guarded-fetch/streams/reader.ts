import type { StreamForm } from "../../routes/route.ts";
import { awsEvents } from "./aws.ts";
import { jsonArrayEvents, ndjsonEvents } from "./json.ts";
import { sseEvents } from "./sse.ts";

/** An event of a stream: its parsed JSON, `"[DONE]"`, or `undefined` if it is neither. */
export interface StreamEvent {
  readonly data: unknown;
  /** The bytes of the event in the stream, with the separator behind it. */
  readonly bytes: Uint8Array;
}

/** Splits a stream into events. It keeps the bytes of the event that is not complete, and no others. */
export interface EventReader {
  /** Adds bytes, and returns the events that are complete now. */
  readonly push: (bytes: Uint8Array) => readonly StreamEvent[];
  /** The bytes of an event that has no end yet. */
  readonly rest: () => Uint8Array;
}

/** An event that is longer than this is not read: no provider sends one, and it would fill the memory. */
export const MAX_EVENT_BYTES: number = 32 * 2 ** 20;

/** Thrown if a stream does not have the form that its provider sends. */
export class UnreadableStreamError extends Error {}

/** A reader for a form of streams. */
export function eventReader(form: Exclude<StreamForm, false>): EventReader {
  switch (form) {
    case "aws":
      return awsEvents();
    case "json-array":
      return jsonArrayEvents();
    case "ndjson":
      return ndjsonEvents();
    case "sse":
      return sseEvents();
  }
}
