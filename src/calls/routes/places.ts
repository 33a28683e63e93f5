import { isPlain, outOfRange, wrongType } from "../../internal/check.ts";
import type { ProviderName } from "../protocols/names.ts";
import { isProvider, PROVIDERS } from "./providers.ts";
import type { HostMap } from "./route.ts";

/** A provider at a URL, and the path below the place that its routes are compared with. */
export interface Place {
  readonly provider: ProviderName;
  readonly region: string | null;
  /** The path below each base path that the URL may be below, with a slash in front. */
  readonly below: readonly string[];
  /** The path below the host or the base URL. */
  readonly whole: string;
}

/** The provider of a URL: first by the map of one's own hosts, then by the known hosts. */
export function placeOf(url: URL, map: HostMap | undefined): Place | { readonly refused: string } {
  const own = map === undefined ? null : ownPlace(url, map);
  if (own !== null) return own;
  for (const [provider, { hosts, family }] of Object.entries(PROVIDERS)) {
    const found = hosts.map((host) => host.exec(url.host)).find((match) => match !== null);
    if (found === undefined || !isProvider(provider)) continue;
    const local = url.port === "11434";
    if (url.protocol !== "https:" && !local) return { refused: "its URL must start with https" };
    const region = found.groups?.["region"] ?? null;
    const below = family.bases.map((base) => belowOf(url.pathname, base)).filter((path) => path !== null);
    return { provider, region, below, whole: url.pathname };
  }
  return {
    refused: `the host ${JSON.stringify(url.host)} is not known; name its provider (guardedFetch: \`protocols\`)`,
  };
}

/** Below a host of one's own, the provider's base path may be there or not. The longest base URL counts. */
function ownPlace(url: URL, map: HostMap): Place | null {
  let best: Place | null = null;
  let length = -1;
  for (const { base, anyScheme, provider } of keysOf(map)) {
    if (base.host !== url.host || (!anyScheme && base.protocol !== url.protocol)) continue;
    const whole = belowOf(url.pathname, base.pathname);
    if (whole === null || base.pathname.length <= length) continue;
    length = base.pathname.length;
    const bases = PROVIDERS[provider].family.bases;
    const below = bases.map((one) => belowOf(whole, one)).filter((path) => path !== null);
    best = { provider, region: null, below: [...below, whole], whole };
  }
  return best;
}

interface OwnKey {
  readonly base: URL;
  readonly anyScheme: boolean;
  readonly provider: ProviderName;
}

/**
 * Reads the map of hosts.
 *
 * @throws TypeError if it is not a plain object, or a provider is not a string.
 * @throws RangeError for a key that is no host or URL, or for an unknown provider.
 */
function keysOf(map: unknown): readonly OwnKey[] {
  if (!isPlain(map)) throw wrongType("routeOf: map", "a plain object", map);
  return Object.entries(map).map(([key, provider]: [string, unknown]) => {
    if (typeof provider !== "string") throw wrongType("routeOf: map", "of hosts to providers", provider);
    if (!isProvider(provider)) {
      throw outOfRange("routeOf: map", `of providers (${Object.keys(PROVIDERS).join(", ")})`, provider);
    }
    const anyScheme = !/^https?:\/\//.test(key);
    const base = URL.canParse(anyScheme ? `https://${key}` : key)
      ? new URL(anyScheme ? `https://${key}` : key)
      : null;
    if (base === null || base.username + base.password + base.search + base.hash !== "") {
      throw new RangeError("routeOf: map must have hosts, origins or base URLs as its keys");
    }
    return { base, anyScheme, provider };
  });
}

/** The rest of a path below a base path, with a slash in front; `null` if it is not below it. */
export function belowOf(path: string, base: string): string | null {
  const trimmed = base.replaceAll(/^\/+|\/+$/g, "");
  if (trimmed === "") return path;
  return path.startsWith(`/${trimmed}/`) ? path.slice(trimmed.length + 1) : null;
}
