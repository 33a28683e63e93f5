import type { ExternalEndpoint } from "../../egress.ts";
import { text } from "../../internal/check.ts";

/** What RFC 3986 lets stand in a path, its slashes included, and in a query, without the quote that URLs escape. */
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9a-f]{2})*$/i;
const QUERY = /^(?:[\w\-.~!$&()*+,;=:@/?]|%[0-9a-f]{2})*$/i;

/**
 * The URL of a path below an endpoint's base path, exactly as it is written.
 *
 * @param path - `models/x:generate?alt=sse`, with or without a slash before it; what is not plain in it must be
 *   percent-encoded.
 * @throws TypeError if it is not a string.
 * @throws RangeError for whatever could lead elsewhere, here or on a server that decodes it once more; it is
 *   not shown.
 */
export function urlWithin(endpoint: ExternalEndpoint, path: string): string {
  const base = baseOf(endpoint);
  const given = text("egressFetch: path", path);
  const [, below = "", query = ""] = /^([^?]*)(\?.*)?$/s.exec(given) ?? [];
  const relative = below.startsWith("/") ? below.slice(1) : below;
  const scheme = below === relative && /^[a-z][a-z0-9+.-]*:/i.test(relative);
  const segments = relative.split("/");
  // A slash at the end leaves an empty segment, which is harmless there and nowhere else.
  if (segments.length > 1 && segments.at(-1) === "") segments.pop();
  const plain = PATH.test(relative) && QUERY.test(query.slice(1)) && !scheme;
  const url = below === "" ? base + query : `${base}/${relative}${query}`;
  if (plain && (relative === "" || segments.every(isHarmless)) && leadsTo(url, endpoint, base)) return url;
  throw new RangeError(
    "egressFetch: path must be a plain relative path without dot segments, empty segments, encoded slashes, " +
      "a host or a fragment; it is not shown",
  );
}

/** The origin and base path, without a slash at its end. @throws RangeError if the base is more than that. */
export function baseOf(endpoint: ExternalEndpoint): string {
  const { origin, pathname, search, hash } = new URL(endpoint.baseUrl);
  if (origin === endpoint.origin && search === "" && hash === "") return origin + trimmed(pathname);
  throw new RangeError(
    "egressFetch: the endpoint's baseUrl must have no query and no fragment; it is not shown",
  );
}

function trimmed(pathname: string): string {
  let end = pathname.length;
  while (pathname[end - 1] === "/") end--;
  return pathname.slice(0, end);
}

/** Also once it is decoded, and made compatible, as some servers and proxies do. */
function isHarmless(segment: string): boolean {
  if (segment === "") return false;
  try {
    const decoded = decodeURIComponent(segment).normalize("NFKC");
    return !/[/\\%?#\p{C}\p{Zl}\p{Zp}]/u.test(decoded) && !/^\.{1,2}(?:;|$)/.test(decoded);
  } catch {
    // Not UTF-8: overlong forms of dots and slashes among others.
    return false;
  }
}

/** The parser has the last word: it must find nothing to change. */
function leadsTo(url: string, endpoint: ExternalEndpoint, base: string): boolean {
  const parsed = new URL(url);
  // A base without a path gets its slash from the parser.
  const same = parsed.href === url || parsed.href === url.replace(/^(https:\/\/[^/?]*)(\?|$)/, "$1/$2");
  return same && parsed.origin === endpoint.origin && parsed.href.startsWith(base);
}
