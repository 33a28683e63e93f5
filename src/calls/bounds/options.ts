import {
  anything,
  callable,
  finite,
  isPlain,
  listOf,
  nonBlankText,
  oneOf,
  optional,
  orElse,
  read,
  type Reader,
  type Readers,
  whole,
  wrongType,
} from "../../internal/check.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { type EpochSeconds, type Instant, instant } from "../../time.ts";
import { headerMap, type HeaderMap } from "../routes/headers.ts";
import type { HostMap } from "../routes/route.ts";

/** A request that is about to be sent. */
export interface BoundRequest {
  readonly url: string;
  /** `POST` if left out. */
  readonly method?: string | undefined;
  /** The JSON text that is sent, or the value that will be written as JSON. */
  readonly body: unknown;
  /** Headers by name. Those that ask for a service tier are read; see `routeOf` for those that are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A count of the caller's own, and the tokens that it may be too low. */
export interface CountedTokens {
  readonly tokens: number;
  readonly margin: number;
}

/** What the caller knows about a request. All counts are whole numbers of at least 0. */
export interface BoundOptions {
  /** The time of the call: some prices start on a date or depend on the hour. */
  readonly at: Instant;
  /** The latest end of the call, if it may run into dearer hours. */
  readonly until?: Instant | undefined;
  /** When the price list was published or fetched. */
  readonly listedAt?: Instant | undefined;
  /** The highest age of the list at `at`, in seconds. */
  readonly maxAgeSeconds?: number | undefined;
  /** The providers of hosts of one's own. */
  readonly hosts?: HostMap | undefined;
  /** The model behind a name of one's own, such as a deployment of Azure. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  /**
   * Tokens of everything in the body, from a tokenizer or from the provider's count endpoint, with what the provider adds
   * to it. A number alone has no margin.
   */
  readonly inputTokens?: number | CountedTokens | undefined;
  /** The most input tokens that the call can be billed for: all parts, what nobody sees, and all loops together. */
  readonly maxInputTokens?: number | undefined;
  /** The most output tokens, all choices together. It counts only where the request and the list have no limit. */
  readonly maxOutputTokens?: number | undefined;
  /** The most searches that the provider can run. */
  readonly maxSearches?: number | undefined;
  /** The most tokens that the provider adds of its own, where it publishes no number. */
  readonly addedTokens?: number | undefined;
  /** The most tokens of each picture. It replaces the published cap. */
  readonly pictureTokens?: number | undefined;
  /** The most tokens of each other file: PDF, audio, video. */
  readonly fileTokens?: number | undefined;
  /** Bounds input that is not in the body by the model's whole context window, times the limit of a loop. */
  readonly unseen?: "contextWindow" | undefined;
  /** Input and output tokens of an answer that the body refers to by its id; `undefined` if it is not known. */
  readonly knownAnswers?: ((id: string) => number | undefined) | undefined;
  /** Where the account lets models run if a request does not say it; `"global"` for no surcharge. */
  readonly region?: string | undefined;
  /** The service tier that the account uses if a request names none. */
  readonly defaultTier?: string | undefined;
  /** Fields of the body that are known to cost nothing. */
  readonly ignoreFields?: readonly string[] | undefined;
  /** Writes an output limit that this amount pays for; see the answer's `limit`. */
  readonly limitOutputTo?: MicroCents | undefined;
}

/** Checked {@link BoundOptions}. */
export interface Wanted {
  readonly at: EpochSeconds;
  readonly until: EpochSeconds | null;
  readonly listedAt: EpochSeconds | null;
  readonly maxAgeSeconds: number | null;
  readonly hosts: HostMap | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  readonly inputTokens: CountedTokens | null;
  readonly maxInputTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly maxSearches: number | null;
  readonly addedTokens: number | null;
  readonly pictureTokens: number | null;
  readonly fileTokens: number | null;
  readonly unseen: "contextWindow" | null;
  readonly knownAnswers: ((id: string) => unknown) | null;
  readonly region: string | null;
  readonly defaultTier: string | null;
  readonly ignoreFields: readonly string[];
  readonly limitOutputTo: MicroCents | null;
}

const count: Reader<number | null> = /* @__PURE__ */ optional(whole, null);
const text: Reader<string | null> = /* @__PURE__ */ optional(nonBlankText, null);

const OPTIONS: Readers<Wanted> = {
  at: instant,
  until: /* @__PURE__ */ optional(instant, null),
  listedAt: /* @__PURE__ */ optional(instant, null),
  maxAgeSeconds: /* @__PURE__ */ optional(finite, null),
  hosts: hostMap,
  aliases: names,
  inputTokens: counted,
  maxInputTokens: count,
  maxOutputTokens: count,
  maxSearches: count,
  addedTokens: count,
  pictureTokens: count,
  fileTokens: count,
  unseen: /* @__PURE__ */ optional(/* @__PURE__ */ oneOf({ 1: "contextWindow" }), null),
  knownAnswers: /* @__PURE__ */ optional(callable, null),
  region: text,
  defaultTier: text,
  ignoreFields: /* @__PURE__ */ optional(/* @__PURE__ */ listOf(nonBlankText), []),
  limitOutputTo: /* @__PURE__ */ optional(money, null),
};

/** Reads {@link BoundOptions}. */
export function readOptions(options: unknown): Wanted {
  return read<Wanted>("boundOf: options", options, OPTIONS);
}

/** Checked {@link BoundRequest}. */
export interface CheckedRequest {
  readonly url: string;
  readonly method: string;
  readonly body: unknown;
  readonly headers: HeaderMap;
}

/** Reads {@link BoundRequest}. */
export function readRequest(request: unknown): CheckedRequest {
  return read<CheckedRequest>("boundOf: request", request, {
    url: nonBlankText,
    method: optional(nonBlankText, "POST"),
    body: anything,
    headers: headerMap,
  });
}

/** `routeOf` checks the map itself. */
function hostMap(what: string, value: unknown): HostMap | undefined {
  if (value === undefined) return undefined;
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  // Its keys and values are checked where it is used.
  return value as HostMap;
}

function names(what: string, value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  const entries = Object.entries(value).map(([name, model]: [string, unknown]) => {
    return [name, nonBlankText(`${what}.${name}`, model)] as const;
  });
  return new Map(entries);
}

function counted(what: string, value: unknown): CountedTokens | null {
  if (value === undefined) return null;
  if (typeof value === "number") return { tokens: whole(what, value), margin: 0 };
  return read<CountedTokens>(what, value, { tokens: whole, margin: whole });
}

function money(what: string, value: unknown): MicroCents {
  if (typeof value !== "bigint") throw wrongType(what, "a bigint of micro-cents", value);
  return microCents(value);
}

/** Tokens of an answer that the caller knows, or `null`. */
export function knownTokens({ knownAnswers }: Wanted, id: string): number | null {
  if (knownAnswers === null) return null;
  return orElse(whole, null)("knownAnswers", callSafely(knownAnswers, id));
}

/** An answer of the caller's function; one that throws knows nothing. */
function callSafely(known: (id: string) => unknown, id: string): unknown {
  try {
    return known(id);
  } catch {
    return undefined;
  }
}
