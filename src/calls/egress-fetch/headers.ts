import type { EnvLookup, ExternalEndpoint } from "../../egress.ts";
import type { Awaitable } from "../../internal/awaitable.ts";
import { anyText, outOfRange, type Reader } from "../../internal/check.ts";
import { isCredential } from "./credentials.ts";

/** The host, and the headers that frame the message or are meant for a proxy. The platform sets them. */
const FRAMING =
  /^(?:host|connection|content-length|expect|http2-settings|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/;

/** Reads the name of the header for the secret. */
export const secretHeader: Reader<string> = (what, value) => {
  const name = anyText(what, value).toLowerCase();
  const allowed = !FRAMING.test(name) && name !== "cookie";
  if (/^[a-z][a-z0-9-]{0,63}$/.test(name) && allowed) return name;
  throw outOfRange(what, "the name of a header for a secret, such as x-api-key", value);
};

/** How a request gets its credentials. */
export interface Authorize {
  /** Whether the caller's own credentials pass: it signs its requests. */
  readonly keepsCredentials: boolean;
  /** The headers with credentials. */
  readonly add: (headers: Headers) => Awaitable<Readonly<Record<string, string>>>;
}

/**
 * Gives a request the endpoint's secret.
 *
 * @param header - the header that gets the secret unchanged; `null`: `Authorization: Bearer`.
 */
export function endpointSecret(
  endpoint: ExternalEndpoint,
  header: string | null,
  env: EnvLookup | undefined,
): Authorize {
  return {
    keepsCredentials: false,
    add: () => {
      const secret = endpoint.secret.resolve(env);
      return { [header ?? "authorization"]: header === null ? `Bearer ${secret}` : secret };
    },
  };
}

/**
 * The caller's headers without credentials, the host and the framing of the message, plus the credentials.
 *
 * @throws SecretMissingError if the endpoint's secret is not set.
 * @throws RangeError for an invalid header, or a secret that no header can hold; neither is shown.
 * @throws unknown what `authorize.add` throws.
 */
export async function authorizedHeaders(
  callerHeaders: RequestInit["headers"],
  { keepsCredentials, add }: Authorize,
): Promise<Headers> {
  const headers = copyOf(callerHeaders);
  for (const name of [...headers.keys()]) {
    if (FRAMING.test(name) || (!keepsCredentials && isCredential(name))) headers.delete(name);
  }
  for (const [name, secret] of Object.entries(await add(headers))) {
    try {
      headers.set(name, secret);
    } catch {
      // Not the platform's error, which may contain the secret.
      throw new RangeError("the secret must have only characters of a header; it is not shown");
    }
  }
  return headers;
}

function copyOf(headers: RequestInit["headers"]): Headers {
  try {
    return new Headers(headers);
  } catch {
    throw new RangeError("egressFetch: init.headers must be valid request headers; they are not shown");
  }
}
