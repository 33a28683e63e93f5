// What streams leave behind that nobody reads, or that their reader leaves without a word. It runs in a process of its own,
// with --expose-gc, and this process must end by itself.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "./client.ts";
import { resolveSources } from "./resolve.ts";

const STREAMS = 200;

/** Timers of more than 10 seconds that were started and not stopped, also those that keep no process alive. */
const timers = new Set<unknown>();
const { setTimeout, clearTimeout } = globalThis;
Object.assign(globalThis, {
  setTimeout: (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const timer = setTimeout(callback, ms, ...args);
    if (ms > 10_000) timers.add(timer);
    return timer;
  },
  clearTimeout: (timer: NodeJS.Timeout | undefined) => {
    timers.delete(timer);
    clearTimeout(timer);
  },
});

resolveSources();
const { googleClients } = await import("./clients/google.ts");
const { fetchFrom } = await import("./fetch.ts");
const { ground, SCOPE } = await import("./guarded/ground.ts");
const { providerServer } = await import("./server.ts");
const { usd } = await import("dispatch-kit");

const server = await providerServer();
const { fetch, close } = fetchFrom(server);
const { gc } = globalThis;
assert.ok(gc !== undefined);
const [found] = googleClients;
assert.ok(found !== undefined);
const client: Client = found;

const URL_OF_STREAM = `${client.provider.baseUrl}/v1beta/models/${client.model}:streamGenerateContent?alt=sse`;
const REQUEST = {
  method: "POST",
  body: JSON.stringify({
    contents: [{ role: "user", parts: [{ text: "Hi" }] }],
    generationConfig: { maxOutputTokens: 9 },
  }),
};

/** Begins streams that nobody reads, and others that a client leaves after their first event. */
async function leaveStreams(): Promise<() => Promise<void>> {
  const { promise: until } = Promise.withResolvers<null>();
  server.behave(() => ({ does: "pause", until }));
  const own = ground({ client, server, fetch }, { scopes: [{ scope: SCOPE, cap: usd(1000) }] });
  const unread: Response[] = [];
  for (let nth = 0; nth < STREAMS; nth++) {
    if (nth % 2 === 0) unread.push(await own.fetch(URL_OF_STREAM, REQUEST));
    else await own.calls.stop();
  }
  assert.equal(timers.size, 0, "timers");
  assert.equal(unread.filter(({ status, bodyUsed }) => status === 200 && !bodyUsed).length, STREAMS / 2);
  return own.guard.settled;
}

/** Bytes of the heap that are in use when all streams are garbage. */
async function round(): Promise<number> {
  const settled = await leaveStreams();
  const over = settled().then(() => true);
  while (!(await Promise.race([over, delay(10, false)]))) gc?.();
  for (const { sentAll } of server.seen()) assert.equal(await sentAll, false, "the connection is ended");
  server.behave(() => ({ does: "answer" }));
  gc?.();
  return process.memoryUsage().heapUsed;
}

const heaps: number[] = [];
for (let times = 0; times < 5; times++) heaps.push(await round());
// What every stream leaves behind makes the heap grow in every round; what is kept once, such as TLS sessions, does not.
const growth = Math.min(...heaps.slice(1).map((bytes, nth) => bytes - (heaps[nth] ?? 0)));
assert.ok(
  growth < STREAMS * 1000,
  `${String(STREAMS)} streams leave ${String(growth)} bytes behind: ${heaps.join()}`,
);
assert.equal(timers.size, 0, "timers");
await close();
await server.close();
