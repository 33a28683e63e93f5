import { callable, optional, outOfRange, read, type Reader, anyText, wrongType } from "../internal/check.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";
import type { Parsers } from "./stored-values.ts";

/** What every store takes. */
export interface StoreOptions<Payload, Result> {
  /** Gives a payload its type back, and throws for what is none. */
  readonly payload?: ((value: unknown) => Payload) | undefined;
  /** Gives a result its type back, and throws for what is none. */
  readonly result?: ((value: unknown) => Result) | undefined;
  /** The store's time, in epoch seconds. */
  readonly clock?: (() => Instant) | undefined;
}

/** What every store in a database takes. */
export interface DatabaseOptions<Payload, Result> extends StoreOptions<Payload, Result> {
  /** What the names of its tables begin with: a letter, then at most 40 of `a-z`, `0-9` and `_`. */
  readonly schema?: string | undefined;
}

interface Checked<Payload, Result> {
  readonly parsers: Parsers<Payload, Result>;
  /** `null`: the store's default. */
  readonly clock: (() => EpochSeconds) | null;
  readonly schema: string;
}

/** A schema's name, or its default. */
export const schemaName: Reader<string> = (what, value) => {
  const name = value === undefined ? "dispatch_kit" : anyText(what, value);
  if (/^[a-z][a-z0-9_]{0,40}$/.test(name)) return name;
  throw outOfRange(what, "a letter and at most 40 of a-z, 0-9 and _", name);
};

/** A client that lacks one of these methods is found out before the first call, which might ask about money. */
export function ensureClient(
  what: string,
  needed: string,
  client: unknown,
  methods: readonly PropertyKey[],
): void {
  const given: unknown = Object(client);
  // It is an object: whatever is none has become one.
  const isOne = methods.every((method) => typeof Reflect.get(given as object, method) === "function");
  if (!isOne) throw wrongType(what, needed, client);
}

/**
 * Checks the options of a store; only one in a database has a schema.
 *
 * @param more - the options that it has beside those of every store.
 */
export function storeOptions<Payload, Result>(
  what: string,
  options: DatabaseOptions<Payload, Result>,
  inDatabase: boolean,
  more: Readonly<Record<string, Reader<unknown>>> = {},
): Checked<Payload, Result> {
  const call = optional(callable, undefined);
  const shared = { payload: call, result: call, clock: call };
  const own = inDatabase ? { ...shared, schema: schemaName, ...more } : shared;
  // The functions among them are called as their declared types say; without a parser the types are the caller's claim.
  const {
    payload = (value) => value as Payload,
    result = (value) => value as Result,
    clock,
    schema = "dispatch_kit",
  } = read(what, options, own) as DatabaseOptions<Payload, Result>;
  return {
    parsers: { payload, result },
    clock: clock ? () => instant(`${what}: clock`, clock()) : null,
    schema,
  };
}
