import { DispatchError } from "./errors.ts";
import { callable, notOurs, optional, orNull, read, seal, text, words, wrongType } from "./internal/check.ts";
import { printable, quoted } from "./internal/text.ts";

/** Where secrets are looked up: a function, or an object such as `process.env` or a Worker's `env`. */
export type EnvLookup = ((name: string) => string | undefined) | Readonly<Record<string, unknown>>;

/** The secret that a call needs is not there, so the call is not made. */
export class SecretMissingError extends DispatchError {
  override readonly name = "SecretMissingError";
  readonly envVar: string;

  constructor(envVar: string, options: { readonly cause?: unknown } = {}) {
    super("secret_missing", `the secret in ${envVar} is not set: no call is made without it`, {
      subject: envVar,
      ...options,
    });
    this.envVar = envVar;
  }
}

/**
 * A secret by reference: the name of the environment variable that holds it, never the secret.
 *
 * @example
 * ```ts
 * new SecretRef("API_KEY").resolve({ API_KEY: "sk-123" }); // => "sk-123"
 * ```
 */
export class SecretRef {
  readonly #ours: undefined;
  declare readonly envVar: string;

  /**
   * @param envVar - a letter or `_`, then letters, digits or `_`; at most 200. What looks like a secret that
   *   was passed by mistake is refused without being shown; one of capitals alone is not told from a name.
   * @throws TypeError if it is not a string.
   * @throws RangeError if it is no such name.
   */
  constructor(envVar: string) {
    const name = /^[A-Za-z_]\w{0,199}$/.test(text("SecretRef", envVar));
    // Twenty characters of both cases and digits are a key, not the name of one.
    if (!name || /(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{20}/.test(envVar)) {
      throw new RangeError(
        "SecretRef must be the name of an environment variable; what was given is not shown",
      );
    }
    seal(this, { envVar });
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is SecretRef {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /**
   * The secret itself. Use it at once; keep it nowhere.
   *
   * @param env - where to look; by default the environment of Node, Deno or Bun. On Workers, pass `env`.
   * @throws SecretMissingError if it is not set, empty, or not a string.
   * @throws RangeError if it holds a line break or another control character; it is not shown.
   */
  resolve(env?: EnvLookup): string {
    const secret = lookUp(this.envVar, env);
    if (typeof secret !== "string" || secret.trim() === "") throw new SecretMissingError(this.envVar);
    if (/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u.test(secret)) {
      throw new RangeError(
        `the secret in ${this.envVar} holds a line break or control character; it is not shown`,
      );
    }
    return secret;
  }
}

function lookUp(name: string, env: unknown): unknown {
  if (typeof env === "function") return (env as (name: string) => unknown)(name);
  if (env !== undefined) return ownField(env, name, "resolve: env");
  const runtime = globalThis as { readonly process?: { readonly env?: unknown } };
  try {
    // Node and Bun have it, Deno and Workers with Node compatibility too.
    return ownField(runtime.process?.env ?? {}, name, "process.env");
  } catch (cause) {
    // Deno without permission to read the environment.
    throw new SecretMissingError(name, { cause });
  }
}

/** Own fields only: `constructor`, or a polluted prototype, is no secret. */
function ownField(env: unknown, name: string, what: string): unknown {
  if (typeof env !== "object" || env === null) throw wrongType(what, "a function or an object", env);
  return Object.hasOwn(env, name) ? Reflect.get(env, name) : undefined;
}

/**
 * An external service that data may be sent to: https, without credentials in its URL.
 *
 * Printed, inspected or stringified it shows its name, its origin and the name of its secret.
 *
 * @example
 * ```ts
 * const endpoint = new ExternalEndpoint({
 *   name: "gemini",
 *   baseUrl: "https://generativelanguage.googleapis.com/v1beta",
 *   secret: new SecretRef("GEMINI_API_KEY"),
 * });
 * endpoint.host(); // => "generativelanguage.googleapis.com"
 * endpoint.bearer({ GEMINI_API_KEY: "k-1" }); // => "Bearer k-1"
 * ```
 */
export class ExternalEndpoint {
  readonly #baseUrl: string;
  declare readonly name: string;
  /** Scheme, host and port: all of the URL that is ever shown. */
  declare readonly origin: string;
  declare readonly secret: SecretRef;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a blank name, or a URL that is not plain https; it shows no more than an origin.
   */
  constructor(endpoint: { readonly name: string; readonly baseUrl: string; readonly secret: SecretRef }) {
    const readers = { name: words, baseUrl: text, secret: ourSecret };
    const { name, baseUrl, secret } = read("ExternalEndpoint", endpoint, readers);
    this.#baseUrl = baseUrl;
    seal(this, { name, origin: httpsUrl(baseUrl).origin, secret });
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is ExternalEndpoint {
    return typeof value === "object" && value !== null && #baseUrl in value;
  }

  /** The URL as it was given; not enumerable, since a path or query may be private. */
  get baseUrl(): string {
    return this.#baseUrl;
  }

  /** The host, lower-case, without the port; an IPv6 address in brackets. */
  host(): string {
    return hostOf(this);
  }

  /**
   * The value of an `Authorization` header.
   *
   * @throws SecretMissingError if the secret is not set.
   */
  bearer(env?: EnvLookup): string {
    return `Bearer ${this.secret.resolve(env)}`;
  }
}

/** By the endpoint's own origin: what a subclass makes of the method does not count. */
function hostOf({ origin }: ExternalEndpoint): string {
  return new URL(origin).hostname;
}

function ourSecret(what: string, value: unknown): SecretRef {
  if (SecretRef.is(value)) return value;
  throw notOurs(what, "SecretRef", value);
}

/** Stricter than the URL parser, which drops white space and line breaks, adds a slash and reads \ as one. */
function httpsUrl(url: string): URL {
  try {
    if (/^https:\/\/[^/?#@]+(?:[/?#]|$)/i.test(url) && !/[\s\p{C}\\]/u.test(url)) return new URL(url);
  } catch {
    // The parser's own error holds the whole URL.
  }
  throw new RangeError(
    "ExternalEndpoint.baseUrl must be an https:// URL with a host, no credentials and no white space; it is not shown",
  );
}

/** One call to the outside, as {@link logEgress} records it; its strings are printable. */
export interface EgressEvent {
  readonly event: "egress";
  readonly name: string;
  readonly host: string;
  readonly detail: string | null;
}

/**
 * Records, before data leaves, where it goes: one printable line that nothing in it can forge.
 *
 * @param options - `detail`, what is sent and why (no secret); `log`, which gets the line and the same
 *   as a frozen object, by default `console.warn` with the line. What `log` throws is thrown: no record, no call. It is not
 *   waited for: a promise that it returns is yours to await before the call.
 * @returns the event that was logged.
 * @throws TypeError if the endpoint is not an {@link ExternalEndpoint} of this copy, or an option is wrong.
 * @example
 * ```ts
 * const endpoint = new ExternalEndpoint({
 *   name: "gemini",
 *   baseUrl: "https://api.example.com/v1",
 *   secret: new SecretRef("GEMINI_API_KEY"),
 * });
 * const lines: string[] = [];
 * logEgress(endpoint, { detail: "job 42\n", log: (line) => lines.push(line) });
 * lines[0]; // => 'egress name="gemini" host="api.example.com" detail="job 42\\n"'
 * ```
 */
export function logEgress(
  endpoint: ExternalEndpoint,
  options: {
    readonly detail?: string | null;
    readonly log?: (line: string, event: EgressEvent) => unknown;
  } = {},
): EgressEvent {
  if (!ExternalEndpoint.is(endpoint)) throw notOurs("logEgress", "ExternalEndpoint", endpoint);
  const { detail, log } = read(
    "logEgress",
    options,
    { detail: orNull(text), log: optional(callable, warn) },
    true,
  );
  const event: EgressEvent = Object.freeze({
    event: "egress",
    name: printable(endpoint.name),
    host: hostOf(endpoint),
    detail: detail === null ? null : printable(detail),
  });
  const tail = detail === null ? "" : ` detail=${quoted(detail)}`;
  log(`egress name=${quoted(endpoint.name)} host=${quoted(event.host)}${tail}`, event);
  return event;
}

/** Only the line: the console would read more arguments, or print them raw. */
function warn(...[line]: readonly unknown[]): void {
  console.warn(line);
}
