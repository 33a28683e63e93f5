import {
  anyText,
  anything,
  finite,
  identifier,
  listOf,
  oneOf,
  orNull,
  outOfRange,
  read,
  type Reader,
  type Readers,
  wholeFrom,
} from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { ledgerAmount } from "../money/amount.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import { type BackendKind, backendKind } from "../routing/kind.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";

/**
 * What rules may read of a job: only what the service sets. What the submitter chose (tags, the lane, the payload) is none
 * of it, since whoever chooses it would choose how it is decided.
 */
export interface PolicyFacts {
  /** An upper bound of the cost of one attempt, in micro-cents, as the service has worked it out. */
  readonly maxCost: MicroCents;
  readonly maxAttempts: number;
  readonly backend: BackendKind;
  /** Who asked, as the service has signed them in; `null` if that is unknown. */
  readonly requestedBy?: string | null | undefined;
  /** How sure the service is of `maxCost`, 0 to 1; `null` if it cannot say. */
  readonly confidence?: number | null | undefined;
}

/** One condition of a rule. An unknown fact meets none; ids are compared exactly. */
export type PolicyCondition =
  | { readonly fact: "maxCost"; readonly atMost: MicroCents }
  | { readonly fact: "maxAttempts"; readonly atMost: number }
  | { readonly fact: "backend"; readonly oneOf: readonly BackendKind[] }
  | { readonly fact: "requestedBy"; readonly oneOf: readonly string[] }
  | { readonly fact: "confidence"; readonly atLeast: number };

/** What a rule may spend without a person, all its jobs together. */
export interface PolicyBudget {
  /** A scope that no other rule has. */
  readonly scope: string;
  /** The most that may be committed in it, in micro-cents. */
  readonly cap: MicroCents;
  /** When the scope's day, week or month ends. */
  readonly until?: Instant | null | undefined;
}

/** A rule: it matches if all of its conditions are met, and without conditions always. */
export type PolicyRule =
  | {
      readonly name: string;
      readonly when: readonly PolicyCondition[];
      readonly then: "auto";
      readonly budget: PolicyBudget;
    }
  | {
      readonly name: string;
      readonly when: readonly PolicyCondition[];
      readonly then: "person" | "people" | "never";
    };

/**
 * `auto`: the job needs no person, if its cost is also held in `scopes`. `person`: one person decides. `people`: two
 * decide. `never`: the job must not run.
 */
export interface PolicyDecision {
  readonly kind: PolicyRule["then"];
  /** The name of the rule; `null` if none has matched. */
  readonly rule: string | null;
  /** To hold the cost in, beside the job's own scopes: the budget of an `auto`, else none. */
  readonly scopes: readonly {
    readonly scope: string;
    readonly cap: MicroCents;
    readonly until: EpochSeconds | null;
  }[];
}

/** {@link PolicyFacts}, checked. */
interface CheckedFacts extends PolicyFacts {
  readonly requestedBy: string | null;
  readonly confidence: number | null;
}

/** A {@link PolicyRule}, checked. */
type CheckedRule =
  | (Extract<PolicyRule, { then: "auto" }> & { readonly budget: PolicyDecision["scopes"][number] })
  | Exclude<PolicyRule, { then: "auto" }>;

/** A share, 0 to 1. */
function share(what: string, value: unknown): number {
  const checked = finite(what, value);
  if (checked <= 1) return checked;
  throw outOfRange(what, "at most 1", checked);
}

const FACTS: Readers<CheckedFacts> = {
  maxCost: ledgerAmount,
  maxAttempts: /* @__PURE__ */ wholeFrom(1),
  backend: backendKind,
  requestedBy: /* @__PURE__ */ orNull(identifier),
  confidence: /* @__PURE__ */ orNull(share),
};

/** Reads exactly this word. */
function word<const Word extends string>(only: Word): Reader<Word> {
  return oneOf({ only });
}

/** Reads an object whose field `tag` says which other fields it has. Each field is read once. */
function variantOf<T extends object>(tag: string, variants: Readonly<Record<string, Readers<T>>>): Reader<T> {
  const known = new Map(Object.entries(variants));
  const names = Object.values(variants).flatMap((readers) => Object.keys(readers));
  const all = Object.fromEntries(names.map((name) => [name, anything]));
  return (what, value) => {
    const given = read<Record<string, unknown>>(what, value, all);
    const kind = anyText(`${what}.${tag}`, given[tag]);
    const readers = known.get(kind);
    if (readers === undefined) {
      throw outOfRange(`${what}.${tag}`, `one of ${Array.from(known.keys()).join(", ")}`, kind);
    }
    const fields = Object.entries(given).filter(([, field]) => field !== undefined);
    return read(what, Object.fromEntries(fields), readers);
  };
}

const condition: Reader<PolicyCondition> = /* @__PURE__ */ variantOf<PolicyCondition>("fact", {
  maxCost: { fact: /* @__PURE__ */ word("maxCost"), atMost: ledgerAmount },
  maxAttempts: { fact: /* @__PURE__ */ word("maxAttempts"), atMost: /* @__PURE__ */ wholeFrom(1) },
  backend: { fact: /* @__PURE__ */ word("backend"), oneOf: /* @__PURE__ */ listOf(backendKind) },
  requestedBy: { fact: /* @__PURE__ */ word("requestedBy"), oneOf: /* @__PURE__ */ listOf(identifier) },
  confidence: { fact: /* @__PURE__ */ word("confidence"), atLeast: share },
});

const when = /* @__PURE__ */ listOf(condition);

const budget: Reader<PolicyDecision["scopes"][number]> = (what, value) =>
  outcome(read(what, value, { scope: identifier, cap: ledgerAmount, until: orNull(instant) }));

const rule: Reader<CheckedRule> = /* @__PURE__ */ variantOf<CheckedRule>("then", {
  auto: { name: identifier, when, then: /* @__PURE__ */ word("auto"), budget },
  person: { name: identifier, when, then: /* @__PURE__ */ word("person") },
  people: { name: identifier, when, then: /* @__PURE__ */ word("people") },
  never: { name: identifier, when, then: /* @__PURE__ */ word("never") },
});

/**
 * How a job is decided: what the first rule says that matches. Without such a rule a person decides.
 *
 * Rules are plain data, so that a person can read them and an old job can be decided again. Each `auto` has a budget of its
 * own, which the job's cost is also held in: a thousand small jobs are one budget.
 *
 * @param facts - what the service knows of the job.
 * @param rules - in the order in which they are tried.
 * @throws TypeError for a missing or unknown field, a fact that a rule must not read included, or a wrong type.
 * @throws RangeError for a value out of range, a name that two rules have, or a scope that two budgets have.
 * @example
 * ```ts
 * const small = {
 *   name: "small",
 *   when: [
 *     { fact: "maxCost", atMost: usd("0.50") },
 *     { fact: "backend", oneOf: [BackendKind.LAN_WORKER, BackendKind.CLOUD_WORKER] },
 *   ],
 *   then: "auto",
 *   budget: { scope: "auto:small", cap: usd("20") },
 * } as const;
 * const rules = [small, { name: "all others", when: [], then: "people" }] as const;
 * const facts = { maxCost: usd("0.40"), maxAttempts: 2, backend: BackendKind.CLOUD_WORKER };
 * const decision = decide(facts, rules);
 * decision.kind; // => "auto"
 * decision.scopes.map(({ scope }) => scope); // => ["auto:small"]
 * decide({ ...facts, maxCost: usd("400") }, rules).rule; // => "all others"
 * ```
 */
export function decide(facts: PolicyFacts, rules: readonly PolicyRule[]): PolicyDecision {
  const known = read("decide: facts", facts, FACTS);
  const checked = listOf(rule)("decide: rules", rules);
  ensureDistinct(
    "decide: rules must have names of their own",
    checked.map(({ name }) => name),
  );
  const scopes = checked.flatMap((each) => (each.then === "auto" ? each.budget.scope : []));
  ensureDistinct("decide: rules must have budgets of their own", scopes);
  const found = checked.find(({ when }) => when.every((each) => isMet(each, known)));
  return outcome({
    kind: found?.then ?? "person",
    rule: found?.name ?? null,
    scopes: Object.freeze(found?.then === "auto" ? [found.budget] : []),
  });
}

function isMet(
  condition: PolicyCondition,
  { maxCost, maxAttempts, backend, requestedBy, confidence }: CheckedFacts,
): boolean {
  switch (condition.fact) {
    case "maxCost":
      return maxCost <= condition.atMost;
    case "maxAttempts":
      return maxAttempts <= condition.atMost;
    case "backend":
      return condition.oneOf.includes(backend);
    case "requestedBy":
      // Stryker disable next-line ConditionalExpression: no list has null, which only the compiler does not know
      return requestedBy !== null && condition.oneOf.includes(requestedBy);
    case "confidence":
      return confidence !== null && confidence >= condition.atLeast;
  }
}

function ensureDistinct(what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`${what}; got ${quote(twice)} twice`);
}
