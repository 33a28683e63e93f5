import { createHmac } from "node:crypto";
import { BackendKind, type DispatchStore, epochSeconds, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { focusCsv } from "../../examples/journal/focus.ts";
import {
  decisions,
  inDoubt,
  nearTheirCap,
  spending,
  underCap,
  unfinished,
  waiting,
} from "../../examples/journal/questions.ts";
import { alertAt80 } from "../../examples/journal/webhook.ts";

const MONTH = "month:2026-07";
const alice = { author: "alice", reason: "the launch" };
const calls = [
  { user: "u-7", provider: "openai", model: "gpt-5", cost: "30" },
  { user: "u-8", provider: "anthropic", model: "claude", cost: "12" },
  { user: "u-7", provider: "openai", model: "gpt-5", cost: "7" },
];

let store: DispatchStore;
let now: number;

/** July of a service: three calls, two jobs, one of which waits, and a cap that is raised. */
beforeEach(async () => {
  now = Date.parse("2026-07-01T10:00:00Z") / 1000;
  store = memoryStore({ clock: () => epochSeconds(now) });
  await store.pinCap(MONTH, usd("50"), { id: "cap-1", approval: { author: "carol", reason: "the plan" } });
  for (const [index, { cost, ...tags }] of calls.entries()) {
    now += 86_400;
    const holdId = `call-${String(index + 1)}`;
    await store.hold({ holdId, amount: usd(cost), scopes: [{ scope: MONTH }], ttlSeconds: 600, tags });
    if (index < 2) await store.settle(holdId, usd(cost));
  }
  now += 3600;
  await store.expire();
  await store.raiseCap(
    MONTH,
    { to: usd("80"), until: epochSeconds(now + 1e6) },
    { id: "cap-2", approval: alice },
  );
  const job = { payload: null, backend: BackendKind.CLOUD_WORKER, maxCost: usd("5"), maxAttempts: 1 };
  for (const jobId of ["video-1", "video-2"]) await store.submit({ ...job, jobId, lane: "gpu" });
  await store.approve("video-1", alice, { scopes: [{ scope: MONTH }] });
});

describe("an operator's questions", () => {
  it("which jobs wait, and since when", async () => {
    expect(await unfinished(store)).toEqual([
      "gpu: 1 awaiting_approval, the oldest since 2026-07-04T11:00",
      "gpu: 1 queued, the oldest since 2026-07-04T11:00",
    ]);
    expect(await waiting(store, now + 9000)).toEqual(["video-2: 2 h"]);
  });

  it("who decided what", async () => {
    expect(await decisions(store)).toEqual([
      "2026-07-01T10:00 carol cap_pinned month:2026-07: the plan",
      "2026-07-04T11:00 alice cap_raised month:2026-07: the launch",
      "2026-07-04T11:00 alice approved video-1: the launch",
    ]);
  });

  it("what each user and model has spent", async () => {
    const [from, to] = [new Date("2026-07-01"), new Date("2026-08-01")];
    expect(await spending(store, from, to, "user")).toEqual([
      "u-7: $37.00 in 2 calls",
      "u-8: $12.00 in 1 calls",
    ]);
    expect(await spending(store, new Date("2026-07-03"), to, "model")).toEqual([
      "claude: $12.00 in 1 calls",
      "gpt-5: $7.00 in 1 calls",
    ]);
  });

  it("which caps have reached 80 %", async () => {
    expect(await nearTheirCap(store)).toEqual([]);
    now += 2e6;
    expect(await nearTheirCap(store)).toEqual(["month:2026-07: $54.00 of $50.00"]);
  });

  it("what a lower cap would have refused", async () => {
    expect(await underCap(store, MONTH, usd("40"))).toBe(
      "2 refused, call-2 first at 2026-07-03T10:00; $37.00 spent",
    );
    expect(await underCap(store, MONTH, usd("80"))).toBe("nothing refused, $49.00 spent");
  });

  it("what nobody has reported", async () => {
    expect(await inDoubt(store)).toEqual(["call-3: $7.00 since 2026-07-04T11:00"]);
  });
});

describe("the webhook", () => {
  it("is told once, with a signature that its receiver can check", async () => {
    const stop = new AbortController();
    const sent: string[] = [];
    let cursor = 0;
    const options = {
      url: "https://example.com/hook",
      secret: "s3cret",
      signal: stop.signal,
      keep(next: number) {
        cursor = next;
        if (next === 9) stop.abort();
      },
    };
    const receiver = (_: unknown, init?: RequestInit): Promise<Response> => {
      const body = typeof init?.body === "string" ? init.body : "";
      const signature = createHmac("sha256", "s3cret").update(body).digest("hex");
      expect(new Headers(init?.headers).get("x-signature-256")).toBe(`sha256=${signature}`);
      sent.push(body);
      return Promise.resolve(new Response(null, { status: sent.length === 1 ? 503 : 200 }));
    };
    const start = (): Promise<void> => alertAt80(store, { ...options, after: cursor, fetch: receiver });
    await expect(start()).rejects.toThrow("the webhook answered 503");
    expect(cursor).toBe(3);
    await start();
    const message =
      '{"id":"4:month:2026-07","scope":"month:2026-07","threshold":"0.8","cap":"50.00","committed":"42.00"}';
    expect(sent).toEqual([message, message]);
  });
});

describe("FOCUS", () => {
  it("has a row for each day, provider and model, with money as plain numbers", async () => {
    const csv = await focusCsv(store, { month: "2026-07", billingAccount: { id: "acct-1", name: "=ACME" } });
    const [names = "", ...rows] = csv.trimEnd().split("\r\n");
    expect(names.split(",")).toHaveLength(22);
    expect(names).toMatch(/^BilledCost,BillingAccountId,.*,ChargePeriodEnd,ChargePeriodStart,/);
    expect(rows).toEqual([
      "30.00,acct-1,'=ACME,USD,2026-08-01T00:00:00Z,2026-07-01T00:00:00Z,Usage,,1 calls of gpt-5," +
        "2026-07-03T00:00:00Z,2026-07-02T00:00:00Z,30.00,30.00,openai,30.00,1,Calls,openai,openai,AI and Machine Learning,gpt-5,Generative AI",
      expect.stringMatching(/^12\.00,.*,2026-07-04T00:00:00Z,2026-07-03T00:00:00Z,12\.00,12\.00,anthropic,/),
      expect.stringMatching(/^7\.00,.*,2026-07-05T00:00:00Z,2026-07-04T00:00:00Z,7\.00,7\.00,openai,/),
    ]);
  });
});
