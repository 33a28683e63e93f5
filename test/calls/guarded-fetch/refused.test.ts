import { type BudgetLedger, DispatchError, ExternalEndpoint, SecretRef, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { CHAT, chat, COMPLETION, ground, message, MESSAGES, post, SCOPE } from "./support.ts";

const answer = (): Response => Response.json(COMPLETION);

describe("guardedFetch: a refusal", () => {
  it("over the budget is a 402 that names the scope, the lack and when there may be room", async () => {
    const until = new Date("2099-12-01T00:00:00Z");
    const { guard, sent, events, usage } = ground(answer, {
      scopes: [{ scope: SCOPE, cap: usd("0.0001"), until }],
    });
    const refused = await guard(CHAT, chat());
    expect(refused.status).toBe(402);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(refused.headers.get("x-dispatch-kit-refused")).toBe("over_budget");
    expect(refused.statusText).toMatch(/"run:1" lacks \$0\.000\d+ until 2099-12-01/);
    expect(await refused.json()).toMatchObject({
      error: {
        message: expect.stringContaining("nothing was sent") as unknown,
        code: "over_budget",
        param: null,
        lacking: [{ scope: SCOPE, until: until.toISOString() }],
      },
    });
    expect(sent).toEqual([]);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 0n });
    expect(events).toMatchObject([{ kind: "refused", code: "over_budget", lacking: [{ scope: SCOPE }] }]);
  });

  it.each([
    ["no scopes", { scopes: [] }, CHAT, chat(), "no_scopes"],
    ["no scopes and no option for them", { scopes: undefined }, CHAT, chat(), "no_scopes"],
    ["a model without a price", {}, CHAT, chat({ model: "gpt-9" }), "unpriced"],
    ["a route that nobody knows", {}, "https://api.openai.com/v1/new", post({}), "route"],
    ["a batch", {}, "https://api.openai.com/v1/batches", post({}), "route"],
    ["a host that is no endpoint", {}, "https://api.groq.com/openai/v1/chat/completions", chat(), "route"],
    ["a host that nobody knows", {}, "https://elsewhere.example/v1/chat/completions", chat(), "route"],
    ["a body that is no JSON", {}, CHAT, { method: "POST", body: "{" }, "unreadable"],
    ["a form", {}, CHAT, { method: "POST", body: new FormData() }, "unreadable"],
    ["a secret that is not set", { env: {} }, CHAT, chat(), "secret_missing"],
  ])("of %s sends nothing", async (_, options, url, init, code) => {
    const { guard, sent, usage } = ground(answer, options);
    const refused = await guard(url, init);
    expect(refused.status).toBe(402);
    expect(refused.headers.get("x-dispatch-kit-refused")).toBe(code);
    expect(sent).toEqual([]);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 0n });
  });

  it("is what the ledger throws, with its code, and never an exception", async () => {
    for (const error of [
      new DispatchError("cap_conflict", "pinned"),
      new DispatchError("store_failed", "down"),
      new Error("x"),
    ]) {
      const ledger = {
        hold: () => {
          throw error;
        },
        settle: () => ({ kind: "settled", overrun: 0n }),
        release: () => ({ kind: "released" }),
        extend: () => ({ kind: "held" }),
      } as unknown as BudgetLedger;
      const { guard, sent } = ground(answer, { ledger });
      const refused = await guard(CHAT, chat());
      expect(refused.status).toBe(402);
      expect(refused.headers.get("x-dispatch-kit-refused")).toBe(
        error instanceof DispatchError ? error.code : "failed",
      );
      expect(await refused.text()).not.toContain('"x"');
      expect(sent).toEqual([]);
    }
  });

  it("of a record that cannot be written gives the money back", async () => {
    const { guard, sent, usage } = ground(answer, {
      log: () => {
        throw new Error("disk full");
      },
    });
    expect((await guard(CHAT, chat())).status).toBe(402);
    expect(sent).toEqual([]);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 0n });
  });

  it("has the form of its provider", async () => {
    const { guard } = ground(answer, { scopes: [] });
    expect(await (await guard(MESSAGES, message())).json()).toMatchObject({
      type: "error",
      error: { type: "billing_error", code: "no_scopes" },
    });
    const gemini = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent";
    const contents = [{ role: "user", parts: [{ text: "Hi" }] }];
    const body = { contents, generationConfig: { maxOutputTokens: 10 } };
    expect(await (await guard(gemini, post(body))).json()).toMatchObject({
      error: { code: 402, details: [{ reason: "no_scopes", domain: "dispatch-kit" }] },
    });
  });

  it("never shows a secret, a body or a path", async () => {
    const { guard } = ground(answer, { scopes: [] });
    const refused = await guard(`${CHAT}?key=sk-other`, chat({ user: "mallory" }));
    const shown = (await refused.text()) + refused.statusText + JSON.stringify([...refused.headers]);
    expect(shown).not.toMatch(/sk-|mallory|Hi/);
  });
});

describe("guardedFetch: a request that costs nothing", () => {
  it("is recorded and sent without a hold", async () => {
    const lines: string[] = [];
    const { guard, sent, usage, events } = ground(() => Response.json({ data: [] }), {
      scopes: [],
      log: (line) => lines.push(line),
    });
    expect((await guard("https://api.openai.com/v1/models")).status).toBe(200);
    expect(sent).toHaveLength(1);
    expect(lines).toHaveLength(1);
    expect(events).toMatchObject([{ kind: "free", provider: "openai" }]);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 0n });
  });

  it("is answered here where a client only asks what fetch can do", async () => {
    const { guard, sent } = ground(answer);
    expect(await (await guard("data:,")).text()).toBe("");
    expect(sent).toEqual([]);
  });
});

describe("guardedFetch: options", () => {
  it.each([
    ["no ledger", { ledger: undefined }, TypeError],
    ["a ledger without extend", { ledger: { hold: () => null } }, TypeError],
    ["no endpoint", { endpoint: [] }, RangeError],
    ["an endpoint of another kind", { endpoint: { baseUrl: "https://api.openai.com" } }, TypeError],
    ["a timeout above the time of a hold", { ttlSeconds: 10, timeoutSeconds: 20 }, RangeError],
    ["a status that is no error", { unbilled: [200] }, RangeError],
    ["an unknown option", { scope: [] }, TypeError],
    ["a status that is none", { unbilled: [600] }, RangeError],
    ["credentials of another kind", { credentials: "sk-123" }, TypeError],
    ["tags that are no object", { tags: ["blue"] }, TypeError],
    ["aliases that are no object", { aliases: new Map() }, TypeError],
    ["prices that are none", { prices: 3 }, TypeError],
  ])("refuse %s at once", (_, options, kind) => {
    expect(() => ground(answer, options as never)).toThrow(kind);
  });

  it("of several endpoints: the one that the URL is below", async () => {
    const endpoint = [
      new ExternalEndpoint({
        name: "team",
        baseUrl: "https://gateway.example/team",
        secret: new SecretRef("TEAM"),
      }),
      new ExternalEndpoint({
        name: "other",
        baseUrl: "https://gateway.example/other",
        secret: new SecretRef("OTHER"),
      }),
    ];
    const { guard, sent } = ground(answer, {
      endpoint,
      protocols: { "gateway.example": "openai" },
      env: { TEAM: "sk-team", OTHER: "sk-other" },
    });
    const refused = await guard("https://gateway.example/v1/chat/completions", chat());
    expect(refused.status).toBe(402);
    expect(sent).toEqual([]);
  });
});
