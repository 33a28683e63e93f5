import type { ExternalEndpoint } from "../../egress.ts";
import { wrongType } from "../../internal/check.ts";
import { type Request, requestOf } from "./options.ts";
import { baseOf } from "./target.ts";

/**
 * A URL as text that the URL parser reads as it is written: no white space, backslash or control character, which it
 * would remove or replace, no credentials and no fragment.
 */
const PLAIN_URL = /^https:\/\/[^/?#@\\\s\p{C}]+(?:[/?][^#\\\s\p{C}]*)?$/iu;
const DOT_SEGMENT = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/**
 * The path and query of a client's URL below the endpoint's base path. URLs are compared as the URL parser reads them, so
 * `https://API.example.com:443/v1` is `https://api.example.com/v1`.
 *
 * @throws TypeError if it is neither a string nor a URL nor a Request.
 * @throws RangeError if it is not below the base path; it is not shown.
 */
export function pathOf(endpoint: ExternalEndpoint, input: unknown): string {
  const text = urlTextOf(input);
  const base = baseOf(endpoint);
  const url = PLAIN_URL.test(text) && !DOT_SEGMENT.test(text) ? parsed(text) : null;
  if (url?.origin === endpoint.origin) {
    const full = url.origin + url.pathname + url.search;
    const rest = full.slice(base.length);
    if (full.startsWith(base) && /^(?:[/?]|$)/.test(rest)) return rest;
  }
  throw new RangeError(
    `endpointFetch: input must be a URL below the endpoint's base path at ${endpoint.origin}; it is not shown`,
  );
}

/**
 * The URL of a client's request as text.
 *
 * @throws TypeError if it is neither a string nor a URL nor a Request.
 */
export function urlTextOf(input: unknown): string {
  const text: unknown = isRequest(input) ? input.url : input instanceof URL ? input.href : input;
  if (typeof text === "string") return text;
  throw wrongType("endpointFetch: input", "a string, a URL or a Request", input);
}

function parsed(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

/** By its tag, because some clients bring a Request of their own. Each of its fields is checked like those of `init`. */
function isRequest(input: unknown): input is globalThis.Request {
  return Object.prototype.toString.call(input) === "[object Request]";
}

/**
 * The fields of a client's request. As with `fetch`, those of `init` replace those of a Request. Other options, such as
 * the handling of redirects, are ignored.
 *
 * @throws TypeError, RangeError for an invalid field, or a Request whose body has been used.
 */
export function clientRequest(input: unknown, init: RequestInit | null | undefined): Request {
  const { method, headers, body, signal } = init ?? {};
  if (!isRequest(input)) {
    return requestOf({
      ...(method !== undefined && { method }),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
  }
  const used = input.bodyUsed || input.body?.locked === true;
  if ((body ?? null) === null && used) {
    throw new TypeError("endpointFetch: input must be a Request whose body has not been used");
  }
  const theirs: unknown = input.signal;
  if (typeof theirs === "object" && theirs !== null) owners.set(theirs, input);
  return requestOf({
    method: method ?? input.method,
    headers: headers ?? input.headers,
    body: body ?? input.body,
    signal: signal === undefined ? input.signal : signal,
  });
}

/**
 * Keeps a Request alive as long as its signal. Otherwise it could be garbage during the call, and then Node does not
 * abort its signal any more.
 */
const owners = /* @__PURE__ */ new WeakMap<object, globalThis.Request>();
