import { ExternalEndpoint, SecretRef, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { chat, COMPLETION, ground, message, MESSAGES, post } from "./support.ts";

const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const plain = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, mode: "chat" };
const twice = { input_cost_per_token: 2e-6, output_cost_per_token: 4e-6, mode: "chat" };

/** What an answer to a request is bounded by and booked at, in micro-cents. */
async function costs(
  url: string,
  init: RequestInit,
  answer: object,
  prices: object,
): Promise<{ readonly held: bigint; readonly booked: bigint; readonly reserved: bigint }> {
  const { origin } = new URL(url);
  const { guard, events, usage } = ground(() => Response.json(answer), {
    prices: prices as Readonly<Record<string, unknown>>,
    endpoint: new ExternalEndpoint({ name: "one", baseUrl: origin, secret: new SecretRef("KEY") }),
  });
  await guard(url, init);
  const { reserved, spent } = await usage();
  const held = events.find((event) => event.kind === "held");
  return { held: held?.kind === "held" ? held.amount : 0n, booked: spent, reserved };
}

describe("guardedFetch: an answer is booked at the prices that its bound had", () => {
  const converse = {
    output: { message: { role: "assistant", content: [{ text: "Hi" }] } },
    stopReason: "end_turn",
    usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
  };
  const ask = post({
    messages: [{ role: "user", content: [{ text: "Hi" }] }],
    inferenceConfig: { maxTokens: 100 },
  });
  const bedrock = `https://bedrock-runtime.us-west-2.amazonaws.com/model/${encodeURIComponent(CLAUDE)}/converse`;

  it("of its region, where a list has an entry for it", async () => {
    const prices = { [CLAUDE]: plain, [`bedrock/us-west-2/${CLAUDE}`]: twice };
    const { booked } = await costs(bedrock, ask, converse, prices);
    expect(booked).toBeGreaterThanOrEqual(4000n);
  });

  it("with the published surcharge of a region that the list lacks", async () => {
    const prices = { "gpt-4o-mini": plain };
    const url = "https://eu.api.openai.com/v1/chat/completions";
    const { booked, held } = await costs(url, chat(), COMPLETION, prices);
    expect(booked).toBe(2200n);
    expect(held).toBeGreaterThan(booked);
  });

  it("with the region that the answer names", async () => {
    const answer = (inference_geo: string): object => ({
      id: "msg_1",
      type: "message",
      model: "claude-opus-4-6",
      content: [],
      stop_reason: "end_turn",
      usage: { input_tokens: 10, output_tokens: 5, inference_geo },
    });
    const prices = { "claude-opus-4-6": plain };
    const init = message({ model: "claude-opus-4-6" });
    expect((await costs(MESSAGES, init, answer("global"), prices)).booked).toBe(2000n);
    expect((await costs(MESSAGES, init, answer("us"), prices)).booked).toBe(2200n);
  });

  it("of the version that answered, where the list has it", async () => {
    const prices = { "gpt-4o-mini": plain, "gpt-4o-mini-2024-07-18": twice };
    const url = "https://api.openai.com/v1/chat/completions";
    expect((await costs(url, chat(), COMPLETION, prices)).booked).toBe(4000n);
  });
});

describe("guardedFetch: a limit that the money pays for", () => {
  it("is written into the body, and bounds it", async () => {
    const limitOutputTo = usd("0.001");
    const at = ground(() => Response.json(COMPLETION), { bounds: { limitOutputTo } });
    await at.guard("https://api.openai.com/v1/chat/completions", chat({ max_tokens: undefined }));
    const sent = JSON.parse(String(at.sent[0]?.body)) as Readonly<Record<string, unknown>>;
    const limit = Number(sent["max_completion_tokens"] ?? sent["max_tokens"]);
    expect(limit).toBeGreaterThan(0);
    expect(limit * 200).toBeLessThanOrEqual(100_000);
  });

  it("is refused for a body that the client has signed", async () => {
    const at = ground(() => Response.json(COMPLETION), {
      bounds: { limitOutputTo: usd("0.0001") },
      credentials: "client",
    });
    const answer = await at.guard("https://api.openai.com/v1/chat/completions", chat());
    expect(answer.status).toBe(402);
    expect(at.sent).toEqual([]);
  });
});

describe("guardedFetch: what a function of its options throws", () => {
  const secret = "postgres://user:sk-secret@db";
  const fails = (): never => {
    throw new TypeError(`Invalid URL: ${secret}`);
  };
  it.each([
    ["scopes", { scopes: fails }],
    ["tags", { tags: fails }],
    ["bounds", { bounds: fails }],
    ["credentials", { credentials: fails }],
    ["holdId", { holdId: fails }],
  ])("is told to the listener and not to the client: %s", async (_, options) => {
    const at = ground(() => Response.json(COMPLETION), options);
    const answer = await at.guard("https://api.openai.com/v1/chat/completions", chat());
    expect(answer.status).toBe(402);
    expect((await answer.text()) + answer.statusText).not.toContain("sk-secret");
    expect(at.events.at(-1)).toMatchObject({
      kind: "refused",
      code: "failed",
      error: expect.any(TypeError) as Error,
    });
    expect(at.sent).toEqual([]);
    expect((await at.usage()).reserved).toBe(0n);
  });

  it("gets the model that the body names", async () => {
    const models: string[] = [];
    const at = ground(() => Response.json(COMPLETION), {
      bounds: ({ model }) => {
        models.push(model);
        return {};
      },
    });
    await at.guard("https://api.openai.com/v1/chat/completions", chat());
    expect(models).toEqual(["gpt-4o-mini"]);
  });
});
