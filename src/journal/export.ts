import { formatUsd } from "../money/micro-cents.ts";

/**
 * Rows as CSV (RFC 4180), for a spreadsheet: a line of names, then a line for each row, each ended by CR LF.
 *
 * Money (a bigint of micro-cents) is written as plain decimal dollars, numbers as they are, `null` and `undefined` as nothing,
 * and lists and objects as JSON. Text that begins with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe in front, so that
 * no spreadsheet runs it as a formula. A program that reads the file takes the apostrophe away; {@link toJsonLines} changes no text.
 *
 * @param rows - the answers of `spend`, `jobs` or `journal`, or any other objects.
 * @param columns - the names of the fields, in order; by default all fields of all rows, in the order in which they come.
 * @example
 * ```ts
 * const rows = [{ user: "=cmd()", booked: usd("12.5"), calls: 3 }];
 * toCsv(rows); // => "user,booked,calls\r\n'=cmd(),12.50,3\r\n"
 * ```
 */
export function toCsv(rows: readonly object[], columns?: readonly string[]): string {
  const names = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // An own field only: a column named like a method of every object is empty.
  const cells = rows.map((row) =>
    names.map((name): unknown => (Object.hasOwn(row, name) ? Reflect.get(row, name) : null)),
  );
  const lines = names.length === 0 ? [] : [names, ...cells];
  return lines.map((line) => `${line.map(cellOf).join(",")}\r\n`).join("");
}

/**
 * Rows as JSON lines: one object a line. Money is written as decimal dollars in a string, so that no reader rounds it.
 *
 * @example
 * ```ts
 * toJsonLines([{ user: "u-7", booked: usd("12.5") }]); // => '{"user":"u-7","booked":"12.50"}\n'
 * ```
 */
export function toJsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${jsonOf(row)}\n`).join("");
}

function jsonOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? formatUsd(field) : field));
}

function cellOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(/^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value);
    case "bigint":
      return formatUsd(value);
    case "number":
    case "boolean":
      return String(value);
    default:
      // Nothing for what JSON cannot hold.
      return value === null ? "" : quoted(jsonOf(value) ?? "");
  }
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
