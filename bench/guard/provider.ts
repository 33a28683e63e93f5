import { type ChildProcess, fork } from "node:child_process";
import { ANSWERS, eventsOf, type Wire } from "./wires.ts";

/** A `fetch` that a client and a guard take. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a request is answered with: by default a whole answer. */
export interface Answer {
  /** A stream with this many events that have a piece of text. */
  readonly pieces?: number;
  /** Each event is written by itself. */
  readonly each?: true;
  /** The stream stays open after this many events. */
  readonly openAfter?: number;
}

/** A provider on this machine, in a process of its own. */
export class Provider {
  readonly #process: ChildProcess;
  readonly port: number;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  static async start(): Promise<Provider> {
    const child = fork(new URL("server.ts", import.meta.url));
    const port = await messageOf(child);
    if (typeof port === "number") return new Provider(child, port);
    throw new Error("the provider has no port");
  }

  stop(): void {
    this.#process.disconnect();
  }
}

/** The next message of a process. */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", () => {
      reject(new Error("a process of the benchmark has ended without an answer"));
    });
  });
}

/**
 * Sends requests for any host to the provider. The answer has no URL, as if it came from the host that was asked: the guard
 * refuses redirects.
 */
export function fetchFrom(port: number, answer: Answer = {}): Fetch {
  const query = new URLSearchParams(Object.entries(answer).map(([key, value]) => [key, String(value)]));
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const response = await fetch(`http://127.0.0.1:${String(port)}${pathname}?${query.toString()}`, init);
    const { status, statusText, headers } = response;
    return new Response(response.body, { status, statusText, headers });
  };
}

/** Answers at once, without a network. A stream has one event in each chunk. */
export function fetchAtOnce(wire: Wire, { pieces = 0 }: Answer = {}): Fetch {
  const type = pieces === 0 ? "application/json" : "text/event-stream; charset=utf-8";
  const encoder = new TextEncoder();
  const chunks = new Map(
    [true, false].map((withUsage) => [
      withUsage,
      eventsOf(wire, pieces, withUsage).map((event) => encoder.encode(event)),
    ]),
  );
  return (_, init) => {
    const headers = { "content-type": type };
    if (pieces === 0) return Promise.resolve(new Response(ANSWERS[wire], { headers }));
    const asked = typeof init?.body === "string" && init.body.includes('"include_usage":true');
    return Promise.resolve(new Response(streamOf(chunks.get(asked) ?? []), { headers }));
  };
}

/** A stream that makes each chunk when it is read. */
function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        const chunk = chunks[at++];
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}
