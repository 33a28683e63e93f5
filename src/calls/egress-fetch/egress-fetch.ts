import { type ExternalEndpoint, externalEndpoint, logEgress } from "../../egress.ts";
import { OpenHold } from "../with-hold/open-hold.ts";
import { clientRequest, pathOf } from "./client-request.ts";
import { Deadline } from "./deadline.ts";
import { EgressError, type EgressFailure } from "./error.ts";
import { type Authorize, authorizedHeaders, endpointSecret } from "./headers.ts";
import {
  type EgressInit,
  type EgressOptions,
  type Request,
  requestOf,
  type Settings,
  settingsOf,
} from "./options.ts";
import { drop, guarded } from "./response.ts";
import { urlWithin } from "./target.ts";

/**
 * `fetch` for one endpoint only.
 *
 * A request goes to the endpoint's origin, below its base path, with the endpoint's secret and no other credential. A
 * redirect is refused. The audit record is written first; if that fails, nothing is sent. The response is limited in
 * time and size. No error shows a secret, a path, a header or a body.
 *
 * With `hold`, one request is sent under that hold. An error before the request is sent gives the held money back, see
 * {@link withHold}. A request counts as sent as soon as `fetch` is called, even if the connection was refused, because
 * `fetch` does not say whether data has left.
 *
 * @param path - appended to the endpoint's base path; it may have a query. It is not resolved like a relative URL.
 * @returns the response, whatever its status. Reading the body throws an {@link EgressError} at a limit.
 * @throws TypeError, RangeError for an invalid argument, or a path that could leave the base path.
 * @throws SecretMissingError if the endpoint's secret is not set.
 * @throws EgressError for every other failure; `sent` says whether data may have left.
 * @throws unknown the reason of `init.signal` if it aborts.
 * @example
 * ```ts
 * const endpoint = new ExternalEndpoint({
 *   name: "openai",
 *   baseUrl: "https://api.openai.com/v1",
 *   secret: new SecretRef("OPENAI_API_KEY"),
 * });
 * const answer = await egressFetch(endpoint, "models?limit=1", {}, {
 *   env: { OPENAI_API_KEY: "sk-123" },
 *   log: () => null, // in a service: write your audit record
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
  const settings = settingsOf(options);
  const target = (): string => urlWithin(endpoint, path);
  return send(endpoint, target, () => requestOf(init), settings, secretOf(endpoint, settings));
}

/**
 * {@link egressFetch} as the `fetch` option of a client. Every URL must be below the endpoint's base path.
 *
 * It takes a string, a URL or a Request, whose body is sent as a stream. As with `fetch`, the fields of `init` replace
 * those of the Request.
 *
 * Give the client this base path, and any text as its key, which is replaced. Switch off its retries, because a hold
 * pays for one request.
 *
 * @throws TypeError, RangeError for an invalid argument.
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
  externalEndpoint("egressFetch: endpoint", endpoint);
  const settings = settingsOf(options);
  const authorize = secretOf(endpoint, settings);
  return async (input, init) => {
    const target = (): string => urlWithin(endpoint, pathOf(endpoint, input));
    return send(endpoint, target, () => clientRequest(input, init), settings, authorize);
  };
}

function secretOf(endpoint: ExternalEndpoint, { header, env }: Settings): Authorize {
  return endpointSecret(endpoint, header, env);
}

/** A URL as it is sent if it is below an endpoint's base path and cannot leave it; otherwise `null`. */
export function targetIn(endpoint: ExternalEndpoint, url: string): string | null {
  // Of several endpoints most are elsewhere. An error costs more than all of this.
  if (!URL.canParse(url) || new URL(url).origin !== endpoint.origin) return null;
  try {
    return urlWithin(endpoint, pathOf(endpoint, url));
  } catch {
    return null;
  }
}

/** {@link egressFetch} to a target that {@link targetIn} has checked, with credentials of another kind. */
export async function sendAs(
  endpoint: ExternalEndpoint,
  { target, ...request }: Request & { readonly target: string },
  options: EgressOptions,
  authorize: Authorize,
): Promise<Response> {
  return send(
    endpoint,
    () => target,
    () => request,
    settingsOf(options),
    authorize,
  );
}

/** Checks everything before it sends, so that an earlier error proves that nothing was sent. */
async function send(
  endpoint: ExternalEndpoint,
  target: () => string,
  requested: () => Request,
  settings: Settings,
  authorize: Authorize,
): Promise<Response> {
  const { hold, timeoutSeconds } = settings;
  let sent = false;
  const failure = (reason: EgressFailure, what: string, cause?: { readonly cause: unknown }): EgressError =>
    new EgressError(reason, what, { sent, origin: endpoint.origin, ...cause });
  let deadline: Deadline | undefined;
  try {
    externalEndpoint("egressFetch: endpoint", endpoint);
    const url = target();
    const request = requested();
    deadline = new Deadline(timeoutSeconds, request.signal, () =>
      failure("timed_out", `the response was not complete within ${timeoutSeconds} s`),
    );
    const headers = await deadline.race(authorizedHeaders(request.headers, authorize));
    await deadline.race(record(endpoint, settings, failure));
    if (hold && !OpenHold.startSending(hold)) {
      throw failure("hold_spent", "the hold has already paid for a request, or its call has ended");
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
    const options = log && { log: (...of: Parameters<typeof log>) => (recorded = log(...of)) };
    logEgress(endpoint, { detail, ...options });
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
    const pending = Promise.resolve(settings.fetch(url, init));
    // A response that arrives after the abort is closed, because nobody reads it.
    pending.then(
      (late) => {
        if (signal.aborted) drop(late);
      },
      () => null,
    );
    response = await deadline.race(pending);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // The error is not passed on as a cause: it may contain anything that was sent.
    throw fail("failed", `the request failed${codeOf(error)}`);
  }
  return guarded(response, { url, method, maxBytes: settings.maxResponseBytes, deadline, fail });
}

function bodyOf(body: RequestInit["body"]): Pick<RequestInit, "body"> {
  if (body === undefined || body === null) return {};
  // A stream body needs `duplex: "half"`, which some type definitions do not have.
  return body instanceof ReadableStream ? Object.assign({ body }, { duplex: "half" }) : { body };
}

/** The system's error code, such as ECONNREFUSED, for a message. */
function codeOf(error: unknown): string {
  for (const at of [error, error instanceof Error ? error.cause : null]) {
    const code: unknown = typeof at === "object" && at !== null ? Reflect.get(at, "code") : null;
    if (typeof code === "string" && /^[A-Z][A-Z_]{1,50}$/.test(code)) return ` (${code})`;
  }
  return "";
}
