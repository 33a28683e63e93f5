import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { awsEvents } from "../../../../src/calls/guarded-fetch/streams/aws.ts";
import { ENDPOINTS, ground, type Ground, MESSAGE_EVENTS, post, streamOf } from "../support.ts";
import { cut, joinedBytes, readAll } from "./support.ts";

const encoder = new TextEncoder();

/** A header of an event stream; the type of a text is 7, that of the boolean `true` is 0. */
function header(name: string, value: string | true): Uint8Array {
  const text = encoder.encode(value === true ? "" : value);
  const ofValue = value === true ? [0] : [7, text.length >> 8, text.length & 255];
  return joinedBytes([Uint8Array.of(name.length), encoder.encode(name), Uint8Array.from(ofValue), text]);
}

const named = (type: string): Uint8Array[] => [header(":message-type", "event"), header(":event-type", type)];

/** A message of an AWS event stream with its two checksums: smithy.io/2.0/aws/amazon-eventstream.html. */
function frame(headers: readonly Uint8Array[], payload: unknown): Uint8Array {
  const head = joinedBytes(headers);
  const body =
    typeof payload === "string" ? encoder.encode(payload) : encoder.encode(JSON.stringify(payload));
  const message = new Uint8Array(16 + head.length + body.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length);
  view.setUint32(4, head.length);
  view.setUint32(8, crc32(message.subarray(0, 8)));
  message.set(head, 12);
  message.set(body, 12 + head.length);
  view.setUint32(message.length - 4, crc32(message.subarray(0, -4)));
  return message;
}

/** A message with another number in its prelude. */
function broken(message: Uint8Array, at: 0 | 4 | 8, value: number): Uint8Array {
  const copy = message.slice();
  new DataView(copy.buffer).setUint32(at, value);
  return copy;
}

const base64 = (event: unknown): string => Buffer.from(JSON.stringify(event)).toString("base64");
const USAGE = { usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 } };
const METADATA = frame(named("metadata"), USAGE);
const DELTA = frame(named("contentBlockDelta"), { contentBlockIndex: 0, delta: { text: "Grüße" } });
const STOP = frame(named("messageStop"), { stopReason: "end_turn" });

describe("awsEvents", () => {
  it.each<[string, Uint8Array, unknown]>([
    ["an event by its name", METADATA, { metadata: USAGE }],
    [
      "an exception by its name",
      frame([header(":exception-type", "throttlingException")], { message: "slow down" }),
      { throttlingException: { message: "slow down" } },
    ],
    ["a payload without a name", frame([], USAGE), USAGE],
    [
      "a payload behind a header of another type",
      frame([header("final", true), ...named("metadata")], USAGE),
      USAGE,
    ],
    [
      "a name before a header of another type",
      frame([...named("metadata"), header("final", true)], USAGE),
      { metadata: USAGE },
    ],
    [
      "the event of the model's maker",
      frame(named("chunk"), { bytes: base64({ type: "ping" }) }),
      { type: "ping" },
    ],
    ["nothing in bytes that are no base64", frame(named("chunk"), { bytes: "%" }), undefined],
    ["a name without a payload that is JSON", frame(named("metadata"), "{"), { metadata: undefined }],
    ["no payload in a message of 16 bytes", frame([], ""), undefined],
    [
      "no payload behind headers that are longer than the message",
      broken(METADATA, 4, 1e6),
      { metadata: undefined },
    ],
    ["no name in a header whose name has no end", frame([Uint8Array.of(200, 97)], USAGE), USAGE],
    ["no name in a header whose value has no length", frame([Uint8Array.of(1, 97, 7, 0)], USAGE), USAGE],
    // A client checks the checksums; a wrong one does not change what was billed.
    ["the event of a message with a wrong checksum", broken(METADATA, 8, 0), { metadata: USAGE }],
  ])("reads %s", (_, message, data) => {
    expect(awsEvents().push(message)).toEqual([{ data, bytes: message }]);
  });

  it("finds the same events however the bytes are cut", () => {
    const bytes = joinedBytes([DELTA, STOP, METADATA, DELTA.subarray(0, 30)]);
    const all = readAll(awsEvents(), [bytes]);
    expect(all.data).toHaveLength(3);
    for (let at = 1; at < bytes.length; at++) {
      expect(readAll(awsEvents(), [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(all);
    }
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });
    fc.assert(
      fc.property(sizes, (pieces) => {
        expect(readAll(awsEvents(), cut(bytes, pieces))).toEqual(all);
      }),
    );
  });

  it.each([0, 15, 32 * 2 ** 20 + 1, 0xff_ff_ff_ff])("refuses a message of %i bytes", (length) => {
    expect(() => awsEvents().push(broken(METADATA, 0, length))).toThrow(
      "the stream is not an AWS event stream",
    );
  });

  it("waits for the end of a message of 32 MiB", () => {
    expect(awsEvents().push(broken(METADATA, 0, 32 * 2 ** 20))).toEqual([]);
  });
});

const MODEL = encodeURIComponent("anthropic.claude-sonnet-4-5-20250929-v1:0");
const CONVERSE = {
  messages: [{ role: "user", content: [{ text: "Hi" }] }],
  inferenceConfig: { maxTokens: 100 },
};
const INVOKE = {
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
};

/** Asks Bedrock, which answers with these messages, and reads the whole answer. */
async function asked(
  route: "converse-stream" | "invoke-with-response-stream",
  pieces: readonly Uint8Array[],
): Promise<Ground & { readonly got: Uint8Array }> {
  const at = ground(() => streamOf(pieces, "application/vnd.amazon.eventstream"));
  const body = route === "converse-stream" ? CONVERSE : INVOKE;
  const answer = await at.guard(`${ENDPOINTS.bedrock}/model/${MODEL}/${route}`, post(body));
  const got = new Uint8Array(await answer.arrayBuffer());
  await at.guard.settled();
  return { ...at, got };
}

const ONLY_STOP = 'the report does not have the shape of bedrock; its fields are "stopReason"';

describe("guardedFetch: an AWS event stream", () => {
  it("of invoke is booked at the events of the model's maker", async () => {
    const pieces = MESSAGE_EVENTS.map((event) => frame(named("chunk"), { bytes: base64(event) }));
    const { got, usage } = await asked("invoke-with-response-stream", pieces);
    expect(got).toEqual(joinedBytes(pieces));
    // 25 tokens of input and 15 of output; Claude costs 10% more in a region.
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 6050n });
  });

  it.each<[string, readonly Uint8Array[], string]>([
    ["no report", [DELTA, STOP], ONLY_STOP],
    [
      "an exception",
      [DELTA, frame([header(":exception-type", "modelStreamErrorException")], {})],
      "there is no usage report",
    ],
    ["a report whose JSON is broken", [STOP, frame(named("metadata"), "{")], ONLY_STOP],
    ["a length that is wrong before the report", [STOP, broken(DELTA, 0, 3), METADATA], ONLY_STOP],
    ["a last message that is cut", [STOP, METADATA.subarray(0, -1)], ONLY_STOP],
  ])("with %s passes unchanged, and its cost is unknown", async (_, pieces, reason) => {
    const { got, usage, events } = await asked("converse-stream", pieces);
    expect(got).toEqual(joinedBytes(pieces));
    const [held] = events.flatMap((event) => (event.kind === "held" ? [event.amount] : []));
    expect(await usage()).toMatchObject({ reserved: held, spent: 0n });
    expect(events.slice(1)).toMatchObject([{ kind: "unknown", amount: held, reason }]);
  });
});
