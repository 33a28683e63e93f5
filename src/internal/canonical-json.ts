import { anyText, isPlain, listOf, outOfRange, wrongType } from "./check.ts";

/** How deep a value may be nested, as a payload may: no runtime's stack ends there. */
const DEEPEST = 500;

/**
 * A JSON value as canonical JSON (RFC 8785): names sorted by UTF-16 code units, numbers as ECMAScript prints them, only the
 * escapes that JSON needs, no white space. Unicode is not normalized.
 *
 * What two readers could take for two different things is refused, which RFC 8785 leaves to I-JSON (RFC 7493): a lone
 * surrogate, and a number that prints as a whole number beyond 2^53 - 1.
 *
 * @throws TypeError for what JSON cannot hold, `undefined` included, or what is nested more than 500 deep.
 * @throws RangeError for a lone surrogate, or a number that is not finite or an unsafe integer.
 */
export function canonicalJson(value: unknown, what = "canonicalJson"): string {
  return textOf(what, value, 0);
}

/**
 * {@link canonicalJson} of a JSON text. It refuses names that occur twice in an object, since one reader takes the first and
 * another the last, and an integer with more digits than a double holds.
 *
 * @throws TypeError if it is no string, or nested more than 500 deep.
 * @throws RangeError if it is not valid JSON, or ambiguous.
 */
export function canonicalText(json: string, what = "canonicalText"): string {
  const text = anyText(what, json);
  const value = parsed(what, text);
  refuseAmbiguous(what, text);
  return textOf(what, value, 0);
}

function textOf(what: string, value: unknown, depth: number): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return stringText(what, value);
  if (typeof value === "number") return numberText(what, value);
  if (depth === DEEPEST) throw new TypeError(`${what} must be nested at most ${DEEPEST} deep`);
  if (Array.isArray(value)) {
    return `[${listOf((_, item) => textOf(what, item, depth + 1))(what, value).join(",")}]`;
  }
  if (!isPlain(value)) throw wrongType(what, "what JSON can hold", value);
  const names = Reflect.ownKeys(value).map((name) => {
    if (typeof name === "symbol") throw wrongType(what, "what JSON can hold", name);
    return name;
  });
  // The default order of `sort` is that of UTF-16 code units.
  const members = names
    .sort()
    .map((name) => `${stringText(what, name)}:${textOf(what, Reflect.get(value, name), depth + 1)}`);
  return `{${members.join(",")}}`;
}

function stringText(what: string, text: string): string {
  if (/\p{Cs}/u.test(text)) throw new RangeError(`${what} must be well-formed Unicode; got a lone surrogate`);
  return JSON.stringify(text);
}

function numberText(what: string, value: number): string {
  const text = String(value);
  if (!Number.isFinite(value)) throw outOfRange(what, "made of finite numbers", value);
  if (/^-?\d+$/.test(text)) ensureSafe(what, value);
  return text;
}

/** Beyond 2^53 - 1, readers with exact integers and readers with doubles see different numbers. */
function ensureSafe(what: string, value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw outOfRange(
      what,
      "made of integers from -(2^53 - 1) to 2^53 - 1; larger ones go in as strings",
      value,
    );
  }
}

function parsed(what: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The cause is left out: it quotes the text.
    throw new RangeError(`${what} must be valid JSON`);
  }
}

const NUMBER = /-?\d[\d.eE+-]*/y;

/** Refuses what `JSON.parse` drops silently: all but the last of equal names, and the last digits of a long integer. */
function refuseAmbiguous(what: string, json: string): void {
  /** The names so far of each object that is open. */
  const objects: Set<string>[] = [];
  let text = "";
  for (let at = 0; at < json.length; at++) {
    switch (json.charAt(at)) {
      case "{":
        objects.push(new Set());
        break;
      case "}":
        objects.pop();
        break;
      case '"': {
        const end = endOfString(json, at);
        text = json.slice(at, end + 1);
        at = end;
        break;
      }
      case ":": {
        // The string before a colon is a name. A string of valid JSON is a string.
        const name = JSON.parse(text) as string;
        const names = objects.at(-1);
        if (names?.has(name) === true) {
          throw new RangeError(
            `${what} must name each field of an object once; got one twice, before character ${at}`,
          );
        }
        names?.add(name);
        break;
      }
      default: {
        NUMBER.lastIndex = at;
        const [number] = NUMBER.exec(json) ?? [];
        if (number === undefined) break;
        if (/^-?\d+$/.test(number)) ensureSafe(what, Number(number));
        at += number.length - 1;
      }
    }
  }
}

/** Where the string that begins at `start` ends. A pattern would need as much stack as the string has escapes. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json.charAt(at) !== '"') at += json.charAt(at) === "\\" ? 2 : 1;
  return at;
}
