import { kindOf, quote } from "../../internal/text.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import type { TokenKind } from "../../tokens/kinds.ts";
import { type AnyObject, isCount } from "../own-fields.ts";
import { UncountableError } from "./account.ts";
import { isZero, numbersIn, valueAt } from "./numbers.ts";

/**
 * Aliases of one number: paths, or sums of paths such as `"a.x + a.y"`. All that are present must be equal or zero.
 */
export type Aliases = readonly string[];

/** The counts of some kinds of tokens. */
export type Kinds = Readonly<Partial<Record<Exclude<TokenKind, "input" | "output">, Aliases>>>;

/** What the numbers in a usage report mean. A number that no field names, and that is not zero, is unknown. */
export interface UsageShape {
  /** The fields that every report of this protocol has. */
  readonly requires: readonly string[];
  /** Fields of other protocols: a report that has one of them is not of this protocol. */
  readonly excludes?: readonly string[];
  /** An empty list if the protocol bills by something else than tokens. */
  readonly input: Aliases;
  /** An empty list if the protocol has no output, as for an embedding. */
  readonly output: Aliases;
  readonly total?: Aliases;
  /** Kinds that are part of the input or the output. */
  readonly inside?: Kinds;
  /** Kinds that are not part of the input or the output, but of the total. */
  readonly beside?: Kinds;
  /** Kinds that are inside or beside: the total decides. Without a total they are inside. */
  readonly either?: Kinds;
  /** Kinds that are part of neither the input, nor the output, nor the total. */
  readonly outside?: Kinds;
  /** The searches that the provider counts. */
  readonly searches?: Aliases;
  /** Numbers that have no price. `"x.*"` stands for everything below `x`, and `"x.*.y"` for a field of each item. */
  readonly informs?: readonly string[];
  /**
   * Numbers of things that are billed separately, named as in `informs`: only a stated cost pays for them. A name
   * without `*` stands for a number that is counted too.
   */
  readonly apart?: readonly string[];
}

/** Counts the tokens of a usage report. */
export interface ShapeReader {
  /** Whether a report has the fields that the shape requires. */
  readonly fits: (report: AnyObject) => boolean;
  readonly count: (report: AnyObject, informs: readonly string[]) => Counted;
}

export interface Counted {
  readonly usage: TokenUsage;
  /** Numbers of things that are billed separately. */
  readonly apart: readonly string[];
  /** The number of zeros that the shape does not know. */
  readonly strange: number;
}

/** Makes a reader of a shape. */
export function shapeReader(shape: UsageShape): ShapeReader {
  const known = knownPaths(shape);
  const apart = patternOf(shape.apart ?? []);
  const alsoApart = new Set(shape.apart?.filter((name) => known.has(name)));
  const objects = new Set([...known].flatMap(objectsAbove));
  const { requires, excludes = [] } = shape;
  return {
    fits: (report) => {
      const has = (path: string): boolean => valueAt(report, path) !== undefined;
      return requires.every(has) && !excludes.some(has);
    },
    count: (report, informs) => {
      const admitted = patternOf([
        ...(shape.informs ?? []),
        ...informs.flatMap((name) => [name, `*.${name}`]),
      ]);
      for (const path of objects) mustBeObject(report, path);
      const separately: string[] = [];
      let strange = 0;
      for (const { path, value } of numbersIn(report)) {
        if ((known.has(path) || admitted(path)) && !alsoApart.has(path)) continue;
        if (apart(path)) {
          if (!isZero(value)) separately.push(path);
        } else if (isZero(value)) {
          strange++;
        } else {
          throw new UncountableError(`${path} is a number that the protocol does not know`);
        }
      }
      return { usage: countsOf(shape, report), apart: separately, strange };
    },
  };
}

/** The paths of the objects that a number is in: `a` and `a.b` of `a.b.c`. */
function objectsAbove(path: string): readonly string[] {
  const keys = path.split(".");
  return keys.slice(1).map((_, index) => keys.slice(0, index + 1).join("."));
}

/** Counts in words are no counts. An empty list is what some clients put in the place of no details. */
function mustBeObject(report: AnyObject, path: string): void {
  const value = valueAt(report, path);
  if (value === undefined || typeof value === "object") return;
  throw new UncountableError(`${path} must be an object; got ${kindOf(value)}`);
}

/** Whether a shape says what a number is. Tests hold the shapes against the types of the clients with this. */
export function knowsNumber(shape: UsageShape, path: string): boolean {
  const { informs = [], apart = [] } = shape;
  return knownPaths(shape).has(path) || patternOf([...informs, ...apart])(path);
}

function knownPaths(shape: UsageShape): ReadonlySet<string> {
  const { input, output, total = [], searches = [], inside, beside, either, outside } = shape;
  const kinds = [inside, beside, either, outside].flatMap((of) => Object.values(of ?? {}));
  return new Set([input, output, total, searches, ...kinds].flat().flatMap(pathsOf));
}

function pathsOf(alias: string): readonly string[] {
  return alias.split(" + ");
}

/** Matches paths with patterns, in which `*` stands for any characters. */
function patternOf(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const plain = new Set(patterns);
  const any = patterns.filter((pattern) => pattern.includes("*")).map((pattern) => pattern.split("*"));
  return (path) => plain.has(path) || any.some((pieces) => matches(path, pieces));
}

/** Whether a path consists of the pieces in their order, with anything between them. */
function matches(path: string, pieces: readonly string[]): boolean {
  let from = 0;
  return pieces.every((piece, index) => {
    const isLast = index === pieces.length - 1;
    const at = index === 0 ? 0 : isLast ? path.length - piece.length : path.indexOf(piece, from);
    const isThere = at >= from && path.startsWith(piece, at);
    from = at + piece.length;
    return isThere;
  });
}

/** A whole number of at least 0, or `undefined` if it is missing or `null`. */
export function countAt(report: AnyObject, path: string): number | undefined {
  const value = valueAt(report, path);
  if (value === undefined || isCount(value)) return value;
  const shown = typeof value === "string" ? quote(value) : kindOf(value);
  throw new UncountableError(`${path} must be a whole number of at least 0; got ${shown}`);
}

/** A count, and the name under which the report has it. */
interface Named {
  readonly name: string;
  readonly count: number;
}

/** The value of a number that has several names. */
function aliasAt(report: AnyObject, aliases: Aliases): Named | undefined {
  let found: Named | undefined;
  for (const name of aliases) {
    const counts = pathsOf(name).map((path) => countAt(report, path));
    if (counts.every((count) => count === undefined)) continue;
    const count = counts.reduce<number>((sum, of) => sum + (of ?? 0), 0);
    if (found !== undefined && found.count !== count && found.count !== 0 && count !== 0) {
      throw new UncountableError(`${name} must equal ${found.name}, which is ${found.count}; got ${count}`);
    }
    if (found === undefined || found.count === 0) found = { name, count };
  }
  return found;
}

function required(report: AnyObject, aliases: Aliases): number {
  const [name] = aliases;
  if (name === undefined) return 0;
  const found = aliasAt(report, aliases);
  if (found === undefined) throw new UncountableError(`${name} is missing`);
  return found.count;
}

type Counts = Partial<Record<TokenKind, number>>;

function kindsAt(report: AnyObject, kinds: Kinds | undefined): Counts {
  const entries = Object.entries(kinds ?? {}).map(([kind, aliases]) => [
    kind,
    aliasAt(report, aliases)?.count ?? 0,
  ]);
  // The keys are those of `kinds`.
  return Object.fromEntries(entries) as Counts;
}

function sumOf(counts: Counts, side: "input" | "output"): number {
  return Object.entries(counts)
    .filter(([kind]) => kind.startsWith("output") === (side === "output") && !isPartOfAnother(kind, counts))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Whether a kind is counted as part of another kind of the same list: an hour's cache write is a cache write. */
function isPartOfAnother(kind: string, counts: Counts): boolean {
  return kind === "cacheWrite1h" && counts.cacheWrite !== undefined;
}

function countsOf(shape: UsageShape, report: AnyObject): TokenUsage {
  const beside = kindsAt(report, shape.beside);
  const either = kindsAt(report, shape.either);
  const outside = kindsAt(report, shape.outside);
  const input = required(report, shape.input) + sumOf(beside, "input");
  const output = required(report, shape.output) + sumOf(beside, "output");
  const more = decided(aliasAt(report, shape.total ?? []), { input, output, either });
  const kinds = { ...kindsAt(report, shape.inside), ...beside, ...either, ...outside };
  const counts = Object.entries(kinds).filter(([, count]) => count > 0);
  const searches = aliasAt(report, shape.searches ?? [])?.count ?? 0;
  return {
    inputTokens: input + more.input + sumOf(outside, "input"),
    outputTokens: output + more.output + sumOf(outside, "output"),
    ...Object.fromEntries(counts.map(([kind, count]) => [`${kind}Tokens`, count])),
    ...(searches > 0 && { searches }),
  };
}

/** What the kinds that are inside or beside add to the input and to the output. */
function decided(
  total: Named | undefined,
  { input, output, either }: { readonly input: number; readonly output: number; readonly either: Counts },
): { readonly input: number; readonly output: number } {
  const moreInput = sumOf(either, "input");
  const moreOutput = sumOf(either, "output");
  const inside = { input: 0, output: 0 };
  if (total === undefined) return inside;
  const possible = [
    inside,
    { input: 0, output: moreOutput },
    { input: moreInput, output: 0 },
    { input: moreInput, output: moreOutput },
  ];
  const found = possible.filter((more) => input + more.input + output + more.output === total.count);
  const [first, ...others] = found;
  const { name, count } = total;
  if (first !== undefined) {
    if (others.every((other) => other.input === first.input && other.output === first.output)) return first;
    throw new UncountableError(`${name} does not tell what is part of the input and what of the output`);
  }
  throw new UncountableError(`${name} must be ${input + output}, the sum of its parts; got ${count}`);
}
