import type { ExternalEndpoint } from "../../egress.ts";
import { anyText } from "../../internal/check.ts";

/**
 * The characters that RFC 3986 allows in a path, with its slashes, and in a query. A ' in a query is refused, because
 * the URL parser escapes it.
 */
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9a-f]{2})*$/i;
const QUERY = /^(?:[\w\-.~!$&()*+,;=:@/?]|%[0-9a-f]{2})*$/i;

/**
 * Appends a path to an endpoint's base path, without changing it.
 *
 * @param path - such as `models/x:generate?alt=sse`, with or without a slash in front. Special characters must be
 *   percent-encoded.
 * @throws TypeError if it is not a string.
 * @throws RangeError for a path that could leave the base path, also on a server that decodes it once more; it is not
 *   shown.
 */
export function urlWithin(endpoint: ExternalEndpoint, path: string): string {
  const base = baseOf(endpoint);
  const checked = anyText("egressFetch: path", path);
  const mark = checked.indexOf("?");
  const below = mark < 0 ? checked : checked.slice(0, mark);
  const query = checked.slice(below.length);
  const relative = below.startsWith("/") ? below.slice(1) : below;
  const scheme = below === relative && /^[a-z][a-z0-9+.-]*:/i.test(relative);
  const segments = relative.split("/");
  // A slash at the end makes an empty last segment, which is harmless. Other empty segments are refused.
  if (segments.length > 1 && segments.at(-1) === "") segments.pop();
  const plain = PATH.test(relative) && QUERY.test(query.slice(1)) && !scheme;
  const url = below === "" ? base + query : `${base}/${relative}${query}`;
  if (plain && (relative === "" || segments.every(isHarmless)) && leadsTo(url, endpoint, base)) return url;
  throw new RangeError(
    "egressFetch: path must be a plain relative path without dot segments, empty segments, encoded slashes, " +
      "a host or a fragment; it is not shown",
  );
}

/**
 * The origin and base path of an endpoint, without slashes at the end.
 *
 * @throws RangeError if the base URL has a query or a fragment.
 */
export function baseOf(endpoint: ExternalEndpoint): string {
  const { origin, pathname, search, hash } = new URL(endpoint.baseUrl);
  if (origin === endpoint.origin && search === "" && hash === "") return origin + withoutEndSlashes(pathname);
  throw new RangeError(
    "egressFetch: the endpoint's baseUrl must have no query and no fragment; it is not shown",
  );
}

function withoutEndSlashes(pathname: string): string {
  let end = pathname.length;
  while (pathname[end - 1] === "/") end--;
  return pathname.slice(0, end);
}

/**
 * An AWS name, which is one segment also if its resource has slashes, as Bedrock's models have:
 * `arn:aws:bedrock:us-east-1:123456789012:inference-profile/x`.
 */
const ARN = /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w.:-]+(?:\/[\w.:-]+)*$/;

/** What some character sets of Windows turn into a slash or a backslash, unlike NFKC. */
const SLASH_ALIKE = /[\u00a5\u20a9\u2044\u2215\u2216\u29f5\u29f8\u29f9]/;

/** Whether a segment stays harmless if a server or proxy decodes it, normalises it to NFKC and trims it. */
function isHarmless(segment: string): boolean {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    // Not UTF-8, such as an overlong form of a dot or a slash.
    return false;
  }
  if (ARN.test(decoded)) return !decoded.split("/").some(isDots);
  const text = decoded.normalize("NFKC");
  if (/[/\\%?#\p{C}\p{Zl}\p{Zp}]/u.test(text)) return false;
  // Servers remove white space, which may be a `+`, invisible characters, and parameters after a `;`.
  const trimmed = text.replace(/[\s+\p{DI}]|;.*/gsu, "");
  return trimmed !== "" && !trimmed.split(SLASH_ALIKE).some(isDots);
}

/** Only dots, because some servers remove dots at the end. After a colon the operation can follow: `x:generate`. */
function isDots(text: string): boolean {
  return /^\.+(?::|$)/.test(text);
}

/** Whether the URL parser leaves the URL unchanged, so that it stays below the base path. */
function leadsTo(url: string, endpoint: ExternalEndpoint, base: string): boolean {
  const parsed = new URL(url);
  // The parser adds a slash to an origin without a path.
  const same = parsed.href === url || parsed.href === url.replace(/^(https:\/\/[^/?]*)(\?|$)/, "$1/$2");
  return same && parsed.origin === endpoint.origin && parsed.href.startsWith(base);
}
