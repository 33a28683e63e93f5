import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_EVENT_BYTES } from "../../../../src/calls/guarded-fetch/streams/event.ts";
import { sseEvents } from "../../../../src/calls/guarded-fetch/streams/sse.ts";
import { cut, joinedBytes, readAll } from "./support.ts";

const encoder = new TextEncoder();

/** The data of a stream, read line by line as the standard says: WHATWG HTML, "Interpreting an event stream". */
function readSlowly(text: string): readonly unknown[] {
  const events: unknown[] = [];
  let data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    const [, value] = /^data(?:: ?(.*))?$/su.exec(line) ?? [];
    if (line === "") {
      events.push(jsonOf(data.join("\n")));
      data = [];
    } else if (/^data(?::|$)/.test(line)) {
      data.push(value ?? "");
    }
  }
  return events.filter((event) => event !== undefined);
}

function jsonOf(text: string): unknown {
  if (text.trim() === "[DONE]") return "[DONE]";
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const json = fc
  .oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant({ text: "é€😀\r\n" }))
  .map((value) => JSON.stringify(value));
/** The lines of an event, also of one that is odd. */
const lines = fc.oneof(
  json.map((text) => [`data: ${text}`]),
  json.map((text) => [`data:${text}`]),
  json.map((text) => ["event: x", `data: ${text}`]),
  json.map((text) => [`data: ${text}`, "id: 7"]),
  fc.constantFrom(
    ["data: [DONE]"],
    ['data: {"a": 1,', 'data: "b": 2}'],
    ["data"],
    ["data: {"],
    ["database: 1", "data: 2"],
    ["data", "data: 3"],
    [": a comment"],
    ["retry: 10"],
    [],
  ),
);
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
/** Events whose lines end alike, or each in its own way. */
const streams = fc.oneof(
  fc.tuple(fc.array(lines, { maxLength: 8 }), lineEnd).map(([events, end]) => {
    return events.map((of) => [...of, ""].map((line) => line + end).join("")).join("");
  }),
  fc
    .array(fc.tuple(lines, fc.array(lineEnd, { minLength: 4, maxLength: 4 })), { maxLength: 8 })
    .map((events) => {
      return events
        .map(([of, ends]) => [...of, ""].map((line, at) => line + (ends[at] ?? "")).join(""))
        .join("");
    }),
);
const rests = fc.constantFrom("", "data: 1", "data: 1\n", ": wait");
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });

describe("sseEvents", () => {
  it("finds the same events as a slow reading line by line, however the bytes are cut", () => {
    fc.assert(
      fc.property(streams, rests, sizes, (complete, rest, pieces) => {
        const bytes = encoder.encode(complete + rest);
        const { data, passed, left } = readAll(sseEvents(), cut(bytes, pieces));
        expect(data).toEqual(readSlowly(complete));
        expect(joinedBytes([passed, left])).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds an event whose first line ends with CR and whose last one with LF", () => {
    const bytes = encoder.encode('data: {"a": 1,\rdata: "b": 2}\n\n');
    for (let at = 1; at < bytes.length; at++) {
      expect(readAll(sseEvents(), [bytes.subarray(0, at), bytes.subarray(at)]).data).toEqual([
        { a: 1, b: 2 },
      ]);
    }
  });

  it("refuses bytes behind an event that has no end within 32 MiB, and keeps them", () => {
    const reader = sseEvents();
    const piece = new Uint8Array(MAX_EVENT_BYTES + 1).fill(0x20);
    expect(reader.push(piece)).toEqual([]);
    expect(() => reader.push(encoder.encode("\n\n"))).toThrow("an event of the stream is too long");
    expect(reader.rest()).toHaveLength(piece.length);
  });
});
