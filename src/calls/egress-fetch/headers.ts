import type { EnvLookup, ExternalEndpoint } from "../../egress.ts";
import { outOfRange, type Reader, text } from "../../internal/check.ts";

/** Who somebody is, where it goes, and how the message is framed: none of it is the caller's to say. */
const NOT_THE_CALLERS =
  /^(?:authorization|api-key|x-api-key|x-goog-api-key|cookie|host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/;

/** The name of a header that carries the secret. */
export const secretHeader: Reader<string> = (what, value) => {
  const name = text(what, value).toLowerCase();
  const carries = NOT_THE_CALLERS.test(name) ? /^(?:authorization|.*api-key)$/.test(name) : true;
  if (/^[a-z][a-z0-9-]{0,63}$/.test(name) && carries) return name;
  throw outOfRange(what, "the name of a header for a secret, such as x-api-key", value);
};

/**
 * The caller's headers and the endpoint's secret.
 *
 * @param header - carries the secret as it is; `null`: `Authorization: Bearer`.
 * @throws SecretMissingError if the secret is not set.
 * @throws RangeError for a header or secret that no request can have; neither is shown.
 */
export function headersFor(
  endpoint: ExternalEndpoint,
  given: RequestInit["headers"],
  header: string | null,
  env: EnvLookup | undefined,
): Headers {
  const headers = copyOf(given);
  for (const name of [...headers.keys()]) if (NOT_THE_CALLERS.test(name)) headers.delete(name);
  const secret = endpoint.secret.resolve(env);
  try {
    headers.set(header ?? "authorization", header === null ? `Bearer ${secret}` : secret);
  } catch {
    // The platform's own error may hold it.
    throw new RangeError(`the secret in ${endpoint.secret.envVar} holds what no header can; it is not shown`);
  }
  return headers;
}

function copyOf(given: RequestInit["headers"]): Headers {
  try {
    return new Headers(given);
  } catch {
    throw new RangeError(
      "egressFetch: init.headers must be headers that a request can have; they are not shown",
    );
  }
}
