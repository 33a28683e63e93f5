import { usd } from "dispatch-kit";
import type { GuardOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { CHAT, chat, CHAT_CHUNKS, COMPLETION, ENDPOINTS, ground, post, sse, streamOf } from "./support.ts";

const limited: Partial<GuardOptions> = { bounds: { limitOutputTo: usd("0.001") } };
const GEMINI = `${ENDPOINTS.gemini}/v1beta/models/gemini-2.5-flash:generateContent`;
const contents = [{ role: "user", parts: [{ text: "Hi" }] }];
const messages = [{ role: "user", content: "Hi" }];

/** The body that is sent, parsed. */
async function sentFor(url: string, init: RequestInit, options: Partial<GuardOptions>): Promise<unknown> {
  const { guard, sent } = ground(() => Response.json({}), options);
  const answer = await guard(url, init);
  expect([answer.status, answer.statusText]).toEqual([200, ""]);
  return JSON.parse(String(sent[0]?.body));
}

describe("guardedFetch: an output limit that the money pays for", () => {
  const some = expect.toSatisfy((value: unknown) => Number(value) > 300 && Number(value) < 500) as unknown;

  it.each<[string, string, object, object]>([
    ["at the top", CHAT, { model: "gpt-4o-mini", messages }, { max_completion_tokens: some }],
    [
      "in an object that is there",
      GEMINI,
      { contents, generationConfig: { topK: 3 } },
      { generationConfig: { topK: 3, maxOutputTokens: some } },
    ],
    ["in an object that is missing", GEMINI, { contents }, { generationConfig: { maxOutputTokens: some } }],
  ])("is written %s, beside what the client has sent", async (_, url, body, written) => {
    expect(await sentFor(url, post(body), limited)).toEqual({ ...body, ...written });
  });

  it("is written together with the request for the usage", async () => {
    const body = {
      model: "gpt-4o-mini",
      messages,
      stream: true,
      stream_options: { include_obfuscation: false },
    };
    expect(await sentFor(CHAT, post(body), limited)).toEqual({
      ...body,
      max_completion_tokens: some,
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });

  it("refuses a body that the client has signed", async () => {
    const { guard, sent, usage, events } = ground(() => Response.json(COMPLETION), {
      ...limited,
      credentials: "client",
    });
    const refused = await guard(CHAT, post({ model: "gpt-4o-mini", messages }));
    expect(refused.statusText).toBe(
      "dispatch-kit refused: limitOutputTo cannot be written into a body that the client has signed (invalid); nothing was sent",
    );
    expect(sent).toEqual([]);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 0n });
    expect(events).toMatchObject([{ kind: "refused", code: "invalid", lacking: [] }]);
  });
});

describe("guardedFetch: usage that the client did not ask for", () => {
  const shown = CHAT_CHUNKS.filter((_, index) => index !== 3);

  it.each<[string, readonly string[], string, bigint]>([
    [
      "a rest without an end passes",
      [sse(...CHAT_CHUNKS), "data: re", "st"],
      `${sse(...shown)}data: rest`,
      2000n,
    ],
    [
      "events in one piece pass around it",
      [sse(...CHAT_CHUNKS, "[DONE]", "after")],
      sse(...shown, "[DONE]", "after"),
      2000n,
    ],
    [
      "a chunk with usage and without choices is hidden",
      [
        sse(...shown.slice(0, 3)),
        sse({ usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }, "[DONE]"),
      ],
      sse(...shown),
      2000n,
    ],
    [
      "a chunk with usage and choices passes",
      [sse({ usage: {}, choices: [1] }, "[DONE]")],
      sse({ usage: {}, choices: [1] }, "[DONE]"),
      0n,
    ],
  ])("is hidden: %s", async (_, pieces, text, spent) => {
    const { guard, usage } = ground(() => streamOf(pieces));
    expect(await (await guard(CHAT, chat({ stream: true }))).text()).toBe(text);
    await guard.settled();
    expect((await usage()).spent).toBe(spent);
  });

  it("passes in a stream of another form, byte by byte, also where it cannot be read", async () => {
    for (const text of [
      "not an event stream",
      CHAT_CHUNKS.map((chunk) => `${JSON.stringify(chunk)}\n`).join(""),
    ]) {
      for (const type of ["application/vnd.amazon.eventstream", "application/x-ndjson"]) {
        const { guard, usage, events } = ground(() => streamOf([text, "rest"], type));
        expect(await (await guard(CHAT, chat({ stream: true }))).text()).toBe(`${text}rest`);
        await guard.settled();
        const isRead = text.startsWith("{") && type === "application/x-ndjson";
        expect((await usage()).spent).toBe(isRead ? 2000n : 0n);
        expect(events.map(({ kind }) => kind)).toEqual(["held", isRead ? "settled" : "unknown"]);
      }
    }
  });

  it("passes in an event that is too long to be read, and the cost is unknown", async () => {
    const piece = "x".repeat(11 * 2 ** 20);
    const { guard, usage, events } = ground(() =>
      streamOf(["data: ", piece, piece, piece, "\n\n", sse(...CHAT_CHUNKS)]),
    );
    const got = await (await guard(CHAT, chat({ stream: true }))).text();
    expect(got === `data: ${piece.repeat(3)}\n\n${sse(...CHAT_CHUNKS)}`).toBe(true);
    await guard.settled();
    expect((await usage()).spent).toBe(0n);
    expect(events.map(({ kind }) => kind)).toEqual(["held", "unknown"]);
  });

  it("does not break a stream whose chunk has more choices than are read", async () => {
    const chunk = { usage: { prompt_tokens: 1 }, choices: Array.from({ length: 100_001 }, () => 0) };
    const { guard, usage, events } = ground(() => streamOf([sse(chunk), sse(...CHAT_CHUNKS)]));
    expect(await (await guard(CHAT, chat({ stream: true }))).text()).toBe(sse(chunk, ...shown));
    await guard.settled();
    expect((await usage()).spent).toBe(0n);
    expect(events.map(({ kind }) => kind)).toEqual(["held", "unknown"]);
  });
});
