import type { BudgetLedger, Tags } from "../../budget/contract.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import { type ExternalEndpoint, externalEndpoint } from "../../egress.ts";
import {
  anything,
  anyText,
  callable,
  isPlain,
  listOf,
  optional,
  outOfRange,
  positive,
  read,
  type Reader,
  wholeFrom,
  wrongType,
} from "../../internal/check.ts";
import type { Awaitable } from "../../internal/awaitable.ts";
import type { BoundOptions } from "../bounds/options.ts";
import type { EgressOptions } from "../egress-fetch/options.ts";
import type { Prices } from "../prices/rates-for.ts";
import type { ProtocolName, ProviderName } from "../protocols/names.ts";
import type { HostMap } from "../routes/route.ts";
import type { CallLedger } from "../with-hold/open-hold.ts";
import type { GuardEvent } from "./events.ts";
import { someScopes } from "./scope-context.ts";

/** A request that costs money, as far as scopes and tags may depend on it. */
export interface GuardedRequest {
  /** The method, such as `POST`. */
  readonly method: string;
  readonly url: string;
  readonly provider: ProviderName;
  readonly protocol: ProtocolName;
  /** The model that is asked for. */
  readonly model: string;
  /** The client's headers. */
  readonly headers: Headers;
  /** The body as text. */
  readonly body: string | null;
}

/** Headers with a credential, or the text of a bearer token. */
export type Credential = string | Readonly<Record<string, string>>;

/** Options of {@link guardedFetch}. */
export interface GuardOptions {
  /** Any store of this library, or your own `BudgetLedger`. Its `expire`, if it has one, is called once a minute at most. */
  readonly ledger: CallLedger & Partial<Pick<BudgetLedger, "expire">>;
  /** A price list, rates by model, or a function that gives the current list. */
  readonly prices: Prices;
  /** Where requests may go. A URL must be below the base URL of one of them. */
  readonly endpoint: ExternalEndpoint | readonly ExternalEndpoint[];
  /** The scopes that each request counts in. A request without scopes is refused. */
  readonly scopes?:
    readonly ScopeCap[] | ((request: GuardedRequest) => Awaitable<readonly ScopeCap[]>) | undefined;
  /** Labels of each hold. `model` and `provider` are added, unless you set them. */
  readonly tags?: Tags | ((request: GuardedRequest) => Awaitable<Tags>) | undefined;
  /** The providers of hosts of your own, such as a gateway: by host, origin or base URL. */
  readonly protocols?: HostMap | undefined;
  /**
   * By default the endpoint's secret, in the header that the provider reads. A function is called for each request and
   * gives a bearer token or headers (Vertex, Entra). `"client"` passes the client's own headers (SigV4); then the body is
   * never changed.
   */
  readonly credentials?: "client" | ((request: AskedFor) => Awaitable<Credential>) | undefined;
  /** The models behind other names, such as Azure's deployments. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  /** What the bound of a request may assume, see {@link boundOf}; or a function of the request. */
  readonly bounds?: GuardBounds | ((request: GuardedRequest) => Awaitable<GuardBounds>) | undefined;
  /** Names of numbers in usage reports that have no price. */
  readonly informs?: readonly string[] | undefined;
  /** Statuses of errors that, by your own word, are not billed, such as `[429, 500, 529]`. */
  readonly unbilled?: readonly number[] | undefined;
  /** Seconds after which a hold whose cost is still unknown is charged in full; 900 by default. */
  readonly ttlSeconds?: number | undefined;
  /** Makes the id of each hold; by default `call:` and a random UUID. */
  readonly holdId?: (() => string) | undefined;
  /**
   * Is told of every step of every request, and not awaited. What it throws is ignored, so catch its errors yourself.
   * `JSON.stringify(event)` writes money as decimal dollars.
   */
  readonly onEvent?: ((event: GuardEvent) => unknown) | undefined;
  /** Keeps a serverless function alive until a request is booked, such as `ctx.waitUntil` on Workers. */
  readonly waitUntil?: ((booked: Promise<unknown>) => void) | undefined;
  /** As for {@link egressFetch}. */
  readonly env?: EgressOptions["env"];
  /** As for {@link egressFetch}. */
  readonly log?: EgressOptions["log"];
  /** As for {@link egressFetch}. */
  readonly detail?: EgressOptions["detail"];
  /** The `fetch` that sends; the platform's by default. It must not follow redirects if `redirect` is `"manual"`. */
  readonly fetch?: EgressOptions["fetch"];
  /** As for {@link egressFetch}, 600 by default; at most `ttlSeconds`. */
  readonly timeoutSeconds?: number | undefined;
  /** As for {@link egressFetch}. */
  readonly maxResponseBytes?: number | undefined;
}

/** A request that credentials are made for. */
export type AskedFor = Pick<GuardedRequest, "headers" | "method" | "url">;

/** The options of {@link boundOf} that a caller sets. */
export type GuardBounds = Omit<BoundOptions, "aliases" | "at" | "hosts" | "knownAnswers" | "until">;

const ledgerReader: Reader<GuardOptions["ledger"]> = (what, value) => {
  for (const method of ["hold", "settle", "release", "extend"] as const) {
    const found: unknown = typeof value === "object" && value !== null && Reflect.get(value, method);
    if (typeof found !== "function") throw wrongType(`${what}.${method}`, "a function", found);
  }
  // The methods are there; withHold checks what they answer.
  return value as GuardOptions["ledger"];
};

const endpoints: Reader<readonly ExternalEndpoint[]> = (what, value) => {
  const list = (Array.isArray(value) ? listOf(externalEndpoint) : single)(what, value);
  if (list.length > 0) return list;
  throw new RangeError(`${what} must have at least one endpoint`);
};

function single(what: string, value: unknown): readonly ExternalEndpoint[] {
  return [externalEndpoint(what, value)];
}

/** A value, or a function that makes one for each request. */
function madeBy<T>(reader: Reader<T>): Reader<T | undefined> {
  // The guard checks what the function returns.
  return (what, value) =>
    value === undefined ? undefined : typeof value === "function" ? (value as T) : reader(what, value);
}

function plain(what: string, value: unknown): object {
  if (isPlain(value)) return value;
  throw wrongType(what, "a plain object", value);
}

const credentials: Reader<unknown> = (what, value) => {
  if (value === undefined || value === "client" || typeof value === "function") return value;
  throw wrongType(what, '"client" or a function', value);
};

/** A status of an error. */
const errorStatus: Reader<number> = (what, value) => {
  const status = wholeFrom(400)(what, value);
  if (status <= 599) return status;
  throw outOfRange(what, "the status of an error, 400 to 599", status);
};

/** Checks the options. What depends on a request is checked when the request is made. */
export function checkedOptions(options: GuardOptions): GuardOptions {
  const fn = optional(callable, undefined);
  const checked = read<Record<keyof GuardOptions, unknown>>("guardedFetch: options", options, {
    ledger: ledgerReader,
    prices: pricesReader,
    endpoint: endpoints,
    scopes: madeBy(someScopes),
    tags: madeBy(plain),
    protocols: optional(plain, undefined),
    credentials,
    aliases: optional(plain, undefined),
    bounds: madeBy(plain),
    informs: optional(listOf(anyText), undefined),
    unbilled: optional(listOf(errorStatus), undefined),
    ttlSeconds: optional(positive, undefined),
    holdId: fn,
    onEvent: fn,
    waitUntil: fn,
    env: anything,
    log: fn,
    detail: optional(anyText, undefined),
    fetch: fn,
    timeoutSeconds: optional(positive, undefined),
    maxResponseBytes: optional(wholeFrom(0), undefined),
  });
  const { ttlSeconds = 900, timeoutSeconds = 600 } = options;
  if (timeoutSeconds > ttlSeconds) {
    throw outOfRange(
      "guardedFetch: options.timeoutSeconds",
      `at most ttlSeconds, ${ttlSeconds}`,
      timeoutSeconds,
    );
  }
  // Each field was checked above; functions are called by the guard only.
  return checked as unknown as GuardOptions;
}

function pricesReader(what: string, value: unknown): unknown {
  if (typeof value === "function" || (typeof value === "object" && value !== null)) return value;
  throw wrongType(what, "a price list or a function that gives one", value);
}
