import { isDeepStrictEqual } from "node:util";
import * as law from "../laws.ts";
import { type Fields, isPlain } from "../values.ts";
import { type Entry, type Law, id, read } from "./entry.ts";
import { capOf, cap } from "./money.ts";

/** An empty prefix is none. */
const prefix: law.Field = law.or("", (model) => (model === "" ? "" : law.nameUpTo(150)(model)));

const prefixOf = (options: unknown = {}): string | null => {
  const fields = law.fieldsOf({ prefix }, options);
  return read(fields) ? (fields["prefix"] as string) : null;
};

/** A calendar scope of some instant in some zone, as its name and its end are written. */
const calendar =
  (name: RegExp, longestDays: number): Law =>
  (result, [at, timeZone, options]) => {
    const seconds = law.instant(at);
    const before = prefixOf(options);
    if (seconds === law.REFUSED || !isZone(timeZone) || before === null || !isPlain(result)) return false;
    const { scope, until } = result as {
      readonly scope: string;
      readonly until: number;
    };
    const left = until - Number(seconds);
    return (
      law.has(result, { scope, until }) &&
      scope.startsWith(before) &&
      name.test(scope.slice(before.length)) &&
      Number.isInteger(until) &&
      left > 0 &&
      left <= longestDays * 86_400
    );
  };

const monthLaw = calendar(/^month:\d{4}-\d\d$/, 32);

function isZone(timeZone: unknown): boolean {
  return typeof timeZone === "string" && /^[a-z]/i.test(timeZone);
}

/** An outcome with exactly these fields. */
function isPlainOutcome(found: unknown, fields: Fields): boolean {
  return isDeepStrictEqual({ ...(found as object) }, fields) && Object.isFrozen(found);
}

/** Scopes. */
export const SCOPES: Readonly<Record<string, Entry>> = {
  runScope: {
    args: () => ["42", { prefix: "tenant:acme:" }],
    law: (result, [model, options]) => {
      const before = prefixOf(options);
      if (typeof model !== "string" || model === "" || before === null) return false;
      return id(`${before}run:${model}`) !== law.REFUSED && result === `${before}run:${model}`;
    },
  },
  dayScope: {
    args: () => [1_795_392_000, "UTC", { prefix: "tenant:acme:" }],
    law: calendar(/^day:\d{4}-\d\d-\d\d$/, 2),
  },
  weekScope: {
    args: () => [1_795_392_000, "UTC", { prefix: "tenant:acme:" }],
    law: calendar(/^week:\d{4}-W[0-5]\d$/, 8),
  },
  monthScope: {
    args: () => [1_795_392_000, "UTC", { prefix: "tenant:acme:" }],
    law: monthLaw,
  },
  runAndMonth: {
    args: () => [
      {
        runId: "42",
        at: 1_795_392_000,
        cap,
        timeZone: "UTC",
        prefix: "tenant:acme:",
      },
    ],
    law: (result, [model]) => {
      const fields = law.fieldsOf(
        {
          runId: law.nameUpTo(196),
          at: law.instant,
          cap: capOf,
          timeZone: law.text,
          prefix,
        },
        model,
      );
      if (!read(fields) || !Array.isArray(result) || !Object.isFrozen(result)) return false;
      const {
        runId,
        at,
        cap: caps,
        prefix: before,
        timeZone,
      } = fields as Record<string, string> & { cap: Fields };
      const [run, month] = result as readonly Fields[];
      const timed = Object.freeze({
        scope: month?.["scope"],
        until: month?.["until"],
      });
      return (
        result.length === 2 &&
        isPlainOutcome(run, {
          scope: `${before}run:${runId}`,
          cap: caps["run"],
        }) &&
        isPlainOutcome(month, { ...timed, cap: caps["month"] }) &&
        monthLaw(timed, [Number(at), timeZone, { prefix: before }], [])
      );
    },
  },
};
