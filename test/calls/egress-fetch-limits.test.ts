import { egressFetch } from "dispatch-kit/calls";
import { describe, expect, it, vi } from "vitest";
import { httpsServer } from "../support/https-server.ts";
import { failure, quiet, withServer } from "./egress-fetch-support.ts";
import { thrownBy } from "./with-hold-support.ts";

const { at, arrived } = withServer();

/** A response with this very body, as one that is not the platform's could have it. */
function bodyOf(body: ReadableStream): Response {
  return Object.defineProperty(new Response("text"), "body", { value: body });
}

describe("egressFetch: limits", () => {
  it("a server that never answers is cut off", async () => {
    at().answer(() => null);
    const error = await failure(
      egressFetch(at().endpoint(), "private-path", {}, { ...quiet, timeoutSeconds: 0.5 }),
    );
    expect(error).toMatchObject({ reason: "timed_out", sent: true });
  });

  it("a server that never stops answering is cut off, by time", async () => {
    const closed = new Promise<void>((resolve) => {
      at().answer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const drip = setInterval(() => response.write(": still here\n\n"), 1);
        response.on("close", () => {
          clearInterval(drip);
          resolve();
        });
      });
    });
    const answer = await egressFetch(at().endpoint(), "private-path", {}, { ...quiet, timeoutSeconds: 1 });
    expect(await failure(answer.text())).toMatchObject({ reason: "timed_out", sent: true });
    // The connection too, so that it costs no more.
    await closed;
  });

  it("and by size, whatever it says about that", async () => {
    const closed = new Promise<void>((resolve) => {
      at().answer((_, response) => {
        response.on("close", resolve);
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(10_000)));
          response.once("drain", more);
        };
        more();
      });
    });
    const answer = await egressFetch(
      at().endpoint(),
      "private-path",
      {},
      { ...quiet, maxResponseBytes: 100_000 },
    );
    expect(await failure(answer.text())).toMatchObject({ reason: "too_large", sent: true });
    await closed;
    at().answer((_, response) => {
      response.writeHead(200, { "content-length": "100001" });
      response.write("x");
    });
    const said = egressFetch(at().endpoint(), "private-path", {}, { ...quiet, maxResponseBytes: 100_000 });
    expect(await failure(said)).toMatchObject({ reason: "too_large", sent: true });
  });

  it("counts what it was decompressed to", async () => {
    const { gzipSync } = await import("node:zlib");
    const small = gzipSync("x".repeat(100_001));
    at().answer((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": String(small.byteLength) });
      response.end(small);
    });
    const limited = (maxResponseBytes: number) =>
      egressFetch(at().endpoint(), "x", {}, { ...quiet, maxResponseBytes });
    expect(await failure((await limited(100_000)).text())).toMatchObject({ reason: "too_large" });
    expect((await (await limited(100_001)).text()).length).toBe(100_001);
  });

  const large = { "content-length": "100001" };

  it("has no limit for an answer to HEAD: its content-length is that of GET", async () => {
    at().answer((_, response) => response.writeHead(200, large).end());
    const options = { ...quiet, maxResponseBytes: 100_000 };
    const answer = await egressFetch(at().endpoint(), "x", { method: "HEAD" }, options);
    expect([answer.headers.get("content-length"), await answer.text()]).toEqual(["100001", ""]);
    expect(await failure(egressFetch(at().endpoint(), "x", {}, options))).toMatchObject({
      reason: "too_large",
    });
    // A given fetch may answer with a body all the same: it is closed.
    const cancel = vi.fn();
    const fetch = () => Promise.resolve(new Response(new ReadableStream({ cancel }), { headers: large }));
    const head = await egressFetch(at().endpoint(), "x", { method: "HEAD" }, { ...options, fetch });
    expect([head.body, cancel.mock.calls.length]).toEqual([null, 1]);
  });

  it.each([200, 204, 205, 304])("has no limit for an answer without a body: %d", async (status) => {
    const fetch = () => Promise.resolve(new Response(null, { status, headers: large }));
    const answer = await egressFetch(at().endpoint(), "x", {}, { ...quiet, maxResponseBytes: 0, fetch });
    expect([answer.status, answer.body, answer.headers.get("content-length")]).toEqual([
      status,
      null,
      "100001",
    ]);
  });

  it.each(["gzip", "br", "GZIP, gzip"])("a compressed length is not its size: %s", async (encoding) => {
    const headers = { "content-encoding": encoding, "content-length": "100001" };
    // As the platform does it: decompressed, with the headers of the compressed body.
    const fetch = () => Promise.resolve(new Response("small", { headers }));
    const answer = await egressFetch(at().endpoint(), "x", {}, { ...quiet, maxResponseBytes: 5, fetch });
    expect(await answer.text()).toBe("small");
    const same = () =>
      Promise.resolve(new Response("x", { headers: { ...headers, "content-encoding": "identity" } }));
    const asked = egressFetch(at().endpoint(), "x", {}, { ...quiet, maxResponseBytes: 5, fetch: same });
    expect(await failure(asked)).toMatchObject({ reason: "too_large" });
  });

  it("a connection that breaks off in the answer is told as such", async () => {
    at().answer((_, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("x", () => response.destroy());
    });
    const answer = await egressFetch(at().endpoint(), "private-path", {}, quiet);
    expect(await failure(answer.text())).toMatchObject({ reason: "failed", sent: true });
  });

  it("nobody listening is told with the system's word for it", async () => {
    const gone = await httpsServer();
    const endpoint = gone.endpoint();
    await gone.close();
    const error = await failure(egressFetch(endpoint, "private-path", {}, quiet));
    expect(error).toMatchObject({ reason: "failed", sent: true });
    expect(error.message).toBe(
      `the request failed (ECONNREFUSED); the request may have been sent to ${endpoint.origin}`,
    );
  });

  it("a given fetch that heeds no signal is cut off too, and what it answers later is closed", async () => {
    let answerLate: (response: Response) => void = () => null;
    const deaf = () => new Promise<Response>((resolve) => (answerLate = resolve));
    const error = await failure(
      egressFetch(at().endpoint(), "x", {}, { ...quiet, fetch: deaf, timeoutSeconds: 0.2 }),
    );
    expect(error).toMatchObject({ reason: "timed_out", sent: true });
    const cancelled = new Promise((resolve) => {
      answerLate(new Response(new ReadableStream({ cancel: resolve })));
    });
    await cancelled;
    const silent = () => Promise.resolve(new Response(new ReadableStream()));
    const answer = await egressFetch(
      at().endpoint(),
      "x",
      {},
      { ...quiet, fetch: silent, timeoutSeconds: 0.2 },
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
    const answer = await egressFetch(at().endpoint(), "x", {}, { ...quiet, fetch: text });
    expect(await failure(answer.text())).toMatchObject({ reason: "failed" });
  });
});

describe("egressFetch: the caller's signal", () => {
  const reason = new Error("the user left");

  it("aborted before: its reason, and nothing is sent", async () => {
    const init = { signal: AbortSignal.abort(reason) };
    expect(await thrownBy(egressFetch(at().endpoint(), "x", init, quiet))).toBe(reason);
    expect(arrived()).toBe(0);
  });

  it("aborted while the record is written: its reason, and nothing is sent", async () => {
    const stop = new AbortController();
    const log = () => {
      stop.abort(reason);
    };
    const init = { signal: stop.signal };
    expect(await thrownBy(egressFetch(at().endpoint(), "x", init, { ...quiet, log }))).toBe(reason);
    expect(arrived()).toBe(0);
  });

  it("aborted while the answer is waited for, or read: its reason, and the connection is closed", async () => {
    for (const begins of [false, true]) {
      const stop = new AbortController();
      const closed = new Promise<void>((resolve) => {
        at().answer((_, response) => {
          response.on("close", resolve);
          if (begins) response.write("x");
          setImmediate(() => {
            if (!begins) stop.abort(reason);
          });
        });
      });
      const asking = egressFetch(at().endpoint(), "x", { signal: stop.signal }, quiet);
      if (begins) {
        const answer = await asking;
        stop.abort(reason);
        expect(await thrownBy(answer.text())).toBe(reason);
      } else expect(await thrownBy(asking)).toBe(reason);
      await closed;
    }
  });

  it("aborted just after the answer has failed: its reason, and no other error", async () => {
    const stop = new AbortController();
    let fails: () => void = () => null;
    const body = new ReadableStream(
      {
        pull: async (controller) => {
          await new Promise<void>((resolve) => {
            fails = () => {
              controller.error(new Error("reset"));
              resolve();
            };
          });
        },
      },
      { highWaterMark: 0 },
    );
    const options = { ...quiet, fetch: () => Promise.resolve(bodyOf(body)) };
    const answer = await egressFetch(at().endpoint(), "x", { signal: stop.signal }, options);
    const read = thrownBy(answer.text());
    await new Promise((resolve) => setImmediate(resolve));
    fails();
    stop.abort(reason);
    expect(await read).toBe(reason);
  });
});
