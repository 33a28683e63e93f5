import {
  Approval,
  BudgetState,
  DispatchError,
  type DispatchErrorCode,
  isDispatchError,
  Lease,
} from "../../../src/index.ts";

/** What goes from one process to another as JSON: the values of a store's calls, answers and errors. */
type Tagged = readonly [tag: keyof typeof MAKE, value: unknown];

const MAKE = {
  bigint: (value: string) => BigInt(value),
  number: Number,
  undefined: () => undefined,
  Date: (time: number) => new Date(time),
  list: (values: readonly unknown[]) => values.map(decode),
  // Each was one of them before it was sent.
  Lease: (fields: unknown) => new Lease(decode(fields) as ConstructorParameters<typeof Lease>[0]),
  Approval: (fields: unknown) => new Approval(decode(fields) as ConstructorParameters<typeof Approval>[0]),
  BudgetState: (fields: unknown) =>
    new BudgetState(decode(fields) as ConstructorParameters<typeof BudgetState>[0]),
};

const CLASSES = { Lease, Approval, BudgetState };

/** JSON of any value that a store takes or answers; lists are tagged, so that a tag is never taken for one. */
export function encode(value: unknown): unknown {
  if (typeof value === "bigint") return ["bigint", String(value)];
  if (value === undefined) return ["undefined", null];
  if (typeof value === "number" && !Number.isFinite(value)) return ["number", String(value)];
  if (Array.isArray(value)) return ["list", value.map(encode)];
  if (value instanceof Date) return ["Date", value.getTime()];
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.fromEntries(Object.entries(value).map(([key, field]) => [key, encode(field)]));
  for (const [tag, made] of Object.entries(CLASSES)) if (value instanceof made) return [tag, fields];
  return fields;
}

export function decode(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [tag, content] = value as unknown as Tagged;
    // Each takes what `encode` gave it.
    return (MAKE[tag] as (content: unknown) => unknown)(content);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, decode(field)]));
}

export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: DispatchErrorCode;
}

export function encodeError(error: unknown): SentError {
  if (isDispatchError(error)) return { name: "DispatchError", message: error.message, code: error.code };
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

export function decodeError({ name, message, code }: SentError): Error {
  if (code) return new DispatchError(code, message);
  const known = { TypeError, RangeError }[name];
  return known ? new known(message) : new Error(message);
}
