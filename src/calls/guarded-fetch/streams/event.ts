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
