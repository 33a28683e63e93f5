import { DispatchError } from "./errors.ts";
import {
  anyText,
  callable,
  isObject,
  nonBlankText,
  optional,
  orNull,
  read,
  type Reader,
  wrongType,
} from "./internal/check.ts";
import { printable, quoted } from "./internal/text.ts";
import { become, isMade, valueReader } from "./internal/value.ts";

/** Where a secret is looked up: a function, or an object such as `process.env` or a Worker's `env`. */
export type EnvLookup = ((name: string) => string | undefined) | Readonly<Record<string, unknown>>;

/** The secret that a call needs is not set, so the call is not made. */
export class SecretMissingError extends DispatchError {
  override readonly name = "SecretMissingError";
  readonly envVar: string;

  constructor(envVar: string, options: { readonly cause?: unknown } = {}) {
    super("secret_missing", `the secret in ${envVar} is not set or empty, so no call is made`, {
      subject: envVar,
      ...options,
    });
    this.envVar = envVar;
  }
}

/**
 * A reference to a secret: the name of the environment variable that holds it, never the secret itself.
 *
 * @example
 * ```ts
 * new SecretRef("API_KEY").resolve({ API_KEY: "sk-123" }); // => "sk-123"
 * ```
 */
export class SecretRef {
  declare readonly envVar: string;

  /**
   * @param envVar - a letter or `_`, then letters, digits or `_`; at most 200 characters. A value that looks like a
   *   secret is refused and not shown. A secret of capital letters only cannot be told from a name.
   * @throws TypeError if it is not a string.
   * @throws RangeError if it is not such a name.
   */
  constructor(envVar: string) {
    become(this, "SecretRef", { envVar: variableName("SecretRef", envVar) });
  }

  /**
   * Looks up the secret. Use it at once and do not store it.
   *
   * @param env - where to look; by default the environment of Node, Deno or Bun. On Workers, pass `env`.
   * @throws SecretMissingError if it is not set, empty, or not a string.
   * @throws RangeError if the secret contains a line break, or a control or invisible character; it is not shown.
   * @throws TypeError if `env` is neither a function nor an object.
   */
  resolve(env?: EnvLookup): string {
    const secret = lookUp(this.envVar, env);
    if (typeof secret !== "string" || secret.trim() === "") throw new SecretMissingError(this.envVar);
    if (/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u.test(secret)) {
      throw new RangeError(
        `the secret in ${this.envVar} must have no line break, control or invisible character; it is not shown`,
      );
    }
    return secret;
  }
}

function variableName(what: string, value: unknown): string {
  const name = anyText(what, value);
  // At least 20 characters with small letters, capitals and digits are a key, not a name.
  if (/^[A-Za-z_]\w{0,199}$/.test(name) && !/(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{20}/.test(name)) return name;
  throw new RangeError(`${what} must be the name of an environment variable; what was given is not shown`);
}

const secretRef: Reader<SecretRef> = /* @__PURE__ */ valueReader(
  "SecretRef",
  { envVar: variableName },
  ({ envVar }) => new SecretRef(envVar),
);

function lookUp(name: string, env: unknown): unknown {
  if (typeof env === "function") return (env as (name: string) => unknown)(name);
  if (env !== undefined) return ownField(env, name, "resolve: env");
  const runtime = globalThis as { readonly process?: { readonly env?: unknown } };
  try {
    // Node, Bun, Deno and Workers with Node compatibility have `process.env`.
    return ownField(runtime.process?.env ?? {}, name, "process.env");
  } catch (cause) {
    // Deno throws without the permission to read the environment.
    throw new SecretMissingError(name, { cause });
  }
}

/** Own fields only: `constructor` and the fields of a polluted prototype are no secrets. */
function ownField(env: unknown, name: string, what: string): unknown {
  if (!isObject(env)) throw wrongType(what, "a function or an object", env);
  return Object.hasOwn(env, name) ? Reflect.get(env, name) : undefined;
}

/**
 * An external service that data may be sent to. Its URL must be https, without credentials.
 *
 * If it is printed, inspected or stringified, it shows only its name, its origin and the name of its secret.
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
  declare readonly name: string;
  /** Scheme, host and port. No other part of the URL is ever shown. */
  declare readonly origin: string;
  declare readonly secret: SecretRef;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a blank name or a URL that is not plain https; the URL is not shown.
   */
  constructor(endpoint: { readonly name: string; readonly baseUrl: string; readonly secret: SecretRef }) {
    const readers = { name: nonBlankText, baseUrl: anyText, secret: secretRef };
    const { name, baseUrl, secret } = read("ExternalEndpoint", endpoint, readers);
    become(this, "ExternalEndpoint", { name, origin: httpsUrl(baseUrl).origin, secret });
    urls.set(this, baseUrl);
  }

  /** The URL, unchanged. It is not enumerable, because a path or query may be private. */
  get baseUrl(): string {
    // The constructor has set it.
    return urls.get(externalEndpoint("baseUrl: this", this)) ?? "";
  }

  /** The host in lower case, without the port; an IPv6 address is in brackets. */
  host(): string {
    return hostOf(this.origin);
  }

  /**
   * The value of an `Authorization` header.
   *
   * @throws SecretMissingError if the secret is not set.
   * @throws RangeError, TypeError as for {@link SecretRef.resolve}.
   */
  bearer(env?: EnvLookup): string {
    return `Bearer ${this.secret.resolve(env)}`;
  }
}

/** The URLs of the endpoints, outside the objects, so that no inspection of an endpoint shows them. */
const urls = /* @__PURE__ */ new WeakMap<ExternalEndpoint, string>();

/**
 * Reads an {@link ExternalEndpoint} of this copy. One that another copy made is refused, because its URL is private.
 */
export function externalEndpoint(what: string, value: unknown): ExternalEndpoint {
  if (isMade("ExternalEndpoint", value)) return value as ExternalEndpoint;
  const made = "made by this copy of dispatch-kit with new ExternalEndpoint({ name, baseUrl, secret })";
  throw wrongType(what, `an ExternalEndpoint ${made}`, value);
}

/** Uses the endpoint's origin, because a subclass could override `host()`. */
function hostOf(origin: string): string {
  return new URL(origin).hostname;
}

/** Stricter than the URL parser, which removes white space and line breaks, adds slashes and reads \ as a slash. */
function httpsUrl(url: string): URL {
  try {
    if (/^https:\/\/[^/?#@]+(?:[/?#]|$)/i.test(url) && !/[\s\p{C}\\]/u.test(url)) return new URL(url);
  } catch {
    // Not the parser's error, which contains the whole URL.
  }
  throw new RangeError(
    "ExternalEndpoint.baseUrl must be an https:// URL with a host, no credentials and no white space; it is not shown",
  );
}

/** The audit record of one outgoing call, made by {@link logEgress}. All its strings are printable. */
export interface EgressEvent {
  readonly event: "egress";
  readonly name: string;
  readonly host: string;
  readonly detail: string | null;
}

/**
 * Records where data is about to be sent. The record is one printable line; the logged text cannot forge another line.
 *
 * @param options - `detail`: what is sent and why, without secrets. `log`: gets the line, and the same record as a
 *   frozen object; by default `console.warn` gets the line. An error of `log` is thrown: do not make the call then. A
 *   promise that `log` returns is not awaited: await it yourself before the call.
 * @returns the event that was logged.
 * @throws TypeError if the endpoint is not an {@link ExternalEndpoint} of this copy, or an option has a wrong type.
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
    readonly detail?: string | null | undefined;
    readonly log?: ((line: string, event: EgressEvent) => unknown) | undefined;
  } = {},
): EgressEvent {
  const { name, origin } = externalEndpoint("logEgress", endpoint);
  const { detail, log } = read("logEgress", options, {
    detail: orNull(anyText),
    log: optional(callable, warn),
  });
  const event: EgressEvent = Object.freeze({
    event: "egress",
    name: printable(name),
    host: hostOf(origin),
    detail: detail === null ? null : printable(detail),
  });
  const tail = detail === null ? "" : ` detail=${quoted(detail)}`;
  log(`egress name=${quoted(name)} host=${quoted(event.host)}${tail}`, event);
  return event;
}

/** Passes only the line: the console would print the event too, without escapes. */
function warn(...[line]: readonly unknown[]): void {
  console.warn(line);
}
