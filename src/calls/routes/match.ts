import type { Row } from "./rows.ts";

/** The names that a pattern gives to segments of a path. */
export type Named = Readonly<Record<string, string>>;

/** Whether a row has a method. */
export function hasMethod(row: Row, method: string): boolean {
  return row.methods.includes("*") || row.methods.includes(method);
}

/** The named segments of a path that a pattern fits, or `null`. Both are compared segment by segment. */
export function matched(pattern: string, path: string): Named | null {
  // Most rows do not fit, and that is seen at once: up to its first variable segment, a pattern is fixed text.
  const variable = pattern.search(/[{*]/);
  const fixed = withoutSlash(variable < 0 ? pattern : pattern.slice(0, variable));
  const text = withoutSlash(path);
  if (variable < 0) return text === fixed ? {} : null;
  if (!text.startsWith(fixed)) return null;
  const wanted = withoutSlash(pattern).split("/");
  const given = text.split("/");
  const named: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const segment = given[index];
    if (segment === undefined || segment === "") return null;
    if (want === "**") return given.slice(index).every(isHarmless) ? named : null;
    if (!fits(want, segment, named)) return null;
  }
  return wanted.length === given.length ? named : null;
}

function withoutSlash(path: string): string {
  return path.startsWith("/") ? path.slice(1) : path;
}

/** Whether a segment fits `*`, `{name}`, either with a text behind it, or a fixed text. */
function fits(want: string, segment: string, named: Record<string, string>): boolean {
  const [, name, any, ending = ""] = /^(?:\{(\w+)\}|(\*))(.*)$/.exec(want) ?? [];
  if (name === undefined && any === undefined) return want === segment;
  if (!segment.endsWith(ending)) return false;
  const value = segment.slice(0, segment.length - ending.length);
  if (name === undefined) return isHarmless(value);
  const decoded = decodedOf(value);
  if (decoded === null) return false;
  named[name] = decoded;
  return true;
}

/** Characters that no server takes for another segment. */
function isHarmless(segment: string): boolean {
  return /^[\w.~@:=+,-]+$/.test(segment) && !/^\.+$/.test(segment);
}

/** A decoded segment without dot segments, control characters or a second layer of escapes; otherwise `null`. */
function decodedOf(segment: string): string | null {
  try {
    const decoded = decodeURIComponent(segment);
    const unsafe = /[\p{C}\\?#%\s]/u.test(decoded) || decoded.split("/").some((part) => /^\.*$/.test(part));
    return unsafe ? null : decoded;
  } catch {
    return null;
  }
}
