import { readFileSync } from "node:fs";
import { type EpochSeconds, epochSeconds } from "dispatch-kit";
import { InputError, reasonOf } from "./failure.ts";

/** One recorded request: its time, its input tokens and its output tokens. */
export interface Call {
  /** Its line in the trace, from 1; also its identity. */
  readonly line: number;
  readonly at: EpochSeconds;
  /** The same instant, as text of the trace. */
  readonly timestamp: string;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

export interface Trace {
  readonly file: string;
  /** At least one, in order of time. */
  readonly calls: readonly [Call, ...Call[]];
}

type Column = "TIMESTAMP" | "ContextTokens" | "GeneratedTokens";

/** @throws InputError with file, line and value for an invalid trace. */
export function readTrace(file: string, maxOutputTokens: number): Trace {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new InputError(`${file}: cannot be read: ${reasonOf(error)}`);
  }
  return parseTrace(file, text, maxOutputTokens);
}

/**
 * Reads the columns TIMESTAMP, ContextTokens and GeneratedTokens, in any order, among any others.
 *
 * @param maxOutputTokens - the service's limit. A row above it is refused, because it would exceed the upper bound of its
 *   call.
 */
export function parseTrace(file: string, text: string, maxOutputTokens: number): Trace {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const [header, ...rows] = lines;
  if (header === undefined) throw new InputError(`${file}:1: the file is empty`);
  const names = header.split(",");
  const at = columnsOf(file, names);
  let before = -Infinity;
  const calls = rows.map((row, index): Call => {
    const line = index + 2;
    const fields = row.split(",");
    if (fields.length !== names.length) {
      throw new InputError(
        `${file}:${line}: ${fields.length} fields under ${names.length} columns: ${JSON.stringify(row)}`,
      );
    }
    const timestamp = fields[at.TIMESTAMP] ?? "";
    const bad = (column: Column, why: string): InputError =>
      new InputError(`${file}:${line}: ${column} ${JSON.stringify(fields[at[column]])}: ${why}`);
    const tokens = (column: Column): number => {
      const digits = fields[at[column]] ?? "";
      const count = /^\d+$/.test(digits) ? Number(digits) : NaN;
      if (Number.isSafeInteger(count)) return count;
      throw bad(column, "not a whole number of tokens");
    };
    const seconds = secondsOf(timestamp);
    if (seconds === null) throw bad("TIMESTAMP", "not a time such as 2023-11-16 18:15:46.6805900");
    if (seconds < before) throw bad("TIMESTAMP", "earlier than the line above");
    before = seconds;
    const contextTokens = tokens("ContextTokens");
    const generatedTokens = tokens("GeneratedTokens");
    if (generatedTokens > maxOutputTokens) {
      throw bad("GeneratedTokens", `above the ${maxOutputTokens} tokens that a call may generate`);
    }
    return { line, at: seconds, timestamp, contextTokens, generatedTokens };
  });
  const [first, ...later] = calls;
  if (first === undefined) throw new InputError(`${file}:2: no request after the header`);
  return { file, calls: [first, ...later] };
}

function columnsOf(file: string, names: readonly string[]): Readonly<Record<Column, number>> {
  const place = (column: Column): number => {
    const found = names.filter((name) => name === column).length;
    if (found === 1) return names.indexOf(column);
    const problem = found === 0 ? "no column" : "more than one column";
    throw new InputError(`${file}:1: ${problem} ${column} in ${JSON.stringify(names.join(","))}`);
  };
  return {
    TIMESTAMP: place("TIMESTAMP"),
    ContextTokens: place("ContextTokens"),
    GeneratedTokens: place("GeneratedTokens"),
  };
}

const TIMESTAMP = /^((?:19|20)\d\d-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?Z?$/;

/** The trace names no time zone: its times are read as UTC. */
function secondsOf(timestamp: string): EpochSeconds | null {
  const [, day = "", time = "", fraction = "0"] = TIMESTAMP.exec(timestamp) ?? [];
  const date = new Date(`${day}T${time}Z`);
  // `Date` turns 30 February into another date.
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(`${day}T${time}`)) return null;
  return epochSeconds(date.getTime() / 1000 + Number(fraction));
}
