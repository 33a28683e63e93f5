import { usd } from "dispatch-kit";
import { isDeepStrictEqual } from "node:util";
import * as law from "../laws.ts";
import { type Fields, isPlain } from "../values.ts";
import { atLeastOne, type Entry, id, KINDS, ledger, read, runAt } from "./entry.ts";

const NOW = 1_795_392_000;

const share: law.Field = (model) => (Number(law.finite(model)) <= 1 ? model : law.REFUSED);

/** `Number` of a symbol throws. */
const orRefused =
  (field: law.Field): law.Field =>
  (model) =>
    typeof model === "number" ? field(model) : law.REFUSED;

const budget: law.Field = (model) => law.fieldsOf({ scope: id, cap: ledger, until: runAt }, model);
const LIMITS: Readonly<Record<string, Readonly<Record<string, law.Field>>>> = {
  maxCost: { atMost: ledger },
  maxAttempts: { atMost: atLeastOne },
  backend: { oneOf: law.listOf(law.oneOf(KINDS)) },
  requestedBy: { oneOf: law.listOf(id) },
  confidence: { atLeast: orRefused(share) },
};

/** Fields that one of them, the tag, chooses. */
const variant =
  (tag: string, kinds: Readonly<Record<string, Readonly<Record<string, law.Field>>>>): law.Field =>
  (model) => {
    const kind = isPlain(model) ? model[tag] : undefined;
    if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) return law.REFUSED;
    return law.fieldsOf({ [tag]: law.text, ...kinds[kind] }, model);
  };

const named = { name: id, when: law.listOf(variant("fact", LIMITS)) };
const ruleOf = variant("then", { auto: { ...named, budget }, person: named, people: named, never: named });
const factsOf: law.Field = (model) =>
  law.fieldsOf(
    {
      maxCost: ledger,
      maxAttempts: atLeastOne,
      backend: law.oneOf(KINDS),
      requestedBy: law.orNull(id),
      confidence: law.orNull(orRefused(share)),
    },
    model,
  );

function isMet({ fact, atMost, atLeast, oneOf }: Fields, facts: Fields): boolean {
  const known = facts[fact as string];
  if (known === null) return false;
  if (oneOf !== undefined) return (oneOf as readonly unknown[]).includes(known);
  return atMost !== undefined ? Number(known) <= Number(atMost) : Number(known) >= Number(atLeast);
}

/** Policy. */
export const POLICY: Readonly<Record<string, Entry>> = {
  decide: {
    args: () => [
      { maxCost: usd(1), maxAttempts: 2, backend: "sdk", requestedBy: "team:red", confidence: 0.5 },
      [
        {
          name: "small",
          when: [
            { fact: "maxCost", atMost: usd("0.50") },
            { fact: "confidence", atLeast: 0.9 },
          ],
          then: "auto",
          budget: { scope: "auto:small", cap: usd(20), until: NOW },
        },
        { name: "local", when: [{ fact: "backend", oneOf: ["local"] }], then: "people" },
        { name: "red", when: [{ fact: "requestedBy", oneOf: ["team:red"] }], then: "never" },
      ],
    ],
    law: (result, [facts, rules]) => {
      const known = factsOf(facts);
      const list = law.listOf(ruleOf)(rules);
      if (!read(known) || list === law.REFUSED) return false;
      const found = (list as readonly (Fields & { readonly when: readonly Fields[] })[]).find(({ when }) =>
        when.every((condition) => isMet(condition, known)),
      );
      const { kind, rule, scopes } = result as {
        kind: string;
        rule: string | null;
        scopes: readonly object[];
      };
      const budgets = found?.["then"] === "auto" ? [found["budget"]] : [];
      return (
        kind === (found?.["then"] ?? "person") &&
        rule === (found?.["name"] ?? null) &&
        isDeepStrictEqual(
          scopes.map((scope) => ({ ...scope })),
          budgets,
        )
      );
    },
  },
};
