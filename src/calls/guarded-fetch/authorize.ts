import type { EnvLookup, ExternalEndpoint } from "../../egress.ts";
import { isPlain } from "../../internal/check.ts";
import type { Authorize } from "../egress-fetch/headers.ts";
import type { ProviderName } from "../protocols/names.ts";
import { PROVIDERS } from "../routes/providers.ts";
import type { GuardOptions } from "./options.ts";
import { InvalidError } from "./refusal.ts";

/** What credentials are made for. */
interface Target {
  readonly endpoint: ExternalEndpoint;
  readonly provider: ProviderName;
  readonly env: EnvLookup | undefined;
  readonly url: string;
  readonly method: string;
}

/** How the headers of a request get their credentials. The client's own never pass, unless it signs its requests. */
export function authorizer(credentials: GuardOptions["credentials"], target: Target): Authorize {
  if (credentials === "client") return { keepsCredentials: true, add: () => ({}) };
  const { endpoint, provider, env, url, method } = target;
  if (credentials === undefined) {
    const [{ name, prefix }] = PROVIDERS[provider].secrets;
    return { keepsCredentials: false, add: () => ({ [name]: prefix + endpoint.secret.resolve(env) }) };
  }
  return {
    keepsCredentials: false,
    add: async (headers) => {
      const made: unknown = await credentials({ url, method, headers });
      if (typeof made === "string") return { authorization: `Bearer ${made}` };
      // The platform checks the values of headers.
      if (isPlain(made)) return made as Readonly<Record<string, string>>;
      throw new InvalidError(
        "guardedFetch: credentials() must return a token or a plain object of headers; what it returned is not shown",
      );
    },
  };
}
