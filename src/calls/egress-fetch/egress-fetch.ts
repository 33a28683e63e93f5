import { ExternalEndpoint, logEgress } from "../../egress.ts";
import { notOurs, wrongType } from "../../internal/check.ts";
import { OpenHold } from "../with-hold/open-hold.ts";
import { Deadline } from "./deadline.ts";
import { EgressError, type EgressFailure } from "./error.ts";
import { headersFor } from "./headers.ts";
import {
  type EgressInit,
  type EgressOptions,
  type Request,
  requestOf,
  type Settings,
  settingsOf,
} from "./options.ts";
import { drop, guarded } from "./response.ts";
import { baseOf, urlWithin } from "./target.ts";

/**
 * `fetch`, to one endpoint and nowhere else.
 *
 * What is sent goes to the endpoint's origin, below its base path, with its secret and no other credential; a
 * redirect is refused. The audit record is written before anything is sent, and nothing is sent when it cannot
 * be. The answer ends at a time and a size. No error shows a secret, a path, a header or a body.
 *
 * Given the `hold` that pays for it, it sends one request under it; what it throws before that gives the hold's
 * money back, see {@link withHold}. Once the request was handed to `fetch` it counts as sent, also if the
 * connection was refused: nobody could tell.
 *
 * @param path - below the endpoint's base path, with a query or without; not joined as URLs are, but appended.
 * @returns the answer, of whatever status; its body throws an {@link EgressError} where it must end.
 * @throws TypeError, RangeError for an argument that is none, or a path that could lead elsewhere.
 * @throws SecretMissingError if the endpoint's secret is not set.
 * @throws EgressError for everything else; its `sent` says whether anything may have left.
 * @throws unknown the reason of `init.signal`, when that aborts.
 * @example
 * ```ts
 * const endpoint = new ExternalEndpoint({
 *   name: "openai",
 *   baseUrl: "https://api.openai.com/v1",
 *   secret: new SecretRef("OPENAI_API_KEY"),
 * });
 * const answer = await egressFetch(endpoint, "models?limit=1", {}, {
 *   env: { OPENAI_API_KEY: "sk-123" },
 *   log: () => null, // in a service: where your audit records go
 *   fetch: async (url) => new Response(`asked ${url}`), // in a service: leave it out
 * });
 * await answer.text(); // => "asked https://api.openai.com/v1/models?limit=1"
 * ```
 */
export async function egressFetch(
  endpoint: ExternalEndpoint,
  path: string,
  init: EgressInit = {},
  options: EgressOptions = {},
): Promise<Response> {
  return send(endpoint, () => urlWithin(endpoint, path), requestOf, init, settingsOf(options));
}

/**
 * {@link egressFetch} as the `fetch` of a client: its URLs must lie below the endpoint's base path.
 *
 * Give the client that base path, any text as its key, which is replaced, and no retries: a hold pays for one
 * request.
 *
 * @throws TypeError, RangeError for an argument that is none.
 * @example
 * ```ts
 * const endpoint = new ExternalEndpoint({
 *   name: "openai",
 *   baseUrl: "https://api.openai.com/v1",
 *   secret: new SecretRef("OPENAI_API_KEY"),
 * });
 * const safe = endpointFetch(endpoint);
 * // new OpenAI({ baseURL: endpoint.baseUrl, apiKey: "from the endpoint", maxRetries: 0, fetch: safe })
 * await safe("https://elsewhere.example/v1/models").catch((error: Error) => error.name); // => "RangeError"
 * ```
 */
export function endpointFetch(
  endpoint: ExternalEndpoint,
  options: EgressOptions = {},
): (input: string | URL | globalThis.Request, init?: RequestInit) => Promise<Response> {
  ensureOurs(endpoint);
  const settings = settingsOf(options);
  const target = (input: unknown): string => urlWithin(endpoint, pathOf(endpoint, input));
  return async (input, init = {}) => send(endpoint, () => target(input), ofClient, init, settings);
}

/** Of what a client asks `fetch` for, what concerns the request; how redirects are treated is not its to say. */
function ofClient({ method, headers, body, signal }: RequestInit): Request {
  return requestOf({
    ...(method !== undefined && { method }),
    ...(headers !== undefined && { headers }),
    ...(body !== undefined && { body }),
    ...(signal !== undefined && { signal }),
  });
}

function pathOf(endpoint: ExternalEndpoint, input: unknown): string {
  const url = input instanceof URL ? input.href : input;
  if (typeof url !== "string") throw wrongType("endpointFetch: input", "a string or a URL", input);
  const base = baseOf(endpoint);
  const rest = url.slice(base.length);
  if (url.startsWith(base) && /^(?:[/?]|$)/.test(rest)) return rest;
  throw new RangeError(`endpointFetch: the client's URL must lie below the base path at ${endpoint.origin}`);
}

function ensureOurs(endpoint: unknown): void {
  if (!ExternalEndpoint.is(endpoint)) throw notOurs("egressFetch: endpoint", "ExternalEndpoint", endpoint);
}

/** Everything is found out before anything is sent; then nothing is in doubt but the answer. */
async function send<Init>(
  endpoint: ExternalEndpoint,
  target: () => string,
  requestFrom: (init: Init) => Request,
  init: Init,
  settings: Settings,
): Promise<Response> {
  const { hold, timeoutSeconds } = settings;
  let sent = false;
  const failure = (reason: EgressFailure, what: string, cause?: { readonly cause: unknown }): EgressError =>
    new EgressError(reason, what, { sent, origin: endpoint.origin, ...cause });
  let deadline: Deadline | undefined;
  try {
    ensureOurs(endpoint);
    const url = target();
    const request = requestFrom(init);
    const headers = headersFor(endpoint, request.headers, settings.header, settings.env);
    deadline = new Deadline(timeoutSeconds, request.signal, () =>
      failure("timed_out", `no whole answer within ${timeoutSeconds} s`),
    );
    await deadline.race(record(endpoint, settings, failure));
    if (hold && !OpenHold.startSending(hold)) {
      throw failure("hold_spent", "the hold has paid for a request already, or its call is over");
    }
    sent = true;
    return await answer(url, request, headers, settings, deadline, failure);
  } catch (error) {
    deadline?.end();
    if (!sent && hold) OpenHold.unsent(hold, error);
    throw error;
  }
}

type Failure = (reason: EgressFailure, what: string, cause?: { readonly cause: unknown }) => EgressError;

async function record(
  endpoint: ExternalEndpoint,
  { detail, log }: Settings,
  failure: Failure,
): Promise<void> {
  try {
    let recorded: unknown;
    const waited = log && { log: (...of: Parameters<typeof log>) => (recorded = log(...of)) };
    logEgress(endpoint, { detail, ...waited });
    await recorded;
  } catch (cause) {
    throw failure("unrecorded", "the audit record could not be written", { cause });
  }
}

async function answer(
  url: string,
  { method, body }: Request,
  headers: Headers,
  settings: Settings,
  deadline: Deadline,
  fail: Failure,
): Promise<Response> {
  const { signal } = deadline;
  const init = { method, headers, signal, redirect: "manual" as const, ...bodyOf(body) };
  let response: Response;
  try {
    const asked = Promise.resolve(settings.fetch(url, init));
    // Nobody waits for an answer that comes after the end.
    asked.then(
      (late) => {
        if (signal.aborted) drop(late);
      },
      () => null,
    );
    response = await deadline.race(asked);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // Not as a cause: it may hold whatever was sent.
    throw fail("failed", `the request failed${codeOf(error)}`);
  }
  return guarded(response, { url, maxBytes: settings.maxResponseBytes, deadline, fail });
}

function bodyOf(body: RequestInit["body"]): Pick<RequestInit, "body"> {
  if (body === undefined || body === null) return {};
  // Without it a stream is refused; not every library of types knows it.
  return body instanceof ReadableStream ? Object.assign({ body }, { duplex: "half" }) : { body };
}

/** What the system calls it, such as ECONNREFUSED. */
function codeOf(error: unknown): string {
  for (const at of [error, error instanceof Error ? error.cause : null]) {
    const code: unknown = typeof at === "object" && at !== null ? Reflect.get(at, "code") : null;
    if (typeof code === "string" && /^[A-Z][A-Z_]{1,50}$/.test(code)) return ` (${code})`;
  }
  return "";
}
