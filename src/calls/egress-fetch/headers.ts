import type { EnvLookup, ExternalEndpoint } from "../../egress.ts";
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

/**
 * The caller's headers without credentials, the host and the framing of the message, plus the endpoint's secret.
 *
 * @param header - the header that gets the secret unchanged; `null`: `Authorization: Bearer`.
 * @throws SecretMissingError if the secret is not set.
 * @throws RangeError for an invalid header, or a secret that no header can hold; neither is shown.
 */
export function headersFor(
  endpoint: ExternalEndpoint,
  callerHeaders: RequestInit["headers"],
  header: string | null,
  env: EnvLookup | undefined,
): Headers {
  const headers = copyOf(callerHeaders);
  for (const name of [...headers.keys()]) {
    if (FRAMING.test(name) || isCredential(name)) headers.delete(name);
  }
  const secret = endpoint.secret.resolve(env);
  try {
    headers.set(header ?? "authorization", header === null ? `Bearer ${secret}` : secret);
  } catch {
    // Not the platform's error, which may contain the secret.
    throw new RangeError(
      `the secret in ${endpoint.secret.envVar} must have only characters of a header; it is not shown`,
    );
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
