import { isPlain, wrongType } from "../../internal/check.ts";

/** Headers by their names in lower case. */
export type HeaderMap = ReadonlyMap<string, string>;

/** Reads optional headers. */
export function headerMap(what: string, value: unknown): HeaderMap {
  if (value === undefined) return new Map();
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  const present = Object.entries(value).filter(([, content]: [string, unknown]) => content !== undefined);
  return new Map(present.map(([name, content]: [string, unknown]) => [name.toLowerCase(), String(content)]));
}
