import type { EventReader } from "../../../../src/calls/guarded-fetch/streams/event.ts";

/** Bytes cut into pieces of these sizes, again and again. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const size = sizes[pieces.length % sizes.length] ?? bytes.length;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
}

export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** What a reader makes of pieces: the data of its events, without those that have none, their bytes, and the rest. */
export function readAll(
  reader: EventReader,
  pieces: readonly Uint8Array[],
): { readonly data: readonly unknown[]; readonly passed: Uint8Array; readonly left: Uint8Array } {
  const data: unknown[] = [];
  const passed: Uint8Array[] = [];
  for (const piece of pieces) {
    // A reader must not need the bytes of a piece after its client has got them.
    for (const event of reader.push(piece.slice())) {
      if (event.data !== undefined) data.push(event.data);
      passed.push(event.bytes.slice());
    }
  }
  return { data, passed: joinedBytes(passed), left: reader.rest().slice() };
}
