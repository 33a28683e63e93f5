import { runInNewContext } from "node:vm";
import fc from "fast-check";

/** A hostile argument, and what it honestly says to whoever reads each of its own fields once. */
export interface Hostile {
  readonly label: string;
  readonly value: unknown;
  /** Plain data that a law can judge by; {@link NOTHING} if it must not be believed at all. */
  readonly model: unknown;
}

export const NOTHING: unique symbol = Symbol("nothing that may be believed");

/** Thrown by hostile getters and traps: the caller's own error, which may pass through. */
export const SABOTAGE = new Error("sabotage");

/** Thrown by `toString`, `valueOf` and the like: nothing that is given may be coerced. */
export const COERCED = new Error("coerced");

/** Thrown where a call would never have ended. */
const ENDLESS = new Error("it does not end");

const throwing = (error: Error) => (): never => {
  throw error;
};

const PRIMITIVES: readonly unknown[] = [
  undefined,
  null,
  NaN,
  Infinity,
  -Infinity,
  -0,
  0,
  1,
  -1,
  1.5,
  2 ** 53,
  Number.MAX_VALUE,
  5e-324,
  "",
  " ",
  "0",
  "-0",
  "1",
  "-1",
  "1n",
  "1e3",
  "0x10",
  "NaN",
  "Infinity",
  "true",
  "\u0661",
  "__proto__",
  "constructor",
  "toString",
  "line\nbreak\u001b[31m\u202e\u2028\u0000\ud800",
  0n,
  1n,
  -1n,
  2n ** 63n,
  true,
  false,
  Symbol("run"),
  Symbol.iterator,
];

/** A class of the caller's own. */
class Options {
  readonly #own = true;

  own(): boolean {
    return this.#own;
  }
}

/** Built anew each time: some of these carry state. */
function objects(): readonly Hostile[] {
  const traps = Object.fromEntries(
    Object.getOwnPropertyNames(Reflect).map((trap) => [trap, throwing(SABOTAGE)]),
  );
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const revokedArray = Proxy.revocable([], {});
  revokedArray.revoke();
  const foreign: unknown = runInNewContext("new Map([[1, 2n]])");
  const values: Readonly<Record<string, unknown>> = {
    "a function": () => 1,
    "an async function": () => Promise.resolve(true),
    "a class": Options,
    "a list": [],
    "a list of money": [10n ** 30n],
    "a date": new Date(0),
    "an invalid date": new Date(NaN),
    "a pattern": /x/g,
    "a map": new Map([["run", 10n ** 30n]]),
    "a set": new Set([1n]),
    "a promise": Promise.resolve(true),
    "a thenable": { then: throwing(COERCED) },
    "an error": new Error("x"),
    bytes: new Uint8Array(8),
    "a buffer": new ArrayBuffer(8),
    "a boxed bigint": Object(1n) as unknown,
    "a boxed number": Object(1) as unknown,
    "a boxed string": Object("1") as unknown,
    "a boxed boolean": Object(true) as unknown,
    valueOf: { valueOf: throwing(COERCED) },
    toString: { toString: throwing(COERCED), toJSON: throwing(COERCED) },
    toPrimitive: { [Symbol.toPrimitive]: throwing(COERCED) },
    "toPrimitive without a prototype": Object.assign(Object.create(null) as object, {
      [Symbol.toPrimitive]: throwing(COERCED),
    }),
    "a tag": { [Symbol.toStringTag]: "BudgetCap" },
    "the global object": globalThis,
    "another realm's map": foreign,
    "a revoked proxy": revoked.proxy,
    "a revoked proxy of a list": revokedArray.proxy,
    "a proxy that throws": new Proxy({}, traps),
    "a proxy of a list that throws": new Proxy([], traps),
    "a proxy of a function": new Proxy(() => 1, {}),
  };
  // A function, a list and a date are believed where one is asked for; a law looks at what they are.
  const believed = /^(a function|an async function|a class|a proxy of a function|a list.*|an? .*date)$/;
  return Object.entries(values).map(([label, value]) => ({
    label,
    value,
    model: believed.test(label) ? value : NOTHING,
  }));
}

/** `{}` in its honest forms. */
const empty: readonly Hostile[] = [
  { label: "{}", value: {}, model: {} },
  { label: "{} without a prototype", value: Object.create(null), model: {} },
  { label: "another realm's {}", value: runInNewContext("({})"), model: {} },
];

function show(value: unknown): string {
  return Object.is(value, -0)
    ? "-0"
    : typeof value === "bigint"
      ? `${value}n`
      : JSON.stringify(String(value));
}

/** Everything that is put in place of any argument and any field, whatever belongs there. */
export function anywhere(): readonly Hostile[] {
  return [
    ...PRIMITIVES.map((value) => ({ label: `${typeof value} ${show(value)}`, value, model: value })),
    ...empty,
    ...objects(),
  ];
}

export type Fields = Readonly<Record<PropertyKey, unknown>>;

export function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isInstance(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isPlain(value);
}

/** A field as an attacker would like it: the most room, or the least committed. */
function generous(value: unknown, most: boolean): unknown {
  if (typeof value === "bigint") return most ? 10n ** 30n : 0n;
  if (typeof value === "boolean") return most;
  if (typeof value === "number") return most ? 1e9 : 0;
  if (value === null) return most ? 1e9 : null;
  if (Array.isArray(value)) return most ? null : [];
  return value;
}

function entries(value: object): [string, unknown][] {
  return Object.entries(value);
}

function generousFields(value: object, most: boolean): Record<string, unknown> {
  return Object.fromEntries(entries(value).map(([key, field]) => [key, generous(field, most)]));
}

function attempt(make: () => unknown): unknown {
  try {
    return make();
  } catch {
    // What cannot be cloned at all is nobody's clone.
    return undefined;
  }
}

function isMade([, made]: readonly [string, unknown, unknown?]): boolean {
  return made !== undefined;
}

/**
 * Clones, look-alikes and proxies of a value that the library made. What has the fields as its own is what they say, as
 * if its constructor was given them; anything else must not be believed.
 */
export function lookAlikes(value: object): readonly Hostile[] {
  const own: Fields = { ...value };
  const json: unknown = attempt(() => JSON.parse(JSON.stringify(value)));
  const believed: [string, unknown, unknown][] = [
    ...disguises(value, own, ""),
    ["structuredClone", attempt(() => structuredClone(value)), own],
    ["a JSON round trip", json, json],
    ["a transparent proxy", new Proxy(value, {}), own],
    ["a proxy of a proxy", new Proxy(new Proxy(value, {}), {}), own],
  ];
  for (const most of [true, false]) {
    const kind = `, ${most ? "the most" : "the least"}`;
    const fields = generousFields(value, most);
    const sent: unknown = attempt(() => JSON.parse(JSON.stringify(fields)));
    believed.push(...disguises(value, fields, kind), [`a JSON round trip${kind}`, sent, sent]);
  }
  return [
    ...believed.filter(isMade).map(([label, value, model]) => ({ label, value, model })),
    ...pretenders(value, own)
      .filter(isMade)
      .map(([label, value]) => ({ label, value, model: NOTHING })),
    ...Object.keys(own).flatMap((key) => fieldTricks(own, key)),
  ];
}

/** Objects of any class that have these fields, and no others, as their own. */
function disguises(value: object, fields: Fields, kind: string): [string, unknown, Fields][] {
  const prototype = Object.getPrototypeOf(value) as object;
  const over = Object.create(value, Object.getOwnPropertyDescriptors(fields)) as unknown;
  const made: [string, unknown][] = [
    ["plain fields", { ...fields }],
    ["frozen fields", Object.freeze({ ...fields })],
    ["fields without a prototype", Object.assign(Object.create(null) as object, fields)],
    ["fields of another realm", Object.assign(runInNewContext("({})") as object, fields)],
    ["fields that are not enumerable", notEnumerable(fields)],
    ["getters", Object.defineProperties({}, gettersOf(fields))],
    ["own fields on its prototype", Object.assign(Object.create(prototype) as object, fields)],
    ["setPrototypeOf", Object.setPrototypeOf({ ...fields }, prototype)],
    ["own fields over the value", over],
    ["a proxy of a look-alike", new Proxy({ ...fields }, { getPrototypeOf: () => prototype })],
    ["own fields of another class", Object.assign(new Options(), fields)],
    ["own fields of a map", Object.assign(new Map(), fields)],
  ];
  return made.map(([label, made]) => [label + kind, made, fields]);
}

/** What has to do with a value and has none of its fields, not all that it has are fields, or that throws. */
function pretenders(value: object, own: Fields): [string, unknown][] {
  const prototype = Object.getPrototypeOf(value) as object;
  const revoked = Proxy.revocable(value, {});
  revoked.revoke();
  class Accessors extends Options {}
  Object.defineProperties(Accessors.prototype, gettersOf(own));
  const [first = "x"] = Object.keys(own);
  return [
    ["Object.create(value)", Object.create(value)],
    ["a proxy of Object.create(value)", new Proxy(Object.create(value) as object, {})],
    ["a class whose getters are the fields", new Accessors()],
    ["a revoked proxy", revoked.proxy],
    ["its prototype", prototype],
    ["its constructor", prototype.constructor],
    ["a value in a list", [value]],
    ["a list with the fields", Object.assign([], own)],
    ["a list of entries", Object.entries(own)],
    ["a map of the fields", new Map(Object.entries(own))],
    ["a set of it", new Set([value])],
    ["a promise of it", Promise.resolve(value)],
    ["a function with the fields", attempt(() => Object.assign(() => 1, { ...own }))],
    ["a function that gives it", () => value],
    ["with the class as its constructor", { ...own, constructor: prototype.constructor }],
    ["an extra key", { ...own, extra: 1 }],
    ["an extra key that is undefined", { ...own, extra: undefined }],
    ["an extra symbol", { ...own, [Symbol(first)]: own[first] }],
    ["an own __proto__", Object.assign(JSON.parse('{"__proto__": {}}') as object, own)],
    ["a misspelt key", { ...own, [`${first}s`]: own[first] }],
    ["a proxy that hides its keys", new Proxy({ ...own, extra: 1 }, { ownKeys: () => ["extra"] })],
    ...liars(value),
  ];
}

/** Proxies that answer for a frozen value with other fields, which the language does not let them. */
function liars(value: object): [string, unknown][] {
  return [true, false].flatMap((most) => {
    const isOther = ([, field]: [string, unknown]): boolean => !Object.is(generous(field, most), field);
    if (!entries(value).some(isOther)) return [];
    const liar = new Proxy(value, { get: (target, key) => generous(Reflect.get(target, key), most) });
    return [[`a proxy that answers with ${most ? "the most" : "the least"}`, liar]];
  });
}

function gettersOf(fields: Fields): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, { get: () => field, enumerable: true }]),
  );
}

/** What makes a plain object of right fields another thing, or keeps it the same. */
function records(value: Fields): Hostile[] {
  const keys = Object.keys(value);
  const [first = "x"] = keys;
  const revoked = Proxy.revocable(value, {});
  revoked.revoke();
  // The same fields, in an object of another realm.
  const foreign = Object.assign(runInNewContext("({})") as object, value);
  const same: [string, unknown][] = [
    ["frozen", Object.freeze({ ...value })],
    ["without a prototype", Object.assign(Object.create(null) as object, value)],
    ["of another realm", foreign],
    ["a transparent proxy", new Proxy(value, {})],
    ["a proxy of a proxy", new Proxy(new Proxy(value, {}), {})],
    ["not enumerable", notEnumerable(value)],
  ];
  const { [first]: field, ...rest } = value;
  const other: [string, unknown][] = [
    ["a revoked proxy", revoked.proxy],
    ["fields that are inherited", Object.create(value)],
    ["fields that are inherited, a proxy", new Proxy(Object.create(value) as object, {})],
    ["an instance of a class", Object.assign(new Options(), value)],
    ["a list of entries", Object.entries(value)],
    ["a map", new Map(Object.entries(value))],
    ["a list with the fields", Object.assign([], value)],
    [
      "a function with the fields",
      attempt(() => Object.defineProperties(() => 1, Object.getOwnPropertyDescriptors(value))),
    ],
    ["JSON", attempt(() => JSON.stringify(value))],
    ["an own __proto__", Object.assign(JSON.parse('{"__proto__": {}}') as object, value)],
    [
      "a proxy that hides its keys",
      new Proxy({ ...value, extra: 1 }, { has: () => true, ownKeys: () => ["extra"] }),
    ],
  ];
  // Only where any key may be does one of these say anything.
  const otherKeys: [string, Fields][] = [
    ["a misspelt key", { ...rest, [`${first}s`]: field }],
    ["a key in another case", { ...rest, [first.toUpperCase()]: field }],
    ["a key with white space", { ...rest, [`${first} `]: field }],
    ["an extra key", { ...value, extra: 1 }],
    ["an extra key that is undefined", { ...value, extra: undefined }],
    ["an extra symbol", { ...value, [Symbol(first)]: field }],
    ["a key with a line break", { ...value, "a\nb\u001b[0m\u202e": 1 }],
    ["an own constructor", { ...value, constructor: Object }],
  ];
  const model = { ...value };
  return [
    ...same.map(([label, value]) => ({ label, value, model })),
    ...otherKeys.map(([label, value]) => ({ label, value, model: value })),
    ...other.filter(isMade).map(([label, value]) => ({ label, value, model: NOTHING })),
    ...keys.flatMap((key) => fieldTricks(value, key)),
  ];
}

function notEnumerable(value: Fields): object {
  const copy = {};
  for (const [key, field] of Object.entries(value)) Object.defineProperty(copy, key, { value: field });
  return copy;
}

/** One field that is missing, inherited, a getter that changes its mind, or one that throws. */
function fieldTricks(value: Fields, key: string): Hostile[] {
  const field = value[key];
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  const accessor = (get: () => unknown): object =>
    Object.defineProperty({ ...rest }, key, { get, enumerable: true, configurable: true });
  const flips = [true, false].map((most) => {
    let reads = 0;
    return {
      label: `${key} changes its mind to ${most ? "the most" : "the least"}`,
      value: accessor(() => (reads++ === 0 ? field : generous(field, most))),
      model: { ...value },
    };
  });
  const turns = ["bogus", NaN, true, undefined].map((first) => {
    let reads = 0;
    return {
      label: `${key} first is ${String(first)}`,
      value: accessor(() => (reads++ === 0 ? first : field)),
      model: { ...value, [key]: first },
    };
  });
  let proxied = 0;
  const flipping = new Proxy(value, {
    get(target, name) {
      const given: unknown = Reflect.get(target, name);
      return name === key && proxied++ > 0 ? generous(field, true) : given;
    },
  });
  return [
    ...flips,
    ...turns,
    { label: `${key} changes its mind in a proxy`, value: flipping, model: { ...value } },
    { label: `${key} throws`, value: accessor(throwing(SABOTAGE)), model: NOTHING },
    { label: `${key} is missing`, value: rest, model: rest },
    {
      label: `${key} is inherited`,
      value: Object.setPrototypeOf(
        { ...rest },
        Object.assign(Object.create(null) as object, { [key]: field }),
      ),
      model: rest,
    },
  ];
}

/** A list that says so of its length, and has its first element everywhere; it ends what would not end. */
function lying(value: readonly unknown[], length: unknown): unknown {
  let reads = 0;
  return new Proxy([], {
    get(_, key) {
      if (++reads > 10_000) throw ENDLESS;
      return key === "length" ? length : typeof key === "string" && /^\d+$/.test(key) ? value[0] : undefined;
    },
  });
}

function lists(value: readonly unknown[]): Hostile[] {
  const holed = [...value];
  holed.length += 1;
  class Sub extends Array<unknown> {}
  const liar = [...value];
  liar[Symbol.iterator] = () => [][Symbol.iterator]();
  const model = [...value];
  return [
    { label: "frozen", value: Object.freeze([...value]), model },
    { label: "a subclass of Array", value: Sub.from(value), model },
    { label: "a transparent proxy", value: new Proxy(value, {}), model },
    { label: "an iterator that lies", value: liar, model },
    {
      label: "of another realm",
      value: (runInNewContext("(v) => [...v]") as (v: unknown) => unknown)(value),
      model,
    },
    { label: "a hole at its end", value: holed, model: [...value, undefined] },
    { label: "only holes", value: new Array(3), model: [undefined, undefined, undefined] },
    { label: "of giant length", value: new Array(2 ** 32 - 1), model: NOTHING },
    ...[Infinity, NaN, -1, 0.5, `${value.length}`, null, undefined, true, { valueOf: throwing(COERCED) }].map(
      (length) => ({
        label: `a proxy whose length is ${typeof length} ${typeof length === "object" ? "" : String(length)}`,
        value: lying(value, length),
        model: NOTHING,
      }),
    ),
    { label: "like an array", value: { ...value, length: value.length }, model: NOTHING },
    { label: "a set", value: new Set(value), model: NOTHING },
    { label: "an iterator", value: value.values(), model: NOTHING },
  ];
}

/** Every hostile stand-in for a right value, its fields and elements included. */
export function mutations(genuine: unknown): Hostile[] {
  const all = [...anywhere()];
  if (isInstance(genuine)) all.push(...lookAlikes(genuine));
  if (Array.isArray(genuine)) {
    const list: readonly unknown[] = genuine;
    all.push(...lists(list));
    list.forEach((element, index) => {
      for (const { label, value, model } of mutations(element)) {
        const at = (put: unknown): unknown[] => list.map((old, place) => (place === index ? put : old));
        all.push({ label: `[${index}]: ${label}`, value: at(value), model: at(model) });
      }
    });
  } else if (isPlain(genuine)) {
    all.push(...records(genuine));
    for (const [key, field] of Object.entries(genuine)) {
      for (const { label, value, model } of mutations(field)) {
        all.push({
          label: `${key}: ${label}`,
          value: { ...genuine, [key]: value },
          model: { ...genuine, [key]: model },
        });
      }
    }
  }
  return all;
}

/** Where in a right value something can be put: the path of every argument, field and element. */
export function places(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  const inside = Array.isArray(value) || isPlain(value) ? Object.entries(value) : [];
  return [path, ...inside.flatMap(([key, field]) => places(field, [...path, key]))];
}

/** A copy with something else at one place. */
export function put(value: unknown, [key, ...rest]: readonly PropertyKey[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((field, at) => (String(at) === key ? put(field, rest, other) : (field as unknown)));
  const fields = value as Fields;
  return { ...fields, [key]: put(fields[key], rest, other) };
}

/** Anything that JavaScript has, some of it behind proxies. */
export const anything: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
    fc.boolean(),
  )
  .map(([value, hidden]) =>
    hidden && typeof value === "object" && value !== null ? new Proxy(value, {}) : value,
  );
