import { describe, expect, it } from "vitest";
import { CHAT, chat, COMPLETION, ENDPOINTS, ground } from "./support.ts";

const MODELS = `${ENDPOINTS.openai}/models`;
const answer = (): Response => Response.json(COMPLETION);

describe("guardedFetch: credentials of a function", () => {
  it("may be headers, and get what the request is without the client's credentials", async () => {
    const seen: unknown[] = [];
    const { guard, sent } = ground(answer, {
      credentials: async ({ url, method, headers }) => {
        seen.push([url, method, headers.get("authorization"), headers.get("x-id")]);
        return Promise.resolve({ "api-key": "k-1", "x-goog-user-project": "p" });
      },
    });
    const headers = { authorization: "Bearer client", "x-id": "7" };
    expect((await guard(CHAT, { ...chat(), headers })).status).toBe(200);
    expect(seen).toEqual([[CHAT, "POST", null, "7"]]);
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toMatchObject({
      "api-key": "k-1",
      "x-goog-user-project": "p",
    });
    expect(sent[0]?.headers.has("authorization")).toBe(false);
  });

  it.each<[string, unknown]>([
    ["a number", 123_456],
    ["nothing", undefined],
    ["null", null],
    ["a list", ["k-1"]],
    ["a Headers object", new Headers({ authorization: "Bearer k-1" })],
  ])("that give %s send nothing and give the money back", async (_, made) => {
    const { guard, sent, usage, events } = ground(answer, { credentials: () => made as string });
    const refused = await guard(CHAT, chat());
    expect(refused.statusText).toBe(
      "dispatch-kit refused: guardedFetch: credentials() must return a token or a plain object of headers; " +
        "what it returned is not shown (invalid); nothing was sent",
    );
    expect(sent).toEqual([]);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 0n });
    expect(events.map(({ kind }) => kind)).toEqual(["held", "released", "refused"]);
  });
});

describe("guardedFetch: a request that costs nothing", () => {
  const failed = "what the guard needs for it has failed";

  it.each<[string, Parameters<typeof ground>[1], string, string]>([
    ["its secret is not set", { env: {} }, "secret_missing", "KEY"],
    [
      "its record cannot be written",
      { log: () => Promise.reject(new Error("disk full")) },
      "egress_failed",
      "the audit record could not be written",
    ],
    [
      "its credentials are not there",
      { credentials: () => Promise.reject(new Error("token sk-1")) },
      "failed",
      failed,
    ],
    [
      "its credentials are of a wrong type",
      { credentials: () => Promise.reject(new TypeError("token sk-1")) },
      "failed",
      failed,
    ],
  ])("is refused if %s, so that its client does not try again", async (_, options, code, reason) => {
    const { guard, sent, events } = ground(answer, options);
    const refused = await guard(MODELS);
    expect(refused.status).toBe(402);
    expect(refused.headers.get("x-dispatch-kit-refused")).toBe(code);
    expect(refused.statusText).toContain(reason);
    expect(refused.statusText).not.toContain("sk-1");
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ kind: "free" }, { kind: "refused", code }]);
  });

  it("that its client aborts is thrown as the client's own reason", async () => {
    const controller = new AbortController();
    const reason = new TypeError("enough");
    const { guard, sent, events } = ground(answer, {
      credentials: async () => {
        controller.abort(reason);
        return Promise.resolve("k-1");
      },
    });
    await expect(guard(MODELS, { signal: controller.signal })).rejects.toBe(reason);
    expect(sent).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(["free"]);
  });
});
