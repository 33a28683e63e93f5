import { readFileSync } from "node:fs";

/** A field or a parameter, as Python tells it. */
interface Slot {
  readonly name: string;
  readonly annotation: string;
  readonly keywordOnly?: boolean;
  /** Absent where it is required. */
  readonly default?: unknown;
}

/** What is recorded of one public name. */
export interface Recorded {
  readonly kind: "alias" | "class" | "dataclass" | "enum" | "error" | "function" | "protocol";
  readonly is_?: string;
  readonly frozen?: boolean;
  readonly fields?: readonly Slot[];
  readonly methods?: Readonly<Record<string, readonly Slot[]>>;
  readonly properties?: readonly string[];
  readonly members?: Readonly<Record<string, string>>;
  readonly bases?: readonly string[];
  readonly parameters?: readonly Slot[];
  readonly returns?: string;
}

/** A version of the original: its public names. */
export type Surface = Readonly<Record<string, Recorded>>;

/** What can be said of the public names, a path and a word each, so that two libraries can be compared. */
export type Facts = Map<string, string>;

/** A recorded version of the original. */
export function surface(version: string): Surface {
  return JSON.parse(readFileSync(new URL(`${version}.json`, import.meta.url), "utf8")) as Surface;
}

/** `snake_case` is `camelCase`; what is in PascalCase or UPPER_CASE stays as it is. */
export function camel(name: string): string {
  return name.replace(/(?<=[a-z\d])_([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}

/** The signature of a call: positional parameters, then the options; `?` where one may be left out. */
export function signature(positional: readonly string[], options: readonly string[]): string {
  return [...positional, ...(options.length === 0 ? [] : [`{ ${options.join(", ")} }`])].join(", ");
}

function isOptional(slot: Slot): boolean {
  return Object.hasOwn(slot, "default");
}

function written(slot: Slot, name = camel(slot.name)): string {
  return isOptional(slot) ? `${name}?` : name;
}

function callOf(slots: readonly Slot[]): string {
  return signature(
    slots.filter(({ keywordOnly }) => keywordOnly !== true).map((slot) => written(slot)),
    slots.filter(({ keywordOnly }) => keywordOnly === true).map((slot) => written(slot)),
  );
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/ \| None$/, " | null"],
  [/^None$/, "void"],
  [/^_[A-Z]$/, "its own type"],
  [/^(?:frozenset\[str\]|tuple\[str, \.\.\.\])/, "readonly string[]"],
  [/^dict\[str, str\]/, "Readonly<Record<string, string>>"],
  [/^str\b/, "string"],
  [/^(?:int|float)\b/, "number"],
  [/^bool\b/, "boolean"],
  [/^Decimal\b/, "MicroCents"],
];

/** The type of a field or a result, as TypeScript writes it. */
function typeOf(annotation: string): string {
  return TYPES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), annotation);
}

/** A default: strings and decimals as they are, all else as JSON. */
export function shown(value: unknown): string {
  if (value === "a function") return "the environment";
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** The original's facts under the naming rule; `renamed` has other names for fields, by `Class.field`. */
export function pythonFacts(names: Surface, renamed: ReadonlyMap<string, string> = new Map()): Facts {
  const facts: Facts = new Map();
  /** The parameters of a call, and the default of each that has one. */
  const call = (path: string, slots: readonly Slot[]): void => {
    facts.set(`${path}()`, callOf(slots));
    for (const slot of slots.filter(isOptional)) {
      facts.set(`${path}: ${camel(slot.name)}`, shown(slot.default));
    }
  };
  for (const [python, recorded] of Object.entries(names)) {
    const { kind, frozen, fields = [], methods = {}, members = {}, parameters, returns } = recorded;
    const name = camel(python);
    facts.set(name, kind === "dataclass" && frozen === true ? "frozen value object" : kind);
    if (kind === "dataclass") {
      const own = fields.map(
        (slot) => [slot, renamed.get(`${name}.${slot.name}`) ?? camel(slot.name)] as const,
      );
      facts.set(
        `new ${name}`,
        signature(
          [],
          own.map(([slot, field]) => written(slot, field)),
        ),
      );
      facts.set(`${name} holds`, own.map(([, field]) => field).join(", "));
      for (const [slot, field] of own) {
        const value = isOptional(slot) ? ` = ${shown(slot.default)}` : "";
        facts.set(`${name}.${field}`, `${typeOf(slot.annotation)}${value}`);
      }
    }
    if (kind === "enum") facts.set(`${name} members`, Object.keys(members).join(", "));
    for (const [member, text] of Object.entries(members)) facts.set(`${name}.${member}`, text);
    if (kind === "error") {
      const [base = ""] = recorded.bases ?? [];
      facts.set(`${name} extends`, /^(?:RuntimeError|Exception)$/.test(base) ? "Error" : base);
    }
    if (kind === "alias") facts.set(`${name} is`, recorded.is_ ?? "");
    if (parameters !== undefined) call(name, parameters);
    if (returns !== undefined) facts.set(`${name}() returns`, typeOf(returns));
    // Of a class that is no value, the name alone: it is ported, or it is not.
    if (kind === "class") continue;
    for (const [method, slots] of Object.entries(methods)) call(`${name}.${camel(method)}`, slots);
    for (const property of recorded.properties ?? []) facts.set(`${name}.${camel(property)}`, "property");
  }
  return facts;
}
