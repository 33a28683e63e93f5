import type { GuardOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import {
  CHAT,
  chat,
  CHAT_CHUNKS,
  CHAT_USAGE,
  COMPLETION,
  ENDPOINTS,
  ground,
  type Ground,
  message,
  MESSAGE_EVENTS,
  MESSAGES,
  post,
  sse,
  streamOf,
} from "./support.ts";

const heldBy = ({ events }: Ground): bigint | undefined =>
  events.flatMap((event) => (event.kind === "held" ? [event.amount] : []))[0];
const withUsage = { stream: true, stream_options: { include_usage: true } };

describe("guardedFetch: an answer", () => {
  it.each<[string, string, string]>([
    ["is a list", "[1]", "there is no usage report"],
    ["is a number", "3", "there is no usage report"],
    ["is null", "null", "there is no usage report"],
    ["is cut", '{"usage": ', "there is no usage report"],
  ])("that %s passes unchanged, and its cost is unknown", async (_, text, reason) => {
    const at = ground(() => new Response(text, { headers: { "content-type": "application/json" } }));
    expect(await (await at.guard(CHAT, chat())).text()).toBe(text);
    expect(await at.usage()).toMatchObject({ reserved: heldBy(at), spent: 0n });
    expect(at.events.slice(1)).toMatchObject([{ kind: "unknown", amount: heldBy(at), reason }]);
  });

  it("with more items than are read passes all the same, and is booked", async () => {
    const body = {
      type: "message",
      model: "claude-sonnet-4-5",
      stop_reason: "end_turn",
      output: Array.from({ length: 100_001 }, () => 0),
      usage: { input_tokens: 25, output_tokens: 15 },
    };
    const { guard, usage, events } = ground(() => Response.json(body));
    expect(await (await guard(MESSAGES, message())).json()).toEqual(body);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 5500n });
    expect(events.map(({ kind }) => kind)).toEqual(["held", "settled"]);
  });

  it("that its client aborts while it is read is thrown as the client's own reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async () => {
          controller.abort(reason);
          return new Promise<never>(() => null);
        },
      },
      { highWaterMark: 0 },
    );
    const at = ground(() => new Response(body, { headers: { "content-type": "application/json" } }));
    await expect(at.guard(CHAT, { ...chat(), signal: controller.signal })).rejects.toBe(reason);
    expect(await at.usage()).toMatchObject({ reserved: heldBy(at), spent: 0n });
    expect(at.events.slice(1)).toMatchObject([
      { kind: "unknown", reason: "it failed after it may have been sent" },
    ]);
  });
});

describe("guardedFetch: a stream", () => {
  it("that the protocol does not have passes unchanged, and its cost is unknown", async () => {
    const text = sse(
      { object: "list", model: "gpt-4o-mini", usage: { prompt_tokens: 1, total_tokens: 1 } },
      "[DONE]",
    );
    const at = ground(() => streamOf([text]));
    const answer = await at.guard(
      `${ENDPOINTS.openai}/embeddings`,
      post({ model: "gpt-4o-mini", input: "Hi" }),
    );
    expect(await answer.text()).toBe(text);
    await at.guard.settled();
    expect(await at.usage()).toMatchObject({ reserved: heldBy(at), spent: 0n });
    expect(at.events.slice(1)).toMatchObject([{ kind: "unknown", reason: "there is no usage report" }]);
  });

  it("passes what comes behind its last event, and its usage counts no more", async () => {
    const late = sse({ choices: [], usage: { ...CHAT_USAGE, completion_tokens: 90, total_tokens: 100 } });
    const at = ground(() => streamOf([sse(...CHAT_CHUNKS), late, ": bye\n\n"]));
    expect(await (await at.guard(CHAT, chat(withUsage))).text()).toBe(
      `${sse(...CHAT_CHUNKS)}${late}: bye\n\n`,
    );
    await at.guard.settled();
    expect(await at.usage()).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it("cut off after tools of the provider may have run has an unknown cost", async () => {
    const tools = [{ type: "web_search_20250305", name: "web_search", max_uses: 1 }];
    const options: Partial<GuardOptions> = {
      prices: { "claude-sonnet-4-5": SEARCHING },
      bounds: { unseen: "contextWindow", maxInputTokens: 1000 },
    };
    const at = ground(() => streamOf([sse(...MESSAGE_EVENTS.slice(0, 3)), new Error("reset")]), options);
    const answer = await at.guard(MESSAGES, message({ stream: true, tools }));
    expect([answer.status, answer.statusText]).toEqual([200, ""]);
    await expect(answer.text()).rejects.toThrow("the response ended early");
    await at.guard.settled();
    expect(await at.usage()).toMatchObject({ reserved: heldBy(at), spent: 0n });
    expect(at.events.slice(1)).toMatchObject([
      { kind: "unknown", amount: heldBy(at), reason: "the stream was cut off, and tools may have run" },
    ]);
  });
});

const SEARCHING = {
  input_cost_per_token: 1e-6,
  output_cost_per_token: 2e-6,
  max_input_tokens: 200_000,
  search_context_cost_per_query: {
    search_context_size_low: 0.01,
    search_context_size_medium: 0.01,
    search_context_size_high: 0.01,
  },
};

describe("guardedFetch: the tier of an answer that names none", () => {
  const answer = { ...COMPLETION, service_tier: null };
  const prices = {
    "gpt-4o-mini": {
      input_cost_per_token: 1e-6,
      output_cost_per_token: 2e-6,
      input_cost_per_token_priority: 2e-6,
      output_cost_per_token_priority: 4e-6,
    },
  };

  it.each<[string, RequestInit, bigint]>([
    ["is the standard one if the request names none, though its bound is priority's", chat(), 2000n],
    ["is what the request names", chat({ service_tier: "priority" }), 4000n],
    ["is what a header of the request names", { ...chat(), headers: { "x-tier": "1" } }, 4000n],
  ])("%s", async (_, init, spent) => {
    const at = ground(() => Response.json(answer), { prices });
    expect((await at.guard(CHAT, init)).status).toBe(200);
    const held = at.events.find((event) => event.kind === "held");
    expect(held).toMatchObject({ bound: { serviceTier: "priority" } });
    expect(await at.usage()).toMatchObject({ reserved: 0n, spent });
  });
});
