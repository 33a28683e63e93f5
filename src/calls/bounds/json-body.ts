import { type AnyObject, isObject } from "../own-fields.ts";
import { unreadable } from "./outcome.ts";

/** A body that every JSON parser reads in the same way. */
export interface JsonBody {
  readonly object: AnyObject;
  /** The bytes of all its numbers, as written. A model may see each digit that a parsed number has lost. */
  readonly digits: number;
}

/** Real bodies have about 20 levels. Deeper ones could exhaust the stack of whoever walks them. */
const MAX_DEPTH = 200;

/**
 * Reads a body as it is sent.
 *
 * @throws RefusedBoundError for one that is not a JSON object, that names a field twice (parsers disagree about which
 *   one counts), or that is nested too deep.
 */
export function readBody(body: unknown): JsonBody {
  const raw = typeof body === "string" ? body : written(body);
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw unreadable("its body is not JSON");
  }
  const digits = scan(raw);
  if (!isObject(value)) throw unreadable("its body is not a JSON object");
  return { object: value, digits };
}

/** A value as the JSON text that a client sends. */
function written(body: unknown): string {
  let text: unknown;
  try {
    // It is `undefined` for what JSON does not have, such as functions.
    text = JSON.stringify(body);
  } catch {
    throw unreadable("its body cannot be written as JSON");
  }
  if (typeof text !== "string") throw unreadable("it has no JSON body");
  return text;
}

/** Walks a JSON text that has been parsed before. */
function scan(raw: string): number {
  const open: (Set<string> | null)[] = [];
  let digits = 0;
  let keyNext = false;
  for (let at = 0; at < raw.length; at++) {
    switch (raw[at]) {
      case '"': {
        const end = endOfString(raw, at);
        const keys = open.at(-1);
        if (keyNext && keys instanceof Set) addKey(keys, raw.slice(at, end + 1));
        keyNext = false;
        at = end;
        break;
      }
      case "{":
      case "[":
        keyNext = raw[at] === "{";
        open.push(keyNext ? new Set() : null);
        if (open.length > MAX_DEPTH) throw unreadable(`its body is nested more than ${MAX_DEPTH} deep`);
        break;
      case "}":
      case "]":
        open.pop();
        keyNext = false;
        break;
      case ",":
        keyNext = open.at(-1) instanceof Set;
        break;
      case ":":
      case " ":
      case "\n":
      case "\r":
      case "\t":
        break;
      default:
        digits++;
    }
  }
  return digits;
}

function addKey(keys: Set<string>, quoted: string): void {
  // The text is a JSON string.
  const key = quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (keys.has(key))
    throw unreadable("its body names a field twice, and parsers disagree about which one counts");
  keys.add(key);
}

/** The index of the quote that ends the string which starts at `start`. */
function endOfString(raw: string, start: number): number {
  for (let end = raw.indexOf('"', start + 1); ; end = raw.indexOf('"', end + 1)) {
    let escapes = 0;
    while (raw[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end;
  }
}
