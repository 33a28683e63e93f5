import { egressFetch } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { KEY, failure, quiet, withServer } from "./egress-fetch-support.ts";

// The platform's own fetch, over TLS, against real servers on this machine.

const { at, arrived } = withServer();
const { at: elsewhere } = withServer();

describe("egressFetch", () => {
  it("sends the request with the secret, and hands the answer on", async () => {
    at().answer((_, response) => {
      response.writeHead(201, { "x-request-id": "r-1", "content-type": "application/json" });
      response.end('{"text":"hello"}');
    });
    const init = {
      method: "post",
      headers: { "content-type": "application/json", "x-team": "a" },
      body: '{"a":1}',
    };
    const answer = await egressFetch(at().endpoint(), "chat/completions?x=1", init, quiet);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("x-request-id")).toBe("r-1");
    expect(await answer.json()).toEqual({ text: "hello" });
    expect(at().seen.at(-1)).toMatchObject({
      method: "POST",
      url: "/v1/chat/completions?x=1",
      body: '{"a":1}',
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", "x-team": "a" },
    });
  });

  it.each(["x-api-key", "X-Goog-Api-Key", "api-key", "authorization"])(
    "sends the secret as %s",
    async (header) => {
      await egressFetch(at().endpoint(), "x", {}, { ...quiet, header });
      const { headers } = at().seen.at(-1) ?? {};
      expect(headers).toMatchObject({ [header.toLowerCase()]: KEY });
      const carriers = Object.values(headers ?? {}).filter((value) => String(value).includes(KEY));
      expect(carriers).toEqual([KEY]);
    },
  );

  it("the caller's headers neither replace the secret nor add another, nor say where it goes", async () => {
    const theirs = {
      Authorization: "Bearer theirs",
      "X-API-Key": "theirs",
      "x-goog-api-key": "theirs",
      "api-key": "theirs",
      cookie: "theirs=1",
      "proxy-authorization": "theirs",
      host: "evil.example",
      "transfer-encoding": "chunked",
      "content-length": "1",
      "x-forwarded-for": "kept",
    };
    for (const headers of [theirs, new Headers(theirs), Object.entries(theirs)] as HeadersInit[]) {
      await egressFetch(at().endpoint(), "x", { method: "POST", headers, body: "body" }, quiet);
      const { headers: seen, body } = at().seen.at(-1) ?? {};
      expect(JSON.stringify(seen)).not.toMatch(/theirs|evil/);
      expect(seen).toMatchObject({
        authorization: `Bearer ${KEY}`,
        "x-forwarded-for": "kept",
        "content-length": "4",
      });
      expect(seen?.host).toBe(new URL(at().origin).host);
      expect(body).toBe("body");
    }
  });

  it("sends a body that is streamed", async () => {
    const body = new Blob(["one", "two"]).stream();
    await egressFetch(at().endpoint(), "x", { method: "PUT", body }, quiet);
    expect(at().seen.at(-1)).toMatchObject({ method: "PUT", body: "onetwo" });
  });

  it("hands on what is streamed, as it comes, and what has no body", async () => {
    at().answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: one\n\n");
    });
    const answer = await egressFetch(at().endpoint(), "x", {}, quiet);
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: one\n\n");
    await reader?.cancel();
    for (const status of [204, 205, 304]) {
      at().answer((_, response) => response.writeHead(status).end());
      const empty = await egressFetch(at().endpoint(), "x", {}, quiet);
      expect([empty.status, empty.body]).toEqual([status, null]);
    }
    const head = await egressFetch(at().endpoint(), "x", { method: "HEAD" }, quiet);
    expect(await head.text()).toBe("");
  });

  it("an error of the provider's is an answer like any other", async () => {
    at().answer((_, response) => response.writeHead(429, { "retry-after": "3" }).end("slow down"));
    const answer = await egressFetch(at().endpoint(), "x", {}, quiet);
    expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([
      429,
      "3",
      "slow down",
    ]);
  });
});

describe("egressFetch: redirects", () => {
  it.each([301, 302, 303, 307, 308])(
    "%d to another origin: refused, and nobody there gets the key",
    async (status) => {
      at().answer((_, response) => {
        response.writeHead(status, { location: `${elsewhere().origin}/private-path` }).end();
      });
      for (const header of [undefined, "x-api-key"]) {
        const options = header === undefined ? quiet : { ...quiet, header };
        const error = await failure(egressFetch(at().endpoint(), "private-path", {}, options));
        expect(error).toMatchObject({ reason: "redirected", sent: true, subject: at().origin });
      }
      expect(elsewhere().seen).toEqual([]);
      expect(arrived()).toBe(2);
    },
  );

  it("to the same origin is refused too", async () => {
    at().answer((_, response) => response.writeHead(302, { location: "/v1/other" }).end());
    expect(await failure(egressFetch(at().endpoint(), "x", {}, quiet))).toMatchObject({
      reason: "redirected",
    });
    expect(arrived()).toBe(1);
  });

  it("that a given fetch has followed all the same is refused too", async () => {
    at().answer(({ url }, response) => {
      if (url === "/v1/x") response.writeHead(302, { location: "/v1/other" }).end();
      else response.end("followed");
    });
    const follows = (url: string, init: RequestInit) => fetch(url, { ...init, redirect: "follow" });
    const error = await failure(egressFetch(at().endpoint(), "x", {}, { ...quiet, fetch: follows }));
    expect(error).toMatchObject({ reason: "redirected", sent: true });
  });

  it("is refused also if its body cannot be closed", async () => {
    let closed = 0;
    const body = new ReadableStream({
      cancel: () => {
        closed++;
        throw new Error(`connection lost, ${KEY}`);
      },
    });
    const fetch = () => Promise.resolve(new Response(body, { status: 302 }));
    const error = await failure(egressFetch(at().endpoint(), "x", {}, { ...quiet, fetch }));
    expect(error).toMatchObject({ reason: "redirected", sent: true });
    expect(closed).toBe(1);
  });

  it("that a browser would hide is refused too", async () => {
    const hidden = Object.defineProperty(new Response(null), "type", { value: "opaqueredirect" });
    const options = { ...quiet, fetch: () => Promise.resolve(hidden) };
    expect(await failure(egressFetch(at().endpoint(), "x", {}, options))).toMatchObject({
      reason: "redirected",
    });
  });
});
