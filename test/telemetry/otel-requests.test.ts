import { type MicroCents, usd } from "dispatch-kit";
import type { GuardEvent } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { observed } from "dispatch-kit/telemetry";
import { describe, expect, it } from "vitest";
import {
  CHAT,
  chat,
  CHAT_CHUNKS,
  COMPLETION,
  ground,
  post,
  SCOPE,
  sse,
  streamOf,
} from "../calls/guarded-fetch/support.ts";
import { type Sdk, sdk } from "./sdk.ts";

const asked = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
};
const known = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai" };

/** A guard whose ledger and events are told of, and whose answer is given. */
function guarded(answer: () => Response | Promise<Response>, options = {}) {
  const kit = sdk();
  const ledger = observed(memoryStore(), kit.telemetry);
  let calls = 0;
  const more = {
    ledger,
    onEvent: kit.telemetry.onEvent,
    holdId: () => `call-${String(++calls)}`,
    ...options,
  };
  return { kit, ...ground(answer, more) };
}

function requests({ spans }: Sdk) {
  return spans().filter(({ kind }) => kind === 2);
}

const kind = (value: string) => ({ "dispatch_kit.kind": value });

describe("otel: requests of a guard", () => {
  it("are spans and metrics with the names of the GenAI conventions", async () => {
    const { guard, kit } = guarded(() => Response.json(COMPLETION));
    await guard(CHAT, chat());
    await guard.settled();
    const [span, ...others] = requests(kit);
    expect(others).toEqual([]);
    expect(span).toMatchObject({ name: "chat gpt-4o-mini", status: 0 });
    expect(span?.attributes).toEqual({
      ...asked,
      ...kind("settled"),
      "dispatch_kit.hold.id": "call-1",
      "dispatch_kit.amount_usd": expect.any(Number) as number,
      "dispatch_kit.booked_usd": 0.00002,
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 5,
    });
    const points = await kit.points();
    expect(points["requests"]).toEqual([
      [{ ...asked, ...kind("held") }, 1],
      [{ ...asked, ...kind("settled") }, 1],
    ]);
    expect(points["request.duration"]).toEqual([[{ ...asked, ...kind("settled") }, 1]]);
    expect(points["request.held"]).toEqual([[asked, 0]]);
    expect(points["request.cost"]).toEqual([[asked, 0.00002]]);
    expect(points["cost.booked"]).toEqual([[{ "dispatch_kit.operation": "settle" }, 0.00002]]);
    const all = JSON.stringify([kit.spans(), points]);
    for (const secret of ["sk-secret", "Hi", "Hello", "https://"]) expect(all).not.toContain(secret);
    expect(JSON.stringify(points)).not.toContain("call-1");
    expect(JSON.stringify(points)).not.toContain(SCOPE);
  });

  it("that are streamed say so, and hold their money until the stream is booked", async () => {
    const { guard, kit } = guarded(() => streamOf([sse(...CHAT_CHUNKS)]));
    const answer = await guard(CHAT, chat({ stream: true }));
    const during = (await kit.points())["request.held"]?.[0]?.[1];
    await answer.text();
    await guard.settled();
    expect(during).toBeGreaterThan(0);
    expect((await kit.points())["request.held"]).toEqual([[asked, 0]]);
    expect(requests(kit)[0]?.attributes).toMatchObject({ "gen_ai.request.stream": true });
  });

  it("that are refused are errors without a length, and metrics do not have their model", async () => {
    const { guard, kit } = guarded(() => Response.json(COMPLETION), {
      scopes: [{ scope: SCOPE, cap: usd("0.000001") }],
    });
    await guard(CHAT, chat());
    await guard(CHAT, post({ model: "m".repeat(300), max_tokens: 1, messages: [] }));
    expect(requests(kit)).toMatchObject([
      {
        name: "chat",
        status: 2,
        attributes: {
          ...asked,
          "error.type": "over_budget",
          "dispatch_kit.scopes": [SCOPE],
          "dispatch_kit.hold.id": "call-1",
        },
      },
      { name: "chat", attributes: { "error.type": "unpriced", "gen_ai.request.model": "m".repeat(200) } },
    ]);
    expect((await kit.points())["requests"]).toEqual([
      [{ ...known, ...kind("refused"), "error.type": "over_budget" }, 1],
      [{ ...known, ...kind("refused"), "error.type": "unpriced" }, 1],
    ]);
  });

  it("on an unknown host have no provider", async () => {
    const { guard, kit } = guarded(() => Response.json(COMPLETION));
    await guard("https://example.com/v1/chat?key=secret", chat());
    expect(requests(kit)).toMatchObject([
      { name: "dispatch_kit.request", attributes: { ...kind("refused"), "error.type": "route" } },
    ]);
    expect(JSON.stringify(kit.spans())).not.toContain("secret");
  });

  it("whose cost is unknown, or that were not sent, hold nothing any more", async () => {
    const { guard, kit } = guarded(() => Promise.reject(new Error("secret")));
    await guard(CHAT, chat()).catch(() => null);
    const unsent = guarded(() => Response.json(COMPLETION), { env: {} });
    await unsent.guard(CHAT, chat());
    expect(requests(kit)).toMatchObject([{ status: 0, attributes: kind("unknown") }]);
    expect((await kit.points())["request.held"]).toEqual([[asked, 0]]);
    expect(requests(unsent.kit)).toMatchObject([
      { status: 0, attributes: kind("released") },
      { status: 2, attributes: { ...kind("refused"), "error.type": "secret_missing" } },
    ]);
    expect((await unsent.kit.points())["request.held"]).toEqual([[asked, 0]]);
  });

  it("that cost more than their bound, or are not booked, are counted", async () => {
    const { guard, kit } = guarded(() =>
      Response.json({
        ...COMPLETION,
        usage: { prompt_tokens: 1_000, completion_tokens: 100_000, total_tokens: 101_000 },
      }),
    );
    await guard(CHAT, chat());
    await guard.settled();
    expect((await kit.points())["bound_exceeded"]).toEqual([[asked, 1]]);
    const ledger = Object.assign(memoryStore(), { settle: () => Promise.reject(new RangeError("secret")) });
    const { guard: unbooked, kit: other } = guarded(() => Response.json(COMPLETION), { ledger });
    await unbooked(CHAT, chat());
    await unbooked.settled();
    expect(requests(other)).toMatchObject([
      { status: 2, attributes: { ...kind("unbooked"), "error.type": "RangeError" } },
    ]);
  });
});

describe("otel: what a request is called", () => {
  const bound = (maxOutputTokens: number) => ({ maxOutputTokens, streams: false });
  const about = { holdId: "1", model: "m", tags: { user: "secret" }, kind: "held", amount: 0n as MicroCents };
  it.each([
    ["anthropic", "anthropic", 5, "chat", "anthropic"],
    ["azure", "azure", 5, "chat", "azure.ai.openai"],
    ["bedrock", "bedrock", 5, "chat", "aws.bedrock"],
    ["cohere", "cohere", 0, "embeddings", "cohere"],
    ["gemini", "gemini", 5, "generate_content", "gcp.gemini"],
    ["gemini", "gemini", 0, "embeddings", "gcp.gemini"],
    ["mistral", "openai-embeddings", 0, "embeddings", "mistral_ai"],
    ["openai", "openai-images", 5, "generate_content", "openai"],
    ["vertex", "vertex", 5, "generate_content", "gcp.vertex_ai"],
    ["vertex", "anthropic", 5, "chat", "gcp.vertex_ai"],
    ["voyage", "voyage", 0, "embeddings", "voyage"],
    ["xai", "xai", 5, "chat", "x_ai"],
  ])("at %s by %s with %i tokens of output: %s", async (provider, protocol, output, operation, name) => {
    const { telemetry, points } = sdk();
    telemetry.onEvent({ ...about, provider, protocol, bound: bound(output) } as unknown as GuardEvent);
    expect((await points())["request.held"]).toEqual([
      [{ "gen_ai.operation.name": operation, "gen_ai.provider.name": name, "gen_ai.request.model": "m" }, 0],
    ]);
  });

  it("a usage has the parts of its tokens that the conventions name", () => {
    const { telemetry, spans } = sdk();
    const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 4, outputReasoningTokens: 3 };
    const event = { ...about, provider: "openai", protocol: "openai-chat" };
    const money = { booked: usd("1"), stated: null, without: null, usage };
    telemetry.onEvent({ ...event, bound: bound(5) } as unknown as GuardEvent);
    telemetry.onEvent({ ...event, kind: "settled", ...money } as unknown as GuardEvent);
    expect(spans()[0]?.attributes).toMatchObject({
      "gen_ai.usage.cache_read.input_tokens": 4,
      "gen_ai.usage.reasoning.output_tokens": 3,
    });
    telemetry.onEvent({ ...event, bound: bound(5) } as unknown as GuardEvent);
    telemetry.onEvent({ ...event, kind: "settled", ...money, usage: null } as unknown as GuardEvent);
    expect(Object.keys(spans()[1]?.attributes ?? {}).filter((key) => key.includes("usage"))).toEqual([]);
    expect(JSON.stringify(spans())).not.toContain("secret");
  });

  it("what is free, not held by this guard, or about no request is only counted", async () => {
    const { telemetry, spans, points } = sdk();
    const event = { ...about, provider: "openai", protocol: "openai-chat" };
    const end = { ...event, kind: "settled", booked: usd("1"), usage: null, stated: null, without: null };
    telemetry.onEvent({ ...event, kind: "free" } as unknown as GuardEvent);
    telemetry.onEvent(end as unknown as GuardEvent);
    const nobody = { holdId: null, provider: null, protocol: null, model: null, tags: {} };
    telemetry.onEvent({ ...nobody, kind: "expire_failed", error: "secret" });
    expect(spans()).toEqual([]);
    const { requests: told, "request.cost": cost } = await points();
    expect(told).toHaveLength(3);
    expect(told).toContainEqual([{ ...kind("expire_failed"), "error.type": "_OTHER" }, 1]);
    expect(cost).toHaveLength(1);
  });
});
