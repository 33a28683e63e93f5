import { usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { CHAT, chat, COMPLETION, ENDPOINTS, ground, message, MESSAGES, streamOf } from "./support.ts";

const textOf = ({ body }: RequestInit): string => (typeof body === "string" ? body : "");

describe("guardedFetch: a whole answer", () => {
  it("is passed on byte by byte, and booked at what it reports", async () => {
    const text = `${JSON.stringify(COMPLETION, null, 2)}\n`;
    const { guard, usage, sent, events } = ground(
      () => new Response(text, { status: 200, headers: { "content-type": "application/json", "x-id": "7" } }),
    );
    const init = chat();
    const answer = await guard(CHAT, init);
    expect(await answer.text()).toBe(text);
    expect(answer.headers.get("x-id")).toBe("7");
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toBe(init.body);
    expect(events.map(({ kind }) => kind)).toEqual(["held", "settled"]);
    expect(events[1]).toMatchObject({
      provider: "openai",
      protocol: "openai-chat",
      model: "gpt-4o-mini",
      booked: 2000n,
      stated: null,
      without: null,
      tags: { model: "gpt-4o-mini", provider: "openai" },
    });
  });

  it("is asked for with the endpoint's secret in the provider's own header, and never with the client's", async () => {
    const { guard, sent } = ground(() => Response.json({}));
    const own = { authorization: "Bearer client", "x-api-key": "client", "openai-organization": "org" };
    await guard(CHAT, { ...chat(), headers: own });
    await guard(MESSAGES, { ...message(), headers: own });
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toMatchObject({
      authorization: "Bearer sk-secret",
      "openai-organization": "org",
    });
    expect(sent[0]?.headers.has("x-api-key")).toBe(false);
    expect(sent[1]?.headers.get("x-api-key")).toBe("sk-secret");
    expect(sent[1]?.headers.has("authorization")).toBe(false);
  });

  it.each([
    ["a string", (init: RequestInit) => [CHAT, init] as const],
    ["a URL", (init: RequestInit) => [new URL(CHAT), init] as const],
    [
      "a string with the port of https",
      (init: RequestInit) => [CHAT.replace(".com/", ".com:443/"), init] as const,
    ],
    ["a Request", (init: RequestInit) => [new Request(CHAT, init)] as const],
    [
      "a Request whose body the options replace",
      (init: RequestInit) => [new Request(CHAT, chat({ n: 9 })), init] as const,
    ],
    [
      "bytes",
      (init: RequestInit) => [CHAT, { ...init, body: new TextEncoder().encode(textOf(init)) }] as const,
    ],
    ["a Blob", (init: RequestInit) => [CHAT, { ...init, body: new Blob([textOf(init)]) }] as const],
  ])("may be asked for with %s", async (_, request) => {
    const { guard, sent, usage } = ground(() => Response.json(COMPLETION));
    const init = chat();
    const [input, options] = request(init);
    expect((await guard(input, options)).status).toBe(200);
    expect(await new Response(sent[0]?.body as BodyInit).text()).toBe(init.body);
    expect(sent[0]?.url).toBe(CHAT);
    expect((await usage()).spent).toBe(2000n);
  });

  it("whose cost is unknown keeps its hold open", async () => {
    const { guard, usage, events } = ground(() =>
      Response.json({ ...COMPLETION, usage: { ...COMPLETION.usage, tool_seconds: 3 } }),
    );
    expect((await guard(CHAT, chat())).status).toBe(200);
    const { reserved, spent } = await usage();
    expect(spent).toBe(0n);
    expect(reserved).toBeGreaterThan(20_000n);
    expect(events.at(-1)).toMatchObject({ kind: "unknown", amount: reserved });
    expect(events.at(-1)).toHaveProperty("reason", expect.stringContaining("tool_seconds"));
  });

  it("from another model than was asked for is priced by the list, or unknown", async () => {
    const other = ground(() => Response.json({ ...COMPLETION, model: "claude-sonnet-4-5" }));
    await other.guard(CHAT, chat());
    expect((await other.usage()).spent).toBe(2000n);
    const unlisted = ground(() => Response.json({ ...COMPLETION, model: "gpt-9" }));
    await unlisted.guard(CHAT, chat());
    expect((await unlisted.usage()).spent).toBe(0n);
  });

  it("that costs more than its bound is booked in full and reported", async () => {
    const usage = { prompt_tokens: 1e6, completion_tokens: 5, total_tokens: 1_000_005 };
    const dear = ground(() => Response.json({ ...COMPLETION, usage }));
    await dear.guard(CHAT, chat());
    expect((await dear.usage()).spent).toBe(usd("1.00001"));
    expect(dear.events.map(({ kind }) => kind)).toEqual(["held", "settled", "bound_exceeded"]);
  });

  it("that breaks off fails where it is read, as without a guard, and its cost is unknown", async () => {
    const { guard, usage, events } = ground(() =>
      streamOf(['{"id": "chatcmpl-1", ', new Error("socket hang up")], "application/json"),
    );
    const answer = await guard(CHAT, chat());
    expect(answer.status).toBe(200);
    await expect(answer.json()).rejects.toThrow("the response ended early");
    expect((await usage()).reserved).toBeGreaterThan(0n);
    expect(events.at(-1)).toMatchObject({ kind: "unknown", reason: "the answer broke off" });
  });

  it("that its client aborts is thrown as the client's own reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { guard, usage } = ground(() => {
      const never = new Promise<never>(() => null);
      return new Response(new ReadableStream({ pull: () => (controller.abort(reason), never) }), {
        headers: { "content-type": "application/json" },
      });
    });
    await expect(guard(CHAT, { ...chat(), signal: controller.signal })).rejects.toBe(reason);
    expect((await usage()).reserved).toBeGreaterThan(0n);
  });

  it("that is no JSON, or has no body, has an unknown cost", async () => {
    for (const answer of [() => new Response("<html>"), () => new Response(null, { status: 204 })]) {
      const { guard, usage, events } = ground(answer);
      expect((await guard(CHAT, chat())).ok).toBe(true);
      expect((await usage()).reserved).toBeGreaterThan(0n);
      expect(events.at(-1)?.kind).toBe("unknown");
    }
  });
});

describe("guardedFetch: an error", () => {
  it.each([
    ["OpenAI does not say that it bills", CHAT, chat(), 429, false, undefined],
    ["the caller says that it is not billed", CHAT, chat(), 429, true, [429]],
    ["another status than the caller's", CHAT, chat(), 500, false, [429]],
  ])("%s", async (_, url, init, status, free, unbilled) => {
    const body = { error: { message: "slow down", type: "rate_limit", param: null, code: null } };
    const { guard, usage, events } = ground(() => Response.json(body, { status }), { unbilled });
    const answer = await guard(url, init);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(body);
    const { reserved, spent } = await usage();
    expect(spent).toBe(0n);
    expect(reserved === 0n).toBe(free);
    expect(events.at(-1)?.kind).toBe(free ? "settled" : "unknown");
  });

  it("of the network is thrown as fetch throws it, and its cost is unknown", async () => {
    const { guard, usage, events } = ground(() => {
      throw Object.assign(new Error("connect sk-secret"), { code: "ECONNREFUSED" });
    });
    const lost = {
      name: "TypeError",
      message: "fetch failed",
      cause: {
        name: "EgressError",
        sent: true,
        message: expect.stringMatching(/^the request failed \(ECONN/) as unknown,
      },
    };
    await expect(guard(CHAT, chat())).rejects.toMatchObject(lost);
    await expect(guard(`${ENDPOINTS.openai}/models`)).rejects.toMatchObject(lost);
    expect((await usage()).reserved).toBeGreaterThan(0n);
    expect(events.map(({ kind }) => kind)).toEqual(["held", "unknown", "free"]);
  });
});
