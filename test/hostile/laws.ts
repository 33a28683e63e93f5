import { isDeepStrictEqual } from "node:util";
import { add, compare, divide, type Rational, rational, times } from "../support/rational.ts";
import { isPlain } from "./values.ts";

/** What a reader must make of what a field honestly says; {@link REFUSED} if it must throw. */
export type Field = (model: unknown) => unknown;

export const REFUSED: unique symbol = Symbol("must throw");

const when =
  (right: (model: unknown) => boolean): Field =>
  (model) =>
    right(model) ? model : REFUSED;

export const amount: Field = when((model) => typeof model === "bigint" && model >= 0n);
export const flag: Field = when((model) => typeof model === "boolean");
export const finite: Field = when((model) => typeof model === "number" && model >= 0 && model < Infinity);
export const whole: Field = when((model) => Number.isSafeInteger(model) && Number(model) >= 0);
/** A Date is its seconds. */
export const instant: Field = (model) => {
  const seconds = model instanceof Date ? model.getTime() / 1000 : model;
  return typeof seconds === "number" && Math.abs(seconds) < 1e11 ? seconds : REFUSED;
};
export const text: Field = when((model) => typeof model === "string");
export const callable: Field = when((model) => typeof model === "function");
export const words: Field = when((model) => typeof model === "string" && /[^\s\p{C}]/u.test(model));
export const nameUpTo = (max: number): Field =>
  when(
    (model) => typeof model === "string" && model.length > 0 && model.length <= max && !/\p{Cc}/u.test(model),
  );
export const oneOf = (choices: readonly unknown[]): Field => when((model) => choices.includes(model));
export const exactly = (value: unknown): Field => when((model) => model === value);

export const price: Field = when((model) => {
  const exact = decimal(model);
  return exact !== null && exact.over >= 0n && (exact.over * 10n ** 18n) % exact.under === 0n;
});
export const rate: Field = (model) => {
  if (!isPlain(model)) return price(model);
  return Reflect.ownKeys(model).join() === "perHour" && price(model["perHour"]) !== REFUSED ? model : REFUSED;
};

/** A list of at least as many elements as it says; a hole is one that is missing. */
export const listOf =
  (field: Field): Field =>
  (model) => {
    if (!Array.isArray(model)) return REFUSED;
    const list: readonly unknown[] = model;
    const made = Array.from({ length: list.length }, (_, index) => field(list[index]));
    return made.includes(REFUSED) ? REFUSED : made;
  };

export const or =
  (missing: unknown, field: Field): Field =>
  (model) =>
    model === undefined ? missing : field(model);
export const orNull =
  (field: Field): Field =>
  (model) =>
    model === undefined || model === null ? null : field(model);

/** The fields that must be read, or REFUSED; an explicit `undefined` is a missing field. */
export function fieldsOf(fields: Readonly<Record<string, Field>>, model: unknown): unknown {
  if (!isPlain(model)) return REFUSED;
  if (Reflect.ownKeys(model).some((key) => !Object.hasOwn(fields, key))) return REFUSED;
  const made = Object.entries(fields).map(([key, field]) => {
    return [key, field(Object.hasOwn(model, key) ? model[key] : undefined)] as const;
  });
  return made.some(([, field]) => field === REFUSED) ? REFUSED : Object.fromEntries(made);
}

/** Whether a value has exactly these fields, and is frozen. */
export function has(value: unknown, fields: unknown): boolean {
  return (
    fields !== REFUSED &&
    typeof value === "object" &&
    Object.isFrozen(value) &&
    isDeepStrictEqual({ ...value }, fields)
  );
}

/** A plain decimal, or a number of at most 15 significant digits, as a fraction. */
export function decimal(model: unknown, anyNumber = false): Rational | null {
  if (typeof model === "string") return /^-?\d+(\.\d+)?$/.test(model) ? rational(model) : null;
  if (typeof model !== "number" || !Number.isFinite(model)) return null;
  const [mantissa = ""] = String(Math.abs(model)).split("e");
  const digits = mantissa.replace(".", "").replace(/^0+/, "").replace(/0+$/, "");
  return anyNumber || digits.length <= 15 ? rational(model) : null;
}

/** The least whole number of micro-cents that is not below so many dollars. */
export function roundedUp(dollars: Rational): bigint {
  const { over, under } = times(dollars, rational("1e8"));
  const down = over / under;
  return compare({ over: down, under: 1n }, { over, under }) < 0 ? down + 1n : down;
}

type Rate = string | number | { readonly perHour: string | number };

/** USD per second. */
function perSecond(rate: Rate): Rational {
  return typeof rate === "object" ? divide(rational(rate.perHour), 3600n) : rational(rate);
}

/** What a machine costs at most, from fractions. */
export function machineCost(machine: unknown, model: unknown): unknown {
  const limits = fieldsOf({ maxRuntimeS: price, vcpus: price, memoryGib: price }, model);
  if (machine === REFUSED || limits === REFUSED) return REFUSED;
  const { gpuUsdPerS, vcpuUsdPerS, gibUsdPerS, idleTailS } = machine as Record<
    "gpuUsdPerS" | "vcpuUsdPerS" | "gibUsdPerS",
    Rate
  > & { readonly idleTailS: string | number };
  const { maxRuntimeS, vcpus, memoryGib } = limits as Record<string, string | number>;
  const ofOne = add(
    perSecond(gpuUsdPerS),
    times(perSecond(vcpuUsdPerS), rational(vcpus ?? "")),
    times(perSecond(gibUsdPerS), rational(memoryGib ?? "")),
  );
  return roundedUp(times(add(rational(maxRuntimeS ?? ""), rational(idleTailS)), ofOne));
}
