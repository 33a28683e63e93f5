/** Control, format, surrogate, unassigned, separator and invisible characters, and the backslash. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}\\]/gu;

/** Escapes every character that could break a line, reorder it or be invisible. A backslash is doubled. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) =>
    char === "\\" ? "\\\\" : char === "\n" ? "\\n" : `\\u{${Number(char.codePointAt(0)).toString(16)}}`,
  );
}

/** Printable text in double quotes; the quotes inside are escaped. */
export function quoted(text: string): string {
  return `"${printable(text).replaceAll('"', '\\"')}"`;
}

/** A string for a message: quoted, and cut to 60 code units. */
export function quote(text: string): string {
  return quoted(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

/** Names the kind of a value. A number is shown; any other value could be a secret and is not. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
