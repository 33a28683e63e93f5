import { memoryStore } from "dispatch-kit/memory";
import { BODIES, guardWith } from "./clients.ts";
import type { Fetch } from "./provider.ts";
import { eventsOf, HOSTS, PATHS } from "./wires.ts";

const EVENTS = 200;

/** How many events are taken from the source before the client has asked for them, at most. */
export async function readAhead(): Promise<{ readonly bare: number; readonly guarded: number }> {
  return { bare: await aheadOf(false), guarded: await aheadOf(true) };
}

async function aheadOf(guarded: boolean): Promise<number> {
  const encoder = new TextEncoder();
  const events = eventsOf("openai", EVENTS, true).map((event) => encoder.encode(event));
  let taken = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const event = events[taken++];
        if (event === undefined) controller.close();
        else controller.enqueue(event);
      },
    },
    { highWaterMark: 0 },
  );
  const fetch: Fetch = () =>
    Promise.resolve(new Response(source, { headers: { "content-type": "text/event-stream" } }));
  const body = BODIES.openai.replace("{", '{"stream":true,');
  const { body: answer } = await (guarded ? guardWith(memoryStore(), fetch) : fetch)(
    HOSTS.openai + PATHS.openai,
    { method: "POST", body },
  );
  const reader = answer?.getReader();
  let most = 0;
  for (let read = 1; read <= EVENTS; read++) {
    await reader?.read();
    // What is read ahead is read while nobody asks.
    await new Promise((done) => setTimeout(done));
    most = Math.max(most, taken - read);
  }
  return most;
}
