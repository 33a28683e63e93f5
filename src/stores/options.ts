import {
  callable,
  identifier,
  optional,
  outOfRange,
  read,
  type Reader,
  anyText,
  wrongType,
} from "../internal/check.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";
import type { Parsers } from "./stored-values.ts";

/** The options of every store. */
export interface StoreOptions<Payload, Result> {
  /** Parses a stored payload, and throws for an invalid one. */
  readonly payload?: ((value: unknown) => Payload) | undefined;
  /** Parses a stored result, and throws for an invalid one. */
  readonly result?: ((value: unknown) => Result) | undefined;
  /** The store's time, in epoch seconds. */
  readonly clock?: (() => Instant) | undefined;
  /** Who the service is, such as `"billing-api"`: the journal names it. */
  readonly by?: string | undefined;
}

/** The options of every store in a database. */
export interface DatabaseOptions<Payload, Result> extends StoreOptions<Payload, Result> {
  /** The prefix of its table names: a letter, then at most 40 of `a-z`, `0-9` and `_`. */
  readonly schema?: string | undefined;
}

interface Checked<Payload, Result> {
  readonly parsers: Parsers<Payload, Result>;
  /** `null` for the store's default. */
  readonly clock: (() => EpochSeconds) | null;
  readonly by: string | null;
  readonly schema: string;
}

/** A schema's name, or its default. */
export const schemaName: Reader<string> = (what, value) => {
  const name = value === undefined ? "dispatch_kit" : anyText(what, value);
  if (/^[a-z][a-z0-9_]{0,40}$/.test(name)) return name;
  throw outOfRange(what, "a letter and at most 40 of a-z, 0-9 and _", name);
};

/** Checks the client when the store is made, so that a wrong client does not fail in the first call about money. */
export function ensureClient(
  what: string,
  needed: string,
  client: unknown,
  methods: readonly PropertyKey[],
): void {
  const given: unknown = Object(client);
  // `Object()` has made an object of any value.
  const isOne = methods.every((method) => typeof Reflect.get(given as object, method) === "function");
  if (!isOne) throw wrongType(what, needed, client);
}

/**
 * Checks the options of a store; only one in a database has a schema.
 *
 * @param more - the further options of this store.
 */
export function storeOptions<Payload, Result>(
  what: string,
  options: DatabaseOptions<Payload, Result>,
  inDatabase: boolean,
  more: Readonly<Record<string, Reader<unknown>>> = {},
): Checked<Payload, Result> {
  const call = optional(callable, undefined);
  const shared = { payload: call, result: call, clock: call, by: optional(identifier, undefined) };
  const own = inDatabase ? { ...shared, schema: schemaName, ...more } : shared;
  // `read` cannot know the types of the functions. Without a parser, a value is assumed to have the caller's type.
  const {
    payload = (value) => value as Payload,
    result = (value) => value as Result,
    clock,
    by = null,
    schema = "dispatch_kit",
  } = read(what, options, own) as DatabaseOptions<Payload, Result>;
  return {
    parsers: { payload, result },
    clock: clock ? () => instant(`${what}: clock`, clock()) : null,
    by,
    schema,
  };
}
