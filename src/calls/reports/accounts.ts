import { type AnyObject, isObject } from "../own-fields.ts";
import type { ProtocolName } from "../protocols/names.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import {
  type Account,
  NoShapeError,
  type Protocol,
  type ReadContext,
  UncountableError,
  UnfinishedError,
} from "./account.ts";
import { fieldNames } from "./numbers.ts";
import { inWireSpelling } from "./spelling.ts";

/** What the caller says of a report. */
type Asked = Omit<ReadContext, "readAny" | "named" | "inWire">;

/** What a protocol makes of a report. */
export interface Reading {
  readonly protocol: ProtocolName;
  readonly account: Account;
}

/**
 * Reads a report by one protocol, or by every protocol that accounts for it.
 *
 * @returns at least one reading; several if more than one protocol accounts for the report equally well.
 * @throws UncountableError if none does, with the reason.
 */
export function readingsOf(
  report: unknown,
  name: ProtocolName | null,
  options: Asked,
  depth = 0,
): readonly [Reading, ...Reading[]] {
  if (!isObject(report)) throw new UncountableError("there is no usage report");
  if (depth > MAX_PASSED_ON) throw new UncountableError("the report passes itself on too often");
  refusePromises(report);
  const context: ReadContext = {
    ...options,
    named: name !== null,
    inWire: once(inWireSpelling),
    readAny: (inner) => innerAccount(inner, options, depth + 1),
  };
  const asked = name === null ? PROTOCOLS : PROTOCOLS.filter((protocol) => protocol.name === name);
  const readings: Reading[] = [];
  const reasons = new Map<string, ProtocolName[]>();
  for (const protocol of asked) {
    try {
      const account = protocol.read(report, context);
      if (account !== null) readings.push({ protocol: protocol.name, account });
    } catch (error) {
      if (!(error instanceof UncountableError) || error instanceof UnfinishedError) throw error;
      reasons.set(error.message, [...(reasons.get(error.message) ?? []), protocol.name]);
    }
  }
  const known = Math.min(...readings.map(({ account }) => account.strange));
  const [first, ...others] = readings.filter(({ account }) => account.strange === known);
  if (first !== undefined) return [first, ...others];
  const reason = whyNone(report, name, reasons);
  throw reasons.size === 0 ? new NoShapeError(reason) : new UncountableError(reason);
}

/** Remembers what a function has made of each report. */
function once(make: (report: AnyObject) => AnyObject): (report: AnyObject) => AnyObject {
  const made = new Map<AnyObject, AnyObject>();
  return (report) => {
    const copy = made.get(report) ?? make(report);
    made.set(report, copy);
    return copy;
  };
}

/** A tool passes on a provider's report. More than a tool in a tool is no honest report. */
const MAX_PASSED_ON = 3;

/** The account of a report that is part of another one; `null` if it has the shape of no protocol. */
function innerAccount(report: AnyObject, options: Asked, depth: number): Account | null {
  try {
    return onlyAccount(readingsOf(report, null, options, depth));
  } catch (error) {
    if (error instanceof NoShapeError) return null;
    throw error;
  }
}

function whyNone(
  report: object,
  name: ProtocolName | null,
  reasons: ReadonlyMap<string, readonly ProtocolName[]>,
): string {
  const fields = `its fields are ${fieldNames(report).join(", ")}`;
  const grouped = [...reasons].map(([reason, names]) => `${names.join(", ")}: ${reason}`);
  if (grouped.length > 0) return `${grouped.join("; ")}; ${fields}`;
  return name === null
    ? `the report has the shape of no known protocol; ${fields}`
    : `the report does not have the shape of ${name}; ${fields}`;
}

/** The one account of several readings. */
function onlyAccount(readings: readonly [Reading, ...Reading[]]): Account {
  const [first, ...others] = readings;
  const text = ({ account }: Reading): string =>
    JSON.stringify(account.parts.map(({ usage, stated, apart }) => [usage, stated?.standing, apart]));
  if (others.every((other) => text(other) === text(first))) return first.account;
  const names = readings.map(({ protocol }) => protocol).join(", ");
  throw new UncountableError(`a report that it passes on can be read in several ways: ${names}`);
}

/**
 * A result of a client may have its usage in a getter that gives a promise and starts the stream. Getters are not read,
 * and a promise is not a report.
 */
function refusePromises(report: object): void {
  for (const key of ["usage", "totalUsage"]) {
    const own = Object.getOwnPropertyDescriptor(report, key);
    const isPromise = own !== undefined && "value" in own && isThenable(own.value);
    if (
      isPromise ||
      (own === undefined && hasInheritedGetter(report, key) && !Object.hasOwn(report, "steps"))
    ) {
      throw new UncountableError(`await its ${key} first`);
    }
  }
  if (isThenable(report)) throw new UncountableError("await the response first");
}

function isThenable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  for (let at: unknown = value; typeof at === "object" && at !== null; at = Object.getPrototypeOf(at)) {
    const then = Object.getOwnPropertyDescriptor(at, "then");
    if (then !== undefined) return typeof then.value === "function";
  }
  return false;
}

function hasInheritedGetter(report: object, key: string): boolean {
  for (let at: unknown = Object.getPrototypeOf(report); typeof at === "object" && at !== null;) {
    if (Object.getOwnPropertyDescriptor(at, key)?.get !== undefined) return true;
    at = Object.getPrototypeOf(at);
  }
  return false;
}

/** The protocol with a name. */
export function protocolOf(name: ProtocolName): Protocol | undefined {
  return PROTOCOLS.find((protocol) => protocol.name === name);
}
