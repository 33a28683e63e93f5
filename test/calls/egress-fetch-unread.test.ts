import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { egressFetch, endpointFetch } from "dispatch-kit/calls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failure, quiet, withServer } from "./egress-fetch-support.ts";
import { thrownBy } from "./with-hold-support.ts";

const { at } = withServer();
const timed = { ...quiet, timeoutSeconds: 1000 };

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Timers that were started and not stopped, also those that do not keep the process alive. */
const timers = new Set<NodeJS.Timeout>();
const { setTimeout, clearTimeout } = globalThis;
beforeEach(() => {
  timers.clear();
  // No spies, because a spy keeps what it was called with.
  const start = (callback: () => void, ms: number): NodeJS.Timeout => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      callback();
    }, ms);
    if (ms > 10_000) timers.add(timer);
    return timer;
  };
  const stop = (timer: NodeJS.Timeout): void => {
    timers.delete(timer);
    clearTimeout(timer);
  };
  Object.assign(globalThis, { setTimeout: start, clearTimeout: stop });
});
afterEach(() => {
  Object.assign(globalThis, { setTimeout, clearTimeout });
});

const active = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

/** A body that has begun and never ends. */
function endless(): Response {
  const body = new ReadableStream({
    start: (stream) => {
      stream.enqueue(new TextEncoder().encode("x"));
    },
  });
  return new Response(body);
}

const patient = { timeout: 20_000 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("egressFetch: a body that nobody reads", () => {
  it("2,000 of them have no timer, one listener of the caller's signal, and are garbage", async () => {
    const before = active();
    const { signal } = new AbortController();
    const refused = () => Promise.resolve(new Response("slow down", { status: 429 }));
    const answers: WeakRef<Response>[] = [];
    for (let call = 0; call < 2000; call++) {
      const answer = await egressFetch(at().endpoint(), "x", { signal }, { ...timed, fetch: refused });
      expect(answer.status).toBe(429);
      answers.push(new WeakRef(answer));
    }
    expect(active()).toBeLessThanOrEqual(before);
    expect(timers.size).toBe(0);
    expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
    await vi.waitFor(() => {
      collectGarbage();
      expect(answers.filter((answer) => answer.deref() !== undefined).length).toBeLessThan(20);
    }, patient);
  });

  it("leaves nothing on a signal of its own, which other signals keep alive", async () => {
    const shutdown = new AbortController();
    const signals: AbortSignal[] = [];
    for (let call = 0; call < 20; call++) {
      const signal = AbortSignal.any([shutdown.signal]);
      await egressFetch(
        at().endpoint(),
        "x",
        { signal },
        { ...timed, fetch: () => Promise.resolve(endless()) },
      );
      signals.push(signal);
    }
    await vi.waitFor(() => {
      collectGarbage();
      const listeners = signals.flatMap((signal) => getEventListeners(signal, "abort"));
      expect(listeners.length).toBeLessThan(3);
    }, patient);
  });

  it("is closed when it is garbage, where the runtime closes such a response of its own", async () => {
    const closed = vi.fn();
    at().answer((_, response) => {
      response.on("close", closed);
      response.writeHead(429).write("slow down");
    });
    const { signal } = new AbortController();
    await egressFetch(at().endpoint(), "x", { signal }, timed);
    await vi.waitFor(() => {
      collectGarbage();
      expect(closed).toHaveBeenCalled();
    }, patient);
  });

  it("is closed at once when the caller's signal aborts", async () => {
    const stop = new AbortController();
    const closed = new Promise((resolve) => {
      at().answer((_, response) => {
        response.on("close", resolve);
        response.writeHead(200).write("x");
      });
    });
    const answer = await egressFetch(at().endpoint(), "x", { signal: stop.signal }, timed);
    stop.abort(new Error("the user left"));
    await closed;
    expect(await thrownBy(answer.text())).toBe(stop.signal.reason);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });
});

describe("egressFetch: the time of a body", () => {
  it("has a timer only while a read is pending, and it does not keep the process alive", async () => {
    const { signal } = new AbortController();
    const fetch = () => Promise.resolve(endless());
    const answer = await egressFetch(at().endpoint(), "x", { signal }, { ...timed, fetch });
    const reader = answer.body?.getReader();
    await reader?.read();
    expect(timers.size).toBe(0);
    const pending = reader?.read();
    await turn();
    expect([...timers].map((timer) => timer.hasRef())).toEqual([false]);
    await reader?.cancel();
    await pending;
    expect([timers.size, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });

  it("is over for a pending read", async () => {
    const options = { ...quiet, timeoutSeconds: 0.05, fetch: () => Promise.resolve(endless()) };
    const reading = egressFetch(at().endpoint(), "x", {}, options).then((answer) => answer.text());
    expect(await failure(reading)).toMatchObject({ reason: "timed_out", sent: true });
  });

  it("is over for a read after it", async () => {
    const cancel = vi.fn();
    const late = () => Promise.resolve(new Response(new ReadableStream({ cancel })));
    const answer = await egressFetch(at().endpoint(), "x", {}, { ...timed, fetch: late });
    const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1e6);
    expect(await failure(answer.text())).toMatchObject({ reason: "timed_out", sent: true });
    clock.mockRestore();
    expect(cancel).toHaveBeenCalledOnce();
  });

  it("counts the whole response, not each read", async () => {
    const pull = (stream: ReadableStreamDefaultController): void => {
      stream.enqueue(new Uint8Array(1));
    };
    const fetch = () => Promise.resolve(new Response(new ReadableStream({ pull })));
    const options = { ...quiet, timeoutSeconds: 0.05, fetch };
    const reading = egressFetch(at().endpoint(), "x", {}, options).then((answer) => answer.text());
    expect(await failure(reading)).toMatchObject({ reason: "timed_out" });
  });

  it("whatever happens, no timer and no listener is left", async () => {
    const { signal } = new AbortController();
    const ask = (options = {}, path = "x") =>
      egressFetch(at().endpoint(), path, { signal }, { ...timed, ...options });
    await (await ask()).text();
    await (await ask()).body?.cancel();
    await thrownBy(ask({ maxResponseBytes: 1 }));
    await thrownBy(ask({ fetch: () => Promise.reject(new Error()) }));
    await thrownBy(ask({ log: () => Promise.reject(new Error()) }));
    await thrownBy(ask({}, ".."));
    await thrownBy(endpointFetch(at().endpoint(), timed)("https://elsewhere.example", { signal }));
    for (const status of [204, 302]) {
      at().answer((_, response) => response.writeHead(status, { location: "/" }).end());
      await ask().catch(() => null);
    }
    at().answer((_, response) => {
      response.writeHead(200, { "content-length": "10" }).write("x", () => response.destroy());
    });
    const broken = await ask().catch(() => null);
    await broken?.text().catch(() => null);
    expect([timers.size, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });
});
