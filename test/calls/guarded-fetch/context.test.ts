import { memoryStore } from "dispatch-kit/memory";
import { microCents, type ScopeCap, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { CHAT, chat, COMPLETION, ground, SCOPE } from "./support.ts";

const answer = (): Response => Response.json(COMPLETION);
const USER: ScopeCap = { scope: "user:7", cap: usd("0.01") };

describe("guardedFetch: scopes and tags", () => {
  it("are made for each request", async () => {
    const seen: unknown[] = [];
    const { guard, ledger, events } = ground(answer, {
      scopes: (request) => {
        seen.push([request.model, request.provider, request.method, request.url]);
        return [{ scope: `model:${request.model}`, cap: usd(1) }];
      },
      tags: async () => Promise.resolve({ team: "blue" }),
    });
    await guard(CHAT, chat());
    expect(seen).toEqual([["gpt-4o-mini", "openai", "POST", CHAT]]);
    expect((await ledger.usage("model:gpt-4o-mini")).spent).toBe(2000n);
    expect(events[0]?.tags).toEqual({ team: "blue", model: "gpt-4o-mini", provider: "openai" });
  });

  it.each<[string, () => readonly ScopeCap[]]>([
    [
      "cannot be made",
      () => {
        throw new Error("the session is gone");
      },
    ],
    [
      "cannot be read",
      () => [
        {
          cap: usd(1),
          get scope(): string {
            throw new Error("the session is gone");
          },
        },
      ],
    ],
  ])("that %s refuse the request, and only the event has the error", async (_, scopes) => {
    const { guard, sent, events } = ground(answer, { scopes });
    const refused = await guard(CHAT, chat());
    expect(refused.statusText).toBe(
      "dispatch-kit refused: what the guard needs for it has failed (failed); nothing was sent",
    );
    expect(sent).toEqual([]);
    expect(events).toMatchObject([
      {
        kind: "refused",
        code: "failed",
        error: expect.objectContaining({ message: "the session is gone" }) as unknown,
      },
    ]);
  });

  it("of a run count for everything that it does, and for nothing else", async () => {
    const { guard, ledger, events } = ground(answer);
    await Promise.all([
      guard.run({ scopes: [USER], tags: { user: "7" } }, async () => {
        await Promise.resolve();
        await guard(CHAT, chat());
      }),
      guard(CHAT, chat()),
    ]);
    expect((await ledger.usage(USER.scope)).spent).toBe(2000n);
    expect((await ledger.usage(SCOPE)).spent).toBe(4000n);
    expect(events.filter(({ kind, tags }) => kind === "settled" && tags["user"] === "7")).toHaveLength(1);
  });

  it("of a run inside a run are added up", async () => {
    const { guard, ledger } = ground(answer, { scopes: [] });
    await guard.run({ scopes: [USER] }, async () =>
      guard.run({ scopes: [{ scope: "tool:search", cap: usd(1) }] }, async () => guard(CHAT, chat())),
    );
    expect((await ledger.usage(USER.scope)).spent).toBe(2000n);
    expect((await ledger.usage("tool:search")).spent).toBe(2000n);
  });

  it.each<[string, ScopeCap]>([
    ["cap", { scope: SCOPE, cap: usd(1000) }],
    ["end", { scope: SCOPE, cap: usd(1), until: new Date("2099-12-01T00:00:00Z") }],
  ])("of a run cannot have another %s than those of the guard", async (_, other) => {
    const { guard, sent } = ground(answer);
    const refused = await guard.run({ scopes: [other] }, async () => guard(CHAT, chat()));
    expect(refused.statusText).toBe(
      'dispatch-kit refused: the guard and its run must have the same cap and the same end for the scope "run:1" ' +
        "(invalid); nothing was sent",
    );
    expect(sent).toEqual([]);
  });

  it("named by both the guard and a run count once", async () => {
    const { guard, usage } = ground(answer);
    await guard.run({ scopes: [{ scope: SCOPE, cap: usd(1) }] }, async () => guard(CHAT, chat()));
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it("of a run are checked at once", () => {
    const { guard } = ground(answer);
    expect(() => guard.run({ scopes: [{ scope: "", cap: usd(1) }] }, () => null)).toThrow(RangeError);
  });
});

describe("guardedFetch: many at once", () => {
  it("lets through only what the cap has room for", async () => {
    let amount = 0n;
    const probe = ground(answer, {
      onEvent: (event) => (amount = event.kind === "held" ? event.amount : amount),
    });
    await probe.guard(CHAT, chat());
    const slow = async (): Promise<Response> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return answer();
    };
    const cap = microCents(amount * 5n + 1n);
    const { guard, sent, usage } = ground(slow, {
      scopes: [{ scope: SCOPE, cap }],
    });
    const answers = await Promise.all(Array.from({ length: 64 }, async () => guard(CHAT, chat())));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(sent).toHaveLength(5);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 10_000n });
  });

  it("charges holds whose time is over in passing, at most once a minute", async () => {
    const store = memoryStore();
    let expired = 0;
    const ledger = {
      hold: store.hold.bind(store),
      settle: store.settle.bind(store),
      release: store.release.bind(store),
      extend: store.extend.bind(store),
      expire: () => {
        expired++;
        throw new Error("down");
      },
    };
    const { guard, events } = ground(answer, { ledger });
    for (let index = 0; index < 5; index++) expect((await guard(CHAT, chat())).status).toBe(200);
    await guard.settled();
    expect(expired).toBe(1);
    expect(events.filter(({ kind }) => kind === "expire_failed")).toHaveLength(1);
  });
});

describe("guardedFetch: credentials", () => {
  it("of a function are made for each request", async () => {
    let made = 0;
    const { guard, sent } = ground(answer, { credentials: async () => Promise.resolve(`token-${++made}`) });
    await guard(CHAT, chat());
    await guard(CHAT, chat());
    expect(sent.map(({ headers }) => headers.get("authorization"))).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it("that cannot be made send nothing and give the money back", async () => {
    const { guard, sent, usage } = ground(answer, {
      credentials: () => {
        throw new Error("no token: secret-text");
      },
    });
    const refused = await guard(CHAT, chat());
    expect(refused.status).toBe(402);
    expect(await refused.text()).not.toContain("secret-text");
    expect(sent).toEqual([]);
    expect((await usage()).reserved).toBe(0n);
  });

  it("of the client pass, and its body is never touched", async () => {
    const { guard, sent } = ground(answer, { credentials: "client" });
    const init = {
      ...chat({ stream: true }),
      headers: { authorization: "AWS4-HMAC-SHA256 x", "x-amz-security-token": "t" },
    };
    await guard(CHAT, init);
    expect(sent[0]?.body).toBe(init.body);
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toMatchObject(init.headers);
  });
});

describe("guardedFetch: an abort", () => {
  it("before it is sent gives the money back and is thrown as it is", async () => {
    const { guard, sent, usage } = ground(answer);
    const reason = new Error("enough");
    await expect(guard(CHAT, { ...chat(), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(sent).toEqual([]);
    expect((await usage()).reserved).toBe(0n);
  });

  it("while the provider works is thrown as it is, and the cost is unknown", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { guard, usage, events } = ground(
      async (_, signal) =>
        new Promise<Response>((__, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("aborted"));
          });
          controller.abort(reason);
        }),
    );
    await expect(guard(CHAT, { ...chat(), signal: controller.signal })).rejects.toBe(reason);
    expect((await usage()).reserved).toBeGreaterThan(0n);
    expect(events.at(-1)?.kind).toBe("unknown");
  });
});
