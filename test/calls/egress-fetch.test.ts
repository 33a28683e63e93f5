import { inspect } from "node:util";
import { type EgressEvent, isDispatchError, SecretMissingError, SecretRef, usd } from "dispatch-kit";
import { EgressError, egressFetch, type EgressOptions, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type HttpsServer, httpsServer } from "../support/https-server.ts";
import { committed, request, thrownBy } from "./with-hold-support.ts";

// The platform's own fetch, over TLS, against real servers on this machine.

const KEY = "sk-hunter2-t0ken";
const env = { API_KEY: KEY };
const quiet: EgressOptions = { env, log: () => null };

let server: HttpsServer;
let elsewhere: HttpsServer;
let asked = 0;

beforeAll(async () => {
  server = await httpsServer();
  elsewhere = await httpsServer();
});
afterAll(async () => {
  await server.close();
  await elsewhere.close();
});
beforeEach(() => {
  server.answer((_, response) => response.end("ok"));
  asked = server.seen.length;
});

/** How many requests have arrived in this test. */
function arrived(): number {
  return server.seen.length - asked;
}

/** Everything that a program prints of an error, one way or another. */
function printed(error: unknown): string {
  const all = { depth: Infinity, showHidden: true, maxStringLength: null };
  return [inspect(error, all), JSON.stringify(error), String(error), (error as Error).stack].join("\n");
}

/** A response with this very body, as one that is not the platform's could have it. */
function bodyOf(body: ReadableStream): Response {
  return Object.defineProperty(new Response("text"), "body", { value: body });
}

/** An error of egressFetch that shows nothing that it must not. */
async function failure(promise: Promise<unknown>): Promise<EgressError> {
  const error = await thrownBy(promise);
  expect(error).toBeInstanceOf(EgressError);
  expect(isDispatchError(error, "egress_failed")).toBe(true);
  expect(printed(error)).not.toContain(KEY);
  expect(printed(error)).not.toContain("private-path");
  return error as EgressError;
}

describe("egressFetch", () => {
  it("sends the request with the secret, and hands the answer on", async () => {
    server.answer((_, response) => {
      response.writeHead(201, { "x-request-id": "r-1", "content-type": "application/json" });
      response.end('{"text":"hello"}');
    });
    const init = {
      method: "post",
      headers: { "content-type": "application/json", "x-team": "a" },
      body: '{"a":1}',
    };
    const answer = await egressFetch(server.endpoint(), "chat/completions?x=1", init, quiet);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("x-request-id")).toBe("r-1");
    expect(await answer.json()).toEqual({ text: "hello" });
    expect(server.seen.at(-1)).toMatchObject({
      method: "POST",
      url: "/v1/chat/completions?x=1",
      body: '{"a":1}',
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", "x-team": "a" },
    });
  });

  it.each(["x-api-key", "X-Goog-Api-Key", "api-key", "authorization"])(
    "sends the secret as %s",
    async (header) => {
      await egressFetch(server.endpoint(), "x", {}, { ...quiet, header });
      const { headers } = server.seen.at(-1) ?? {};
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
      await egressFetch(server.endpoint(), "x", { method: "POST", headers, body: "body" }, quiet);
      const { headers: seen, body } = server.seen.at(-1) ?? {};
      expect(JSON.stringify(seen)).not.toMatch(/theirs|evil/);
      expect(seen).toMatchObject({
        authorization: `Bearer ${KEY}`,
        "x-forwarded-for": "kept",
        "content-length": "4",
      });
      expect(seen?.host).toBe(new URL(server.origin).host);
      expect(body).toBe("body");
    }
  });

  it("sends a body that is streamed", async () => {
    const body = new Blob(["one", "two"]).stream();
    await egressFetch(server.endpoint(), "x", { method: "PUT", body }, quiet);
    expect(server.seen.at(-1)).toMatchObject({ method: "PUT", body: "onetwo" });
  });

  it("hands on what is streamed, as it comes, and what has no body", async () => {
    server.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: one\n\n");
    });
    const answer = await egressFetch(server.endpoint(), "x", {}, quiet);
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: one\n\n");
    await reader?.cancel();
    for (const status of [204, 205, 304]) {
      server.answer((_, response) => response.writeHead(status).end());
      const empty = await egressFetch(server.endpoint(), "x", {}, quiet);
      expect([empty.status, empty.body]).toEqual([status, null]);
    }
    const head = await egressFetch(server.endpoint(), "x", { method: "HEAD" }, quiet);
    expect(await head.text()).toBe("");
  });

  it("an error of the provider's is an answer like any other", async () => {
    server.answer((_, response) => response.writeHead(429, { "retry-after": "3" }).end("slow down"));
    const answer = await egressFetch(server.endpoint(), "x", {}, quiet);
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
      server.answer((_, response) => {
        response.writeHead(status, { location: `${elsewhere.origin}/private-path` }).end();
      });
      for (const header of [undefined, "x-api-key"]) {
        const options = header === undefined ? quiet : { ...quiet, header };
        const error = await failure(egressFetch(server.endpoint(), "private-path", {}, options));
        expect(error).toMatchObject({ reason: "redirected", sent: true, subject: server.origin });
      }
      expect(elsewhere.seen).toEqual([]);
      expect(arrived()).toBe(2);
    },
  );

  it("to the same origin is refused too", async () => {
    server.answer((_, response) => response.writeHead(302, { location: "/v1/other" }).end());
    expect(await failure(egressFetch(server.endpoint(), "x", {}, quiet))).toMatchObject({
      reason: "redirected",
    });
    expect(arrived()).toBe(1);
  });

  it("that a given fetch has followed all the same is refused too", async () => {
    server.answer(({ url }, response) => {
      if (url === "/v1/x") response.writeHead(302, { location: "/v1/other" }).end();
      else response.end("followed");
    });
    const follows = (url: string, init: RequestInit) => fetch(url, { ...init, redirect: "follow" });
    const error = await failure(egressFetch(server.endpoint(), "x", {}, { ...quiet, fetch: follows }));
    expect(error).toMatchObject({ reason: "redirected", sent: true });
  });

  it("that a browser would hide is refused too", async () => {
    const hidden = Object.defineProperty(new Response(null), "type", { value: "opaqueredirect" });
    const options = { ...quiet, fetch: () => Promise.resolve(hidden) };
    expect(await failure(egressFetch(server.endpoint(), "x", {}, options))).toMatchObject({
      reason: "redirected",
    });
  });
});

describe("egressFetch: the audit record", () => {
  it("is written before anything is sent, and waited for", async () => {
    const records: [string, EgressEvent, number][] = [];
    const log = async (line: string, event: EgressEvent) => {
      await new Promise((resolve) => setImmediate(resolve));
      records.push([line, event, arrived()]);
    };
    await egressFetch(server.endpoint(), "x", {}, { ...quiet, detail: "job 42\n", log });
    expect(records).toEqual([
      [
        'egress name="local" host="localhost" detail="job 42\\n"',
        { event: "egress", name: "local", host: "localhost", detail: "job 42\\n" },
        0,
      ],
    ]);
    expect(arrived()).toBe(1);
  });

  it("goes to console.warn by default", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await egressFetch(server.endpoint(), "x", {}, { env });
    expect(warn.mock.calls).toEqual([['egress name="local" host="localhost"']]);
    warn.mockRestore();
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("disk full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("disk full"))],
  ])("that %s: nothing is sent", async (_, log) => {
    const error = await failure(egressFetch(server.endpoint(), "x", {}, { ...quiet, log }));
    expect(error).toMatchObject({ reason: "unrecorded", sent: false, cause: { message: "disk full" } });
    expect(arrived()).toBe(0);
  });

  it("that never comes to an end: cut off, and nothing is sent", async () => {
    const log = () => new Promise(() => null);
    const error = await failure(
      egressFetch(server.endpoint(), "x", {}, { ...quiet, log, timeoutSeconds: 0.02 }),
    );
    expect(error).toMatchObject({ reason: "timed_out", sent: false });
    expect(arrived()).toBe(0);
  });
});

describe("egressFetch: the secret", () => {
  it.each([
    ["a line break", `${KEY}\nX-Evil: 1`],
    ["a carriage return", `${KEY}\r\nHost: evil.example`],
    ["a NUL", `${KEY}\u0000`],
    ["what no header can hold", `${KEY}ключ`],
    ["an emoji", `${KEY}😀`],
  ])("with %s is refused unseen, and nothing is sent", async (_, secret) => {
    for (const header of [undefined, "x-api-key"]) {
      const options = { ...quiet, env: { API_KEY: secret }, ...(header !== undefined && { header }) };
      const error = await thrownBy(egressFetch(server.endpoint(), "x", {}, options));
      expect(error).toBeInstanceOf(RangeError);
      expect(printed(error)).not.toContain(KEY);
    }
    expect(arrived()).toBe(0);
  });

  it("that is not set: nothing is sent and nothing is recorded", async () => {
    const log = vi.fn();
    const error = await thrownBy(egressFetch(server.endpoint(), "x", {}, { env: {}, log }));
    expect(error).toBeInstanceOf(SecretMissingError);
    expect([log.mock.calls.length, arrived()]).toEqual([0, 0]);
  });

  it.each<[string, RequestInit["headers"]]>([
    ["a line break in a value", { "x-team": `${KEY}\r\nx-evil: 1` }],
    ["a line break in a name", { [`x-team\r\n${KEY}`]: "1" }],
    ["a NUL", { "x-team": `${KEY}\u0000` }],
    ["no name", { "": KEY }],
    ["what no header can hold", { "x-team": `${KEY}ключ` }],
    ["no pairs", [[KEY]] as unknown as [string, string][]],
  ])("headers with %s are refused unseen, and nothing is sent", async (_, headers) => {
    const error = await thrownBy(egressFetch(server.endpoint(), "x", { ...(headers && { headers }) }, quiet));
    expect(error).toBeInstanceOf(RangeError);
    expect(printed(error)).not.toContain(KEY);
    expect(arrived()).toBe(0);
  });

  it("is in no error of a fetch that puts all it knows into its own", async () => {
    const careless = (url: string, init: RequestInit) => {
      const told = { url, headers: Object.fromEntries(new Headers(init.headers)) };
      const cause = Object.assign(new Error(`refused with ${JSON.stringify(told)}`), {
        code: "ECONNREFUSED",
        told,
      });
      return Promise.reject(Object.assign(new TypeError(JSON.stringify(told), { cause }), { told }));
    };
    const error = await failure(
      egressFetch(server.endpoint(), "private-path", {}, { ...quiet, fetch: careless }),
    );
    expect(error).toMatchObject({ reason: "failed", sent: true });
    expect(error.message).toContain("ECONNREFUSED");
    const shouts = () => Promise.reject(Object.assign(new Error(KEY), { code: KEY }));
    await failure(egressFetch(server.endpoint(), "private-path", {}, { ...quiet, fetch: shouts }));
    const throws = () => {
      throw new Error(KEY);
    };
    await failure(egressFetch(server.endpoint(), "private-path", {}, { ...quiet, fetch: throws }));
    const breaks = () => {
      const body = new ReadableStream({
        pull: () => {
          throw new Error(KEY);
        },
      });
      return Promise.resolve(new Response(body));
    };
    const answer = await egressFetch(server.endpoint(), "private-path", {}, { ...quiet, fetch: breaks });
    expect(await failure(answer.text())).toMatchObject({ reason: "failed", sent: true });
  });

  it("a certificate that nobody vouches for: nothing of the request arrives", async () => {
    // By its address, which the certificate names, and by a name, which it does not.
    const endpoint = new URL(server.origin);
    endpoint.hostname = "localhost.localdomain";
    const { ExternalEndpoint } = await import("dispatch-kit");
    const wrong = new ExternalEndpoint({
      name: "wrong",
      baseUrl: endpoint.origin,
      secret: new SecretRef("API_KEY"),
    });
    expect(await failure(egressFetch(wrong, "x", {}, quiet))).toMatchObject({ reason: "failed" });
    expect(arrived()).toBe(0);
  });
});

describe("egressFetch: limits", () => {
  it("a server that never answers is cut off", async () => {
    server.answer(() => null);
    const error = await failure(
      egressFetch(server.endpoint(), "private-path", {}, { ...quiet, timeoutSeconds: 0.05 }),
    );
    expect(error).toMatchObject({ reason: "timed_out", sent: true });
  });

  it("a server that never stops answering is cut off, by time", async () => {
    const closed = new Promise<void>((resolve) => {
      server.answer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const drip = setInterval(() => response.write(": still here\n\n"), 1);
        response.on("close", () => {
          clearInterval(drip);
          resolve();
        });
      });
    });
    const answer = await egressFetch(
      server.endpoint(),
      "private-path",
      {},
      { ...quiet, timeoutSeconds: 0.1 },
    );
    expect(await failure(answer.text())).toMatchObject({ reason: "timed_out", sent: true });
    // The connection too, so that it costs no more.
    await closed;
  });

  it("and by size, whatever it says about that", async () => {
    const closed = new Promise<void>((resolve) => {
      server.answer((_, response) => {
        response.on("close", resolve);
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(10_000)));
          response.once("drain", more);
        };
        more();
      });
    });
    const answer = await egressFetch(
      server.endpoint(),
      "private-path",
      {},
      { ...quiet, maxResponseBytes: 100_000 },
    );
    expect(await failure(answer.text())).toMatchObject({ reason: "too_large", sent: true });
    await closed;
    server.answer((_, response) => {
      response.writeHead(200, { "content-length": "100001" });
      response.write("x");
    });
    const said = egressFetch(server.endpoint(), "private-path", {}, { ...quiet, maxResponseBytes: 100_000 });
    expect(await failure(said)).toMatchObject({ reason: "too_large", sent: true });
  });

  it("counts what it was decompressed to", async () => {
    const { gzipSync } = await import("node:zlib");
    const small = gzipSync("x".repeat(100_001));
    server.answer((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": String(small.byteLength) });
      response.end(small);
    });
    const limited = (maxResponseBytes: number) =>
      egressFetch(server.endpoint(), "x", {}, { ...quiet, maxResponseBytes });
    expect(await failure((await limited(100_000)).text())).toMatchObject({ reason: "too_large" });
    expect((await (await limited(100_001)).text()).length).toBe(100_001);
  });

  it("a connection that breaks off in the answer is told as such", async () => {
    server.answer((_, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("x", () => response.destroy());
    });
    const answer = await egressFetch(server.endpoint(), "private-path", {}, quiet);
    expect(await failure(answer.text())).toMatchObject({ reason: "failed", sent: true });
  });

  it("nobody listening is told with the system's word for it", async () => {
    const gone = await httpsServer();
    const endpoint = gone.endpoint();
    await gone.close();
    const error = await failure(egressFetch(endpoint, "private-path", {}, quiet));
    expect(error).toMatchObject({ reason: "failed", sent: true });
    expect(error.message).toBe(
      `the request failed (ECONNREFUSED); the request was sent to ${endpoint.origin}`,
    );
  });

  it("a given fetch that heeds no signal is cut off too, and what it answers later is closed", async () => {
    let answerLate: (response: Response) => void = () => null;
    const deaf = () => new Promise<Response>((resolve) => (answerLate = resolve));
    const error = await failure(
      egressFetch(server.endpoint(), "x", {}, { ...quiet, fetch: deaf, timeoutSeconds: 0.02 }),
    );
    expect(error).toMatchObject({ reason: "timed_out", sent: true });
    const cancelled = new Promise((resolve) => {
      answerLate(new Response(new ReadableStream({ cancel: resolve })));
    });
    await cancelled;
    const silent = () => Promise.resolve(new Response(new ReadableStream()));
    const answer = await egressFetch(
      server.endpoint(),
      "x",
      {},
      { ...quiet, fetch: silent, timeoutSeconds: 0.02 },
    );
    expect(await failure(answer.text())).toMatchObject({ reason: "timed_out" });
  });

  it("a given fetch whose body is no bytes is told as such: what has no size has no limit", async () => {
    const text = () =>
      Promise.resolve(
        bodyOf(
          new ReadableStream({
            start: (stream) => {
              stream.enqueue("text");
            },
          }),
        ),
      );
    const answer = await egressFetch(server.endpoint(), "x", {}, { ...quiet, fetch: text });
    expect(await failure(answer.text())).toMatchObject({ reason: "failed" });
  });

  it("leaves no timer behind", async () => {
    const active = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = active();
    const timed = { ...quiet, timeoutSeconds: 1000 };
    await (await egressFetch(server.endpoint(), "x", {}, timed)).text();
    await (await egressFetch(server.endpoint(), "x", {}, timed)).body?.cancel();
    await thrownBy(egressFetch(server.endpoint(), "x", {}, { ...timed, maxResponseBytes: 1 }));
    await thrownBy(
      egressFetch(server.endpoint(), "x", {}, { ...timed, fetch: () => Promise.reject(new Error()) }),
    );
    await thrownBy(egressFetch(server.endpoint(), "..", {}, timed));
    server.answer((_, response) => response.writeHead(204).end());
    await egressFetch(server.endpoint(), "x", {}, timed);
    expect(active()).toBeLessThanOrEqual(before);
  });
});

describe("egressFetch: the caller's signal", () => {
  const reason = new Error("the user left");

  it("aborted before: its reason, and nothing is sent", async () => {
    const init = { signal: AbortSignal.abort(reason) };
    expect(await thrownBy(egressFetch(server.endpoint(), "x", init, quiet))).toBe(reason);
    expect(arrived()).toBe(0);
  });

  it("aborted while the record is written: its reason, and nothing is sent", async () => {
    const stop = new AbortController();
    const log = () => {
      stop.abort(reason);
    };
    const init = { signal: stop.signal };
    expect(await thrownBy(egressFetch(server.endpoint(), "x", init, { ...quiet, log }))).toBe(reason);
    expect(arrived()).toBe(0);
  });

  it("aborted while the answer is waited for, or read: its reason, and the connection is closed", async () => {
    for (const begins of [false, true]) {
      const stop = new AbortController();
      const closed = new Promise<void>((resolve) => {
        server.answer((_, response) => {
          response.on("close", resolve);
          if (begins) response.write("x");
          setImmediate(() => {
            if (!begins) stop.abort(reason);
          });
        });
      });
      const asking = egressFetch(server.endpoint(), "x", { signal: stop.signal }, quiet);
      if (begins) {
        const answer = await asking;
        stop.abort(reason);
        expect(await thrownBy(answer.text())).toBe(reason);
      } else expect(await thrownBy(asking)).toBe(reason);
      await closed;
    }
  });
});

describe("egressFetch: under a hold", () => {
  const under = (options: EgressOptions, path = "x", times = 1) => {
    const ledger = memoryStore();
    const run = withHold(ledger, request, async ({ hold, signal }) => {
      let answer: Response | undefined;
      for (let time = 0; time < times; time++) {
        answer = await egressFetch(server.endpoint(), path, { signal }, { ...quiet, ...options, hold });
      }
      return { value: await answer?.text(), actual: usd("0.05") };
    });
    return { ledger, run };
  };

  it("pays for a request", async () => {
    const { ledger, run } = under({});
    expect(await run).toMatchObject({ kind: "done", value: "ok", booked: usd("0.05") });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.05") });
  });

  it.each<[string, EgressOptions, string]>([
    ["no secret", { env: {} }, "x"],
    ["a secret with a line break", { env: { API_KEY: "a\nb" } }, "x"],
    ["a path that leads elsewhere", {}, "../x"],
    ["an option that is none", { timeoutSeconds: -1 }, "x"],
    ["no audit record", { log: () => Promise.reject(new Error("disk full")) }, "x"],
  ])("what was not sent gives the money back: %s", async (_, options, path) => {
    const { ledger, run } = under(options, path);
    await thrownBy(run);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "released" });
    expect(arrived()).toBe(0);
  });

  it.each<[string, EgressOptions]>([
    ["no answer", { timeoutSeconds: 0.02, fetch: () => new Promise(() => null) }],
    ["no connection", { fetch: () => Promise.reject(new TypeError("fetch failed")) }],
    ["too large an answer", { maxResponseBytes: 1 }],
  ])("what may have been sent counts in full: %s", async (_, options) => {
    const { ledger, run } = under(options);
    await thrownBy(run);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
  });

  it("pays for one request: the second is refused, and the first counts in full", async () => {
    const { ledger, run } = under({}, "x", 2);
    expect(await failure(run)).toMatchObject({ reason: "hold_spent", sent: false });
    expect(arrived()).toBe(1);
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
  });

  it("of two requests at once one is sent", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold }) => {
      const both = [1, 2].map(() => egressFetch(server.endpoint(), "x", {}, { ...quiet, hold }));
      const settled = await Promise.allSettled(both);
      return { value: settled.map(({ status }) => status).sort(), actual: usd("0.05") };
    });
    expect(outcome).toMatchObject({ value: ["fulfilled", "rejected"] });
    expect(arrived()).toBe(1);
  });

  it("a first that was not sent leaves it to the second", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, async ({ hold }) => {
      await thrownBy(egressFetch(server.endpoint(), "x", {}, { ...quiet, env: {}, hold }));
      const answer = await egressFetch(server.endpoint(), "x", {}, { ...quiet, hold });
      return { value: await answer.text(), actual: usd("0.05") };
    });
    expect(outcome).toMatchObject({ kind: "done", value: "ok" });
  });

  it("notSent after something was sent gives nothing back", async () => {
    const ledger = memoryStore();
    await thrownBy(
      withHold(ledger, request, async ({ hold }) => {
        await egressFetch(server.endpoint(), "x", {}, { ...quiet, hold });
        throw hold.notSent("I did not like the answer");
      }),
    );
    expect(await ledger.getHold("call-1")).toMatchObject({ state: "open" });
  });

  it("another error after one that proves it, or without the hold, gives nothing back", async () => {
    const ledger = memoryStore();
    for (const given of [true, false]) {
      const holdId = `call-${String(given)}`;
      await thrownBy(
        withHold(ledger, { ...request, holdId }, async ({ hold }) => {
          const options = { ...quiet, env: {}, ...(given && { hold }) };
          const asking = egressFetch(server.endpoint(), "x", {}, options);
          if (!given) await asking;
          await thrownBy(asking);
          throw new Error("what another client threw after it had sent something");
        }),
      );
      expect(await ledger.getHold(holdId)).toMatchObject({ state: "open" });
    }
  });

  it("pays for nothing once its call is over", async () => {
    const ledger = memoryStore();
    const outcome = await withHold(ledger, request, ({ hold }) => ({ value: hold, actual: usd(0) }));
    if (outcome.kind !== "done") throw new Error("it is not done");
    const options = { ...quiet, hold: outcome.value };
    expect(await failure(egressFetch(server.endpoint(), "x", {}, options))).toMatchObject({
      reason: "hold_spent",
    });
    expect(arrived()).toBe(0);
  });
});

describe("egressFetch: its arguments", () => {
  it.each<[string, object, object, ErrorConstructor]>([
    ["a redirect of one's own", { redirect: "follow" }, {}, TypeError],
    ["an unknown option", {}, { timeout: 1 }, TypeError],
    ["a method that is none", { method: "CONNECT" }, {}, RangeError],
    ["a method that is more than one", { method: "GET /x HTTP/1.1\r\nHost: evil" }, {}, RangeError],
    ["a body of a GET", { body: "x" }, {}, RangeError],
    ["a header that frames", {}, { header: "content-length" }, RangeError],
    ["a header with a line break", {}, { header: "x-key\r\nx-evil" }, RangeError],
    ["the header host", {}, { header: "host" }, RangeError],
    ["the header cookie", {}, { header: "cookie" }, RangeError],
    ["no time", {}, { timeoutSeconds: 0 }, RangeError],
    ["more time than a timer has", {}, { timeoutSeconds: 1e7 }, RangeError],
    ["a time that is none", {}, { timeoutSeconds: NaN }, RangeError],
    ["a size that is none", {}, { maxResponseBytes: -1 }, RangeError],
    ["a hold that is none", {}, { hold: { holdId: "x" } }, TypeError],
    ["a log that is none", {}, { log: "console" }, TypeError],
    ["a fetch that is none", {}, { fetch: "fetch" }, TypeError],
    ["a controller for a signal", { signal: new AbortController() }, {}, TypeError],
  ])("%s is refused, and nothing is sent", async (_, init, options, type) => {
    const error = await thrownBy(egressFetch(server.endpoint(), "x", init, { ...quiet, ...options }));
    expect(error).toBeInstanceOf(type);
    expect(arrived()).toBe(0);
  });
});
