import type { Fetch } from "./fetch.ts";

/** What a client of a provider can do, with answers that are compared as plain values. */
export interface Calls {
  /** A whole call. @returns what the client's user sees of the answer. */
  readonly call: () => Promise<unknown>;
  /** A stream, read to its end. @returns everything that the client's user sees of it, in order. */
  readonly stream: () => Promise<readonly unknown[]>;
  /** A stream that the user stops to read after its first event. */
  readonly stop: () => Promise<void>;
}

/** Something else that a client can do. */
export interface Deed {
  readonly name: string;
  /** @returns what the client's user sees of it. */
  readonly ask: (fetch: Fetch) => Promise<unknown>;
  /** The model that is asked; `null` if it costs nothing. */
  readonly model: string | null;
  /** How many requests that takes; the model asks for a tool in each but the last. */
  readonly steps: number;
  /** What the last request contains. */
  readonly lastHas?: string;
}

/** What an error is to the client's user. */
export interface ErrorShape {
  /** The name of its class. */
  readonly is: string;
  /** The field that has the status. */
  readonly status: "status" | "statusCode" | "status_code";
  /** Its message: `{text}` is what the provider says, `{body}` the JSON that says it. */
  readonly says: string;
  /** Fields that it has if the cap has no room. */
  readonly has?: Readonly<Record<string, unknown>>;
}

/** Which provider an endpoint is of, and where. */
export interface Provider {
  readonly name: string;
  readonly baseUrl: string;
}

/** How a request may end: with a status, with half of an answer, or with an error of `fetch`. */
export type Ending = 400 | 402 | 429 | 500 | 529 | "broken" | "not connected";

/** A client of a provider, as its users construct it. */
export interface Client {
  readonly name: string;
  readonly provider: Provider;
  /** The model that it asks for. */
  readonly model: string;
  readonly make: (fetch: Fetch) => Calls;
  readonly more?: readonly Deed[];
  /** The error of a 402. */
  readonly refusal: ErrorShape;
  /** How many requests one whole call makes, if each of them ends like this. */
  readonly requests: Readonly<Record<Ending, number>>;
  /** Where it makes another number of requests behind a guard. */
  readonly guarded?: Partial<Client["requests"]>;
  /** Whether it asks for a stream also where its user wants the whole answer. */
  readonly callStreams?: true;
  /** What the client does when its user stops to read a stream. */
  readonly stopping: "ends the request" | "reads on" | "leaves the body unread";
  /** What the client does when a stream ends, in order, before its last event. */
  readonly cutShort: "throws" | "ends";
}

export const PROMPT =
  "What is the capital of France? Answer with one full sentence, and with nothing else, please.";

export const MAX_TOKENS = 200;

/** All that an iterable gives. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const got: Item[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** The first that an iterable gives; the loop is left after it. */
export async function first(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) {
    if (item !== undefined) return;
  }
  throw new Error("the stream has no events");
}

/** As JSON shows it: without classes, functions and what is undefined. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
