import { abortSignal } from "../../internal/abort.ts";
import type { EgressEvent, EnvLookup } from "../../egress.ts";
import {
  anyText,
  anything,
  callable,
  finite,
  optional,
  orNull,
  outOfRange,
  read,
  type Reader,
  wholeFrom,
  wrongType,
} from "../../internal/check.ts";
import { OpenHold } from "../with-hold/open-hold.ts";
import { secretHeader } from "./headers.ts";

/** A request: the options of `fetch` that are allowed. */
export interface EgressInit {
  /** `GET` by default. */
  readonly method?: string | undefined;
  /** Headers with credentials, the host or the framing of the message are dropped. */
  readonly headers?: RequestInit["headers"] | undefined;
  readonly body?: RequestInit["body"] | undefined;
  readonly signal?: AbortSignal | null | undefined;
}

/** Options of {@link egressFetch} and {@link endpointFetch}. */
export interface EgressOptions {
  /** Where to look up the secret; by default the environment of Node, Deno or Bun. On Workers, pass `env`. */
  readonly env?: EnvLookup | undefined;
  /** The header that gets the secret unchanged, such as `x-api-key`; by default `Authorization: Bearer`. */
  readonly header?: string | undefined;
  /** What is sent and why, for the audit record; no secrets. */
  readonly detail?: string | null | undefined;
  /** Writes the audit record; `console.warn` by default. It is awaited; if it throws or rejects, nothing is sent. */
  readonly log?: ((line: string, event: EgressEvent) => unknown) | undefined;
  /** The hold that pays for this request. A hold pays for one request. */
  readonly hold?: OpenHold | undefined;
  /** The platform's `fetch` by default. It must not follow redirects if `redirect` is `"manual"`. */
  readonly fetch?: ((url: string, init: RequestInit) => PromiseLike<Response>) | undefined;
  /** The most seconds from the call to the last byte of the response, up to 1e6; 600 by default. */
  readonly timeoutSeconds?: number | undefined;
  /** The most bytes of a decompressed response; 64 MiB by default. */
  readonly maxResponseBytes?: number | undefined;
}

const MIB = 2 ** 20;

/** Seconds that a timer can wait. A timer that is too long fires at once. */
const timeout: Reader<number> = (what, value) => {
  const seconds = finite(what, value);
  if (seconds > 0 && seconds <= 1e6) return seconds;
  throw outOfRange(what, "above 0 and at most 1e6 seconds", seconds);
};

const ourHold: Reader<OpenHold> = (what, value) => {
  if (OpenHold.is(value)) return value;
  throw wrongType(what, "the hold that withHold passes to the call", value);
};

/** Checks the options and sets their defaults. */
export function settingsOf(options: EgressOptions): Settings {
  const readers = {
    env: anything,
    header: orNull(secretHeader),
    detail: orNull(anyText),
    log: optional(callable, undefined),
    hold: optional(ourHold, undefined),
    fetch: optional(callable, fetch),
    timeoutSeconds: optional(timeout, 600),
    maxResponseBytes: optional(wholeFrom(0), 64 * MIB),
  };
  try {
    // The lookup of the secret checks `env`. The arguments and results of the functions are not checked.
    return read("egressFetch: options", options, readers) as unknown as Settings;
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

/** A checked request. */
export interface Request {
  readonly method: string;
  readonly headers: RequestInit["headers"];
  readonly body: RequestInit["body"];
  readonly signal: AbortSignal | undefined;
}

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const method: Reader<string> = (what, value) => {
  const name = anyText(what, value).toUpperCase();
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
  const request = read("egressFetch: init", init, readers);
  const bodiless = request.method === "GET" || request.method === "HEAD";
  if (bodiless && (request.body ?? null) !== null) {
    throw new RangeError(`egressFetch: init.body must be left out for ${request.method}; it is not shown`);
  }
  // The platform checks the headers and the body, and uses the signal.
  return { ...request, signal: request.signal ?? undefined } as Request;
}
