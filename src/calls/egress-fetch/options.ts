import { abortSignal } from "../../dispatch/drain.ts";
import type { EgressEvent, EnvLookup } from "../../egress.ts";
import {
  anything,
  callable,
  finite,
  notOurs,
  optional,
  orNull,
  outOfRange,
  read,
  type Reader,
  text,
  wholeFrom,
} from "../../internal/check.ts";
import { OpenHold } from "../with-hold/open-hold.ts";
import { secretHeader } from "./headers.ts";

/** A request: what of `fetch`'s options it may have. */
export interface EgressInit {
  /** `GET` by default. */
  readonly method?: string;
  /** Those that carry credentials, name the host or frame the message are dropped. */
  readonly headers?: RequestInit["headers"];
  readonly body?: RequestInit["body"];
  readonly signal?: AbortSignal | null;
}

export interface EgressOptions {
  /** Where the secret is; by default the environment of Node, Deno or Bun. On Workers, pass `env`. */
  readonly env?: EnvLookup;
  /** The header that carries the secret as it is, such as `x-api-key`; by default `Authorization: Bearer`. */
  readonly header?: string;
  /** What is sent and why, for the audit record. */
  readonly detail?: string | null;
  /** Writes the audit record, and is waited for; if it throws, nothing is sent. By default `console.warn`. */
  readonly log?: (line: string, event: EgressEvent) => unknown;
  /** The hold that pays for this request; it pays for one. */
  readonly hold?: OpenHold;
  /** The platform's by default. It must leave redirects alone when it is told `redirect: "manual"`. */
  readonly fetch?: (url: string, init: RequestInit) => PromiseLike<Response>;
  /** Seconds from the call to the last byte of the answer; 600 by default. */
  readonly timeoutSeconds?: number;
  /** The most bytes of an answer, decompressed; 64 MiB by default. */
  readonly maxResponseBytes?: number;
}

const MIB = 2 ** 20;

/** What a timer can wait for; a longer one would fire at once. */
const timeout: Reader<number> = (what, value) => {
  const seconds = finite(what, value);
  if (seconds > 0 && seconds <= 1e6) return seconds;
  throw outOfRange(what, "above 0 and at most 1e6 seconds", seconds);
};

const ourHold: Reader<OpenHold> = (what, value) => {
  if (OpenHold.is(value)) return value;
  throw notOurs(what, "OpenHold", value);
};

/** The options, checked, with their defaults. */
export function settingsOf(options: EgressOptions): Settings {
  const readers = {
    env: anything,
    header: orNull(secretHeader),
    detail: orNull(text),
    log: optional(callable, undefined),
    hold: optional(ourHold, undefined),
    fetch: optional(callable, fetch),
    timeoutSeconds: optional(timeout, 600),
    maxResponseBytes: optional(wholeFrom(0), 64 * MIB),
  };
  try {
    // `env` is checked where it is looked into; the functions are called as their declared types say.
    return read("egressFetch: options", options, readers, true) as unknown as Settings;
  } catch (error) {
    const { hold } = (options as EgressOptions | null) ?? {};
    if (OpenHold.is(hold)) OpenHold.unsent(hold, error);
    throw error;
  }
}

export interface Settings {
  readonly env: EnvLookup | undefined;
  readonly header: string | null;
  readonly detail: string | null;
  readonly log: EgressOptions["log"];
  readonly hold: OpenHold | undefined;
  readonly fetch: NonNullable<EgressOptions["fetch"]>;
  readonly timeoutSeconds: number;
  readonly maxResponseBytes: number;
}

/** A request, checked. */
export interface Request {
  readonly method: string;
  readonly headers: RequestInit["headers"];
  readonly body: RequestInit["body"];
  readonly signal: AbortSignal | undefined;
}

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const method: Reader<string> = (what, value) => {
  const name = text(what, value).toUpperCase();
  if (METHODS.includes(name)) return name;
  throw outOfRange(what, `one of ${METHODS.join(", ")}`, value);
};

export function requestOf(init: EgressInit): Request {
  const readers = {
    method: optional(method, "GET"),
    headers: anything,
    body: anything,
    signal: orNull(abortSignal),
  };
  const given = read("egressFetch: init", init, readers, true);
  const bodiless = given.method === "GET" || given.method === "HEAD";
  if (bodiless && (given.body ?? null) !== null) {
    throw new RangeError(`egressFetch: a ${given.method} has no body`);
  }
  // The platform checks headers and body; what has `aborted` is an AbortSignal.
  return { ...given, signal: given.signal ?? undefined } as Request;
}
