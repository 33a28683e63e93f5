import { anyText, optional, read, anything } from "../../internal/check.ts";
import { outcome } from "../../money/outcome.ts";
import { type AnyObject, isObject, presentField } from "../own-fields.ts";
import type { ProtocolName, ProviderName } from "../protocols/names.ts";
import { headerMap, type HeaderMap } from "./headers.ts";
import { hasMethod, matched, type Named } from "./match.ts";
import { type Place, placeOf } from "./places.ts";
import { PROVIDERS } from "./providers.ts";
import type { HostMap, Route, RoutedRequest, StreamForm } from "./route.ts";
import type { Bounded, Row, Streaming } from "./rows.ts";
import { extrasOf, isGoogle, otherMethodOf } from "./unusual.ts";

/**
 * What a request leads to: a call that can be bounded, a request that costs nothing, or one that is refused because
 * nobody can say what it costs. What is not known is refused.
 *
 * Hosts and paths are compared as the URL parser reads them, so that `:443` or an escaped `%2F` in a model's ARN makes
 * no difference. Of the body, `stream`, `background` and `deferred` are read. Of the query and the headers, those that ask
 * for another method, for an answer without its usage report, or for something with a price of its own are refused.
 *
 * @param request - `method` (by default `POST`), `url`, the `body`, parsed or as text, and the `headers`.
 * @param map - the providers of hosts of one's own, by host, origin or base URL; it comes before the known hosts.
 * @returns a frozen answer; it never contains the URL, only its host.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a map with a key that is no host or URL, or with an unknown provider.
 * @example
 * ```ts
 * const chat = routeOf({ url: "https://api.openai.com/v1/chat/completions", body: { stream: true } });
 * chat.kind === "bounded" && [chat.provider, chat.protocol, chat.stream]; // => ["openai", "openai-chat", "sse"]
 * routeOf({ method: "GET", url: "https://api.openai.com/v1/models" }).kind; // => "free"
 * routeOf({ url: "https://api.openai.com/v1/batches" }).kind; // => "refused"
 * const map = { "https://gateway.example.com/team": "anthropic" } as const;
 * routeOf({ url: "https://gateway.example.com/team/v1/messages" }, map).provider; // => "anthropic"
 * ```
 */
export function routeOf(request: RoutedRequest, map?: HostMap): Route {
  const { body, ...asked } = read<Checked>("routeOf", request, {
    method: optional(anyText, "POST"),
    url: anyText,
    body: anything,
    headers: headerMap,
  });
  return routesOf(asked, map)(jsonObject(body));
}

/** What a method, a URL and headers lead to, for each body. */
export function routesOf(
  { method, url, headers }: Omit<Checked, "body">,
  map: HostMap | undefined,
): (body: AnyObject) => Route {
  const always = (route: Route) => (): Route => route;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    return always(refusal("its URL is not of http or https"));
  if (parsed.username + parsed.password !== "") return always(refusal("its URL has a user or a password"));
  const place = placeOf(parsed, map);
  if ("refused" in place) return always(refusal(place.refused));
  const { provider } = place;
  const { family } = PROVIDERS[provider];
  const refuse = (reason: string): Route => refusal(reason, provider, family.protocol);
  const otherMethod = otherMethodOf(parsed, headers);
  if (otherMethod !== null) return always(refuse(otherMethod));
  const found = rowOf(place, method.toUpperCase());
  if (found === null) return always(refuse(`${provider} has no known route of this method and path`));
  const { answer } = found.row;
  if (answer === "free") {
    return always(outcome({ kind: "free", provider, protocol: family.protocol, model: null, stream: false }));
  }
  if ("refused" in answer) return always(refuse(answer.refused));
  const extras = extrasOf(parsed, headers, provider);
  return (body) => {
    const unusual = extras ?? unusualOf(provider, answer, body, found.named);
    if (unusual !== null) return refuse(unusual);
    return outcome({
      kind: "bounded",
      provider,
      protocol: answer.protocol,
      form: answer.form,
      model: modelOf(found.named),
      region: found.named["region"] ?? place.region,
      stream: streamOf(answer.streaming, body, parsed),
    });
  };
}

interface Checked {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
  readonly headers: HeaderMap;
}

function refusal(reason: string, provider?: ProviderName, protocol?: ProtocolName): Route {
  return outcome({
    kind: "refused",
    reason,
    provider: provider ?? null,
    protocol: protocol ?? null,
    model: null,
    stream: false,
  });
}

function rowOf(place: Place, method: string): { readonly row: Row; readonly named: Named } | null {
  for (const row of PROVIDERS[place.provider].family.rows) {
    if (!hasMethod(row, method)) continue;
    for (const path of row.path.startsWith("/") ? [place.whole] : place.below) {
      const named = matched(row.path, path);
      if (named === null || (isGoogle(place.provider) && callsOther(row, path))) continue;
      return { row, named };
    }
  }
  return null;
}

/** Whether a path of a free row has a method behind a colon that the row does not name. */
function callsOther({ answer, path: pattern }: Row, path: string): boolean {
  const colons = (text: string): number => text.split(/:|%3a/i).length;
  return answer === "free" && colons(path) > colons(pattern);
}

/** The model in the path. An endpoint of one's own keeps its prefix, so that no price list takes it for a model. */
function modelOf({ model, endpoint }: Named): string | null {
  return endpoint === undefined ? (model ?? null) : `endpoints/${endpoint}`;
}

/** Why a request to a bounded route has no bound after all; `null` if it has one. */
function unusualOf(
  provider: ProviderName,
  { form }: Bounded,
  body: AnyObject,
  { model = "" }: Named,
): string | null {
  if (isAsked(presentField(body, "background")))
    return "with background, it answers before it has cost anything";
  if (isAsked(presentField(body, "deferred"))) return "deferred, it answers before it has cost anything";
  if (
    provider === "bedrock" &&
    form === "anthropic" &&
    !/(?:^|[./])anthropic\.|:foundation-model\/anthropic/.test(model)
  ) {
    return "of invoke, only the bodies of Claude are read; use converse";
  }
  return null;
}

function streamOf(streaming: Streaming, body: AnyObject, url: URL): StreamForm {
  const stream = presentField(body, "stream");
  switch (streaming) {
    case "never":
      return false;
    case "sse-if-asked":
      return isAsked(stream) ? "sse" : false;
    case "ndjson-unless-false":
      return stream === false ? false : "ndjson";
    case "alt":
      return (url.searchParams.get("alt") ?? url.searchParams.get("$alt")) === "sse" ? "sse" : "json-array";
    default:
      return streaming;
  }
}

/** Whether a switch is on. A server may read any text or number as true. */
function isAsked(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

/** The body as an object, without fields if it is none. */
export function jsonObject(body: unknown): AnyObject {
  try {
    const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
