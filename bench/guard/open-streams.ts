/** A process with many open streams. It is told which, and answers with their bytes. */
import { setTimeout } from "node:timers/promises";
import { memoryStore } from "dispatch-kit/memory";
import { type Client, clientOf, guardWith } from "./clients.ts";
import { type Question, STREAMS } from "./memory.ts";
import { fetchFrom } from "./provider.ts";

/** Streams that are opened at the same time: the server's queue of connections is short. */
const AT_ONCE = 50;

async function answer({ port, kind, guarded, read, sent }: Question): Promise<number> {
  const wire = kind === "anthropic" ? "anthropic" : "openai";
  const fetch = fetchFrom(port, { pieces: 1000, openAfter: sent });
  const client = clientOf(wire, guarded ? guardWith(memoryStore(), fetch) : fetch);
  // What the first streams compile and load does not count.
  const kept = await opened(client, read, AT_ONCE);
  const before = await bytes();
  while (kept.length < AT_ONCE + STREAMS) kept.push(...(await opened(client, read, AT_ONCE)));
  const after = await bytes();
  return (after - before) / (kept.length - AT_ONCE);
}

/** Opens streams, and reads some events of each. */
async function opened(client: Client, read: number, count: number): Promise<AsyncIterator<unknown>[]> {
  const one = async (): Promise<AsyncIterator<unknown>> => {
    const events = (await client.stream(false))[Symbol.asyncIterator]();
    for (let event = 0; event < read; event++) await events.next();
    return events;
  };
  return Promise.all(Array.from({ length: count }, one));
}

async function bytes(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    await setTimeout(50);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

process.on("message", (question: Question) => {
  void answer(question).then((found) => process.send?.(found, () => process.exit()));
});
