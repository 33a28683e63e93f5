import {
  BackendKind,
  decide,
  epochSeconds,
  microCents,
  type PolicyCondition,
  type PolicyFacts,
  type PolicyRule,
  usd,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const facts: PolicyFacts = {
  maxCost: usd("0.40"),
  maxAttempts: 2,
  backend: BackendKind.CLOUD_WORKER,
  requestedBy: "team:red",
  confidence: 0.9,
};
const budget = { scope: "auto:small", cap: usd(20) };
const when = (...conditions: readonly PolicyCondition[]): PolicyRule => ({
  name: "r",
  when: conditions,
  then: "auto",
  budget,
});
const kind = (rules: readonly PolicyRule[], altered: Partial<PolicyFacts> = {}): string =>
  decide({ ...facts, ...altered }, rules).kind;

// What must not compile: `npm run types` fails if a line below it does. None of this is run.
export function mustNotCompile(tag: { readonly user: string }): readonly unknown[] {
  // @ts-expect-error a rule reads no tag of the submitter
  const byTag: PolicyCondition = { fact: "tags", oneOf: [tag.user] };
  // @ts-expect-error a rule reads no lane: the submitter chooses it
  const byLane: PolicyCondition = { fact: "lane", oneOf: ["cheap"] };
  // @ts-expect-error nor what the submitter says of himself
  const byClaim: PolicyCondition = { fact: "payload", oneOf: ["I am an admin"] };
  // @ts-expect-error nor is it a function, which could read anything
  const byCode: PolicyCondition = () => true;
  // @ts-expect-error the facts have no tags to read
  const withTags: PolicyFacts = { ...facts, tags: tag };
  // @ts-expect-error an auto has a budget
  const free: PolicyRule = { name: "r", when: [], then: "auto" };
  // @ts-expect-error whose cap is its own, not the pinned one
  const open: PolicyRule = { name: "r", when: [], then: "auto", budget: { scope: "auto" } };
  // @ts-expect-error and nobody else has one
  const spent: PolicyRule = { name: "r", when: [], then: "person", budget };
  // @ts-expect-error a number is no money
  const dollars: PolicyCondition = { fact: "maxCost", atMost: 5 };
  return [byTag, byLane, byClaim, byCode, withTags, free, open, spent, dollars];
}

describe("decide", () => {
  const rules: readonly PolicyRule[] = [
    { name: "no strangers", when: [{ fact: "requestedBy", oneOf: ["mallory"] }], then: "never" },
    { name: "small", when: [{ fact: "maxCost", atMost: usd("0.50") }], then: "auto", budget },
    { name: "medium", when: [{ fact: "maxCost", atMost: usd(25) }], then: "person" },
    { name: "large", when: [], then: "people" },
  ];

  it.each<readonly [string, Partial<PolicyFacts>, string, string]>([
    ["the first rule that matches", {}, "auto", "small"],
    ["a rule before it", { requestedBy: "mallory" }, "never", "no strangers"],
    ["the next one", { maxCost: usd("0.51") }, "person", "medium"],
    ["a rule without conditions", { maxCost: usd(26) }, "people", "large"],
  ])("says what %s says", (_, altered, kind, rule) => {
    const scopes = kind === "auto" ? [{ ...budget, until: null }] : [];
    const decision = decide({ ...facts, ...altered }, rules);
    expect(decision).toEqual({ kind, rule, scopes });
    expect(decision).toSatisfy(Object.isFrozen);
    expect(decision.scopes).toSatisfy(Object.isFrozen);
  });

  it("leaves it to a person where no rule matches", () => {
    expect(decide(facts, [])).toEqual({ kind: "person", rule: null, scopes: [] });
    expect(kind(rules.slice(0, 2), { maxCost: usd(1) })).toBe("person");
  });

  it.each<readonly [PolicyCondition, Partial<PolicyFacts>]>([
    [{ fact: "maxCost", atMost: usd("0.40") }, { maxCost: usd("0.40000001") }],
    [{ fact: "maxAttempts", atMost: 2 }, { maxAttempts: 3 }],
    [{ fact: "backend", oneOf: ["local", "cloud_worker"] }, { backend: BackendKind.SDK }],
    [{ fact: "requestedBy", oneOf: ["team:blue", "team:red"] }, { requestedBy: "team:Red" }],
    [{ fact: "confidence", atLeast: 0.9 }, { confidence: 0.89 }],
  ])("%o is met up to its limit, and not beyond", (condition, beyond) => {
    expect(kind([when(condition)])).toBe("auto");
    expect(kind([when(condition)], beyond)).toBe("person");
  });

  it("needs every condition, and meets none by what it does not know", () => {
    const both = [when({ fact: "maxCost", atMost: usd(1) }, { fact: "maxAttempts", atMost: 1 })];
    expect(kind(both)).toBe("person");
    expect(kind(both, { maxAttempts: 1 })).toBe("auto");
    for (const unknown of [null, undefined]) {
      expect(
        kind([when({ fact: "requestedBy", oneOf: ["null", "undefined"] })], { requestedBy: unknown }),
      ).toBe("person");
      expect(kind([when({ fact: "confidence", atLeast: 0 })], { confidence: unknown })).toBe("person");
    }
    expect(kind([when({ fact: "backend", oneOf: [] })])).toBe("person");
  });

  it("gives the scope with its end, as scopes have it", () => {
    const until = epochSeconds(1_796_083_200);
    const dated = { ...budget, until: new Date(until * 1000) };
    const { scopes } = decide(facts, [{ name: "r", when: [], then: "auto", budget: dated }]);
    expect(scopes).toEqual([{ ...budget, until }]);
    expect(JSON.stringify(scopes)).toBe('[{"scope":"auto:small","cap":"20.00","until":1796083200}]');
  });

  it("makes a thousand small jobs one budget", async () => {
    const store = memoryStore();
    let queued = 0;
    for (let n = 0; n < 60; n++) {
      const jobId = String(n);
      const { kind, rule, scopes } = decide(facts, rules);
      expect(kind).toBe("auto");
      const approved = {
        approval: { author: "policy", reason: String(rule) },
        scopes: [{ scope: `run:${jobId}`, cap: usd(1) }, ...scopes],
      };
      const { maxCost, maxAttempts, backend } = facts;
      const submitted = await store.submit({
        jobId,
        lane: "l",
        payload: n,
        backend,
        maxCost,
        maxAttempts,
        approved,
      });
      if (submitted.kind === "queued") queued++;
      else expect(submitted).toMatchObject({ kind: "refused", lacking: [{ scope: budget.scope }] });
    }
    expect(queued).toBe(50);
    expect((await store.usage(budget.scope)).reserved).toBe(usd(20));
  });

  it.each<readonly [string, unknown, RegExp]>([
    [
      "a tag",
      { fact: "tags", oneOf: ["u-7"] },
      /when\[0\]\.fact must be one of maxCost, maxAttempts, backend/,
    ],
    ["a lane", { fact: "lane", oneOf: ["cheap"] }, /fact must be one of/],
    ["what every object has", { fact: "constructor" }, /fact must be one of/],
    ["nothing", { atMost: usd(1) }, /fact must be a string; got undefined/],
    ["no limit", { fact: "maxCost" }, /atMost must be MicroCents.*; got undefined/],
    [
      "an undefined limit",
      { fact: "maxCost", atMost: undefined },
      /atMost must be MicroCents.*; got undefined/,
    ],
    ["another fact's limit", { fact: "maxCost", atMost: usd(1), oneOf: ["local"] }, /has no field "oneOf"/],
    ["an unknown limit", { fact: "maxCost", below: usd(1) }, /has no field "below"/],
    ["a backend that is none", { fact: "backend", oneOf: ["gpu"] }, /oneOf\[0\] must be one of local/],
    ["a share above 1", { fact: "confidence", atLeast: 90 }, /atLeast must be at most 1; got 90/],
    ["a function", () => true, /when\[0\] must be a plain object; got a function/],
  ])("refuses a rule that reads %s", (_, condition, message) => {
    expect(() => decide(facts, [when(condition as PolicyCondition)])).toThrow(message);
  });

  it.each<readonly [string, readonly unknown[], RegExp]>([
    [
      "an auto without a budget",
      [{ name: "r", when: [], then: "auto" }],
      /budget must be a plain object; got undefined/,
    ],
    ["a budget without a cap", [{ ...when(), budget: { scope: "a" } }], /budget\.cap must be MicroCents/],
    ["a budget of a person", [{ ...when(), then: "person" }], /has no field "budget"/],
    [
      "another answer",
      [{ ...when(), then: "maybe" }],
      /then must be one of auto, person, people, never; got "maybe"/,
    ],
    ["a rule without a name", [{ ...when(), name: "" }], /name must be 1 to 200 code units/],
    ["a rule without `when`", [{ ...when(), when: undefined }], /when must be an array; got undefined/],
    [
      "two rules of one name",
      [when(), { ...when(), then: "never", budget: undefined }],
      /names of their own; got "r" twice/,
    ],
    [
      "two budgets of one scope",
      [when(), { ...when(), name: "s" }],
      /budgets of their own; got "auto:small" twice/,
    ],
  ])("refuses %s, also where another rule matches first", (_, rules, message) => {
    const first = { name: "first", when: [], then: "never" };
    expect(() => decide(facts, [first, ...rules] as readonly PolicyRule[])).toThrow(message);
  });

  it("refuses facts of the submitter at run time too", () => {
    for (const fact of ["tags", "lane", "payload", "priority"]) {
      expect(() => decide({ ...facts, [fact]: "x" }, [])).toThrow(/^decide: facts has no field/);
    }
    expect(() => decide({ ...facts, confidence: 1.1 }, [])).toThrow(RangeError);
    expect(() => decide({ ...facts, maxCost: undefined as never }, [])).toThrow(TypeError);
  });

  it("never answers auto for what costs more than every auto allows", () => {
    const amount = fc.bigInt({ min: 0n, max: 100n }).map(microCents);
    const rule = fc.record({ most: amount, then: fc.constantFrom("auto", "person", "people", "never") });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), amount, (list, maxCost) => {
        const rules = list.map(({ most, then }, n) => ({
          name: String(n),
          when: [{ fact: "maxCost", atMost: most }],
          then,
          ...(then === "auto" && { budget: { scope: `auto:${n}`, cap: most } }),
        })) as unknown as readonly PolicyRule[];
        const first = list.findIndex(({ most }) => maxCost <= most);
        const answer = decide({ ...facts, maxCost }, rules);
        expect(answer.kind).toBe(list[first]?.then ?? "person");
        expect(answer.rule).toBe(first === -1 ? null : String(first));
        expect(answer.scopes.map(({ scope }) => scope)).toEqual(
          answer.kind === "auto" ? [`auto:${first}`] : [],
        );
      }),
    );
  });
});
