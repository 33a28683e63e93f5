import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_EVENT_BYTES } from "../../../../src/calls/guarded-fetch/streams/event.ts";
import { jsonArrayEvents, ndjsonEvents } from "../../../../src/calls/guarded-fetch/streams/json.ts";
import { ground, type Ground, post, RATES, streamOf } from "../support.ts";
import { cut, joinedBytes, readAll } from "./support.ts";

const encoder = new TextEncoder();
const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"}]', "\\", '\\"', "[{", "é😀\n"));
const objects = fc.array(
  fc.dictionary(text, fc.oneof(fc.array(text), text, fc.dictionary(text, text)), { maxKeys: 3 }),
  {
    maxLength: 5,
  },
);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

describe.each([
  ["ndjsonEvents", ndjsonEvents, (items: readonly string[]) => items.map((item) => `${item}\n`).join("")],
  ["jsonArrayEvents", jsonArrayEvents, (items: readonly string[]) => `[${items.join("\n,\r\n")}\n]`],
] as const)("%s", (_, reader, written) => {
  it("finds the objects that were written, however the bytes are cut", () => {
    fc.assert(
      fc.property(objects, sizes, (items, pieces) => {
        const bytes = encoder.encode(written(items.map((item) => JSON.stringify(item))));
        const { data, passed, left } = readAll(reader(), cut(bytes, pieces));
        expect(data).toEqual(items.map((item): unknown => JSON.parse(JSON.stringify(item))));
        expect(joinedBytes([passed, left])).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses bytes behind an event that has no end within 32 MiB, and keeps them", () => {
    const one = reader();
    const piece = new Uint8Array(MAX_EVENT_BYTES + 1).fill(0x20);
    expect(one.push(piece)).toEqual([]);
    expect(() => one.push(encoder.encode("[{}]\n"))).toThrow("an event of the stream is too long");
    expect(one.rest()).toHaveLength(piece.length);
  });
});

const OLLAMA = "https://ollama.com/api/chat";
const LINES = [
  { model: "llama3.2", message: { role: "assistant", content: "Hel\nlo" }, done: false },
  {
    model: "llama3.2",
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: "stop",
    prompt_eval_count: 10,
    eval_count: 5,
  },
].map((line) => `${JSON.stringify(line)}\n`);

/** Asks Ollama, which answers in these pieces, and reads the whole answer. */
async function asked(pieces: readonly string[], type: string): Promise<Ground & { readonly got: string }> {
  const secret = new SecretRef("KEY");
  const at = ground(() => streamOf(pieces, type), {
    endpoint: new ExternalEndpoint({ name: "ollama", baseUrl: "https://ollama.com", secret }),
    prices: { "llama3.2": RATES },
  });
  const messages = [{ role: "user", content: "Hi" }];
  const answer = await at.guard(OLLAMA, post({ model: "llama3.2", messages, options: { num_predict: 100 } }));
  const got = await answer.text();
  await at.guard.settled();
  return { ...at, got };
}

describe("guardedFetch: lines of JSON", () => {
  it.each(["application/x-ndjson", "application/ndjson; charset=utf-8", "application/jsonl", "text/plain"])(
    "as %s are booked at the last one",
    async (type) => {
      const { got, usage } = await asked(LINES, type);
      expect(got).toBe(LINES.join(""));
      expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
    },
  );

  it("without the last one have an unknown cost", async () => {
    const { got, usage, events } = await asked(LINES.slice(0, 1), "application/x-ndjson");
    expect(got).toBe(LINES[0]);
    expect(events.at(-1)?.kind).toBe("unknown");
    expect((await usage()).spent).toBe(0n);
  });
});
