import { planStage, stagedBytes, StagedItem, StagePlan } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const item = (key: string, sizeBytes = 40): StagedItem => new StagedItem({ key, sizeBytes });
/** `"a b"` is two items of 40 bytes; `"a:500"` one of 500. */
function items(text: string): StagedItem[] {
  const words = text.split(" ").filter((word) => word !== "");
  return words.map((word) => {
    const [key = "", size = "40"] = word.split(":");
    return item(key, Number(size));
  });
}
const limits = { maxItems: 3, maxBytes: 100 };

describe("planStage", () => {
  it.each([
    ["an empty queue evicts everything", "", "a b", "", "a b", false],
    ["the queue's order", "c a:1 b", "", "c a b", "", false],
    ["what is there is not fetched again", "a b", "b", "a", "", false],
    ["no more than the limit of bytes", "a b c", "", "a b", "", false],
    ["an exact fit", "a b:60 c:0", "", "a b c", "", false],
    ["no more than the limit of items", "a:1 b:1 c:1 d:1", "", "a b c", "", false],
    ["nothing is skipped for a smaller one behind it", "a b:61 c:1", "", "a", "", false],
    ["the head is staged though it is too large", "a:500 b:0", "", "a", "", true],
    ["a head that is there is kept though it is too large", "a:500", "a:500 b", "", "b", true],
    ["a key that comes again counts once, with its first size", "a a:500 b", "", "a b", "", false],
    ["the size of the queue counts, not the one that is there", "a b", "a:500", "b", "", false],
    ["evicts in the order in which they are staged", "b", "c b a", "", "c a", false],
    ["evicts every copy", "b", "a b a b", "", "a a", false],
  ])("%s", (_, desired, staged, stage, evict, overBudget) => {
    const plan = planStage(items(desired), items(staged), limits);
    expect(plan).toBeInstanceOf(StagePlan);
    const keys = (text: string): string[] => items(text).map(({ key }) => key);
    expect({ ...plan }).toStrictEqual({ stage: keys(stage), evict: keys(evict), overBudget });
  });

  it("stages nothing where nothing may be staged, not even the head", () => {
    const plan = planStage(items("a:500"), items("a:500 b"), { maxItems: 0, maxBytes: 0 });
    expect(plan).toEqual({ stage: [], evict: ["a", "b"], overBudget: false });
    expect(planStage(items("a:0 b:0 c:1"), [], { maxItems: 9, maxBytes: 0 }).stage).toEqual(["a", "b"]);
  });

  const someItems = fc
    .array(fc.tuple(fc.constantFrom(..."abcdefgh"), fc.constantFrom(0, 1, 10, 60, 80, 500)), { maxLength: 8 })
    .map((list) => list.map(([key, size]) => item(key, size)));
  const someLimits = fc.record({ maxItems: fc.nat(5), maxBytes: fc.constantFrom(0, 10, 100, 1_000) });

  it("keeps its limits and serves the queue in order", () => {
    fc.assert(
      fc.property(someItems, someItems, someLimits, (desired, staged, { maxItems, maxBytes }) => {
        const { stage, evict, overBudget } = planStage(desired, staged, { maxItems, maxBytes });
        const there = new Set(staged.map(({ key }) => key));
        const kept = new Set([...there].filter((key) => !evict.includes(key)).concat(stage));
        // The first size of each key, in the order of the queue.
        const sizes = new Map([...desired].reverse().map(({ key, sizeBytes }) => [key, sizeBytes]));
        const queue = Array.from(new Set(desired.map(({ key }) => key)));
        expect(kept).toEqual(new Set(queue.slice(0, kept.size)));
        expect(kept.size).toBeLessThanOrEqual(maxItems);
        const bytes = queue.slice(0, kept.size).reduce((sum, key) => sum + (sizes.get(key) ?? NaN), 0);
        expect(overBudget).toBe(bytes > maxBytes);
        if (overBudget) expect(kept.size).toBe(1);
        // The window is as long as it can be.
        const next = queue[kept.size];
        if (next !== undefined && kept.size < maxItems) {
          expect(kept.size).toBeGreaterThan(0);
          expect(bytes + (sizes.get(next) ?? NaN)).toBeGreaterThan(maxBytes);
        }
        expect(stage).toEqual(queue.slice(0, kept.size).filter((key) => !there.has(key)));
        expect(evict).toEqual(staged.map(({ key }) => key).filter((key) => !kept.has(key)));
      }),
    );
  });

  it("has nothing to do once it was carried out", () => {
    fc.assert(
      fc.property(someItems, someItems, someLimits, (desired, staged, given) => {
        const plan = planStage(desired, staged, given);
        const fetched = plan.stage.map((key) => item(key));
        const after = staged.filter(({ key }) => !plan.evict.includes(key)).concat(fetched);
        const again = planStage(desired, after, given);
        expect(again).toEqual({ stage: [], evict: [], overBudget: plan.overBudget });
      }),
    );
  });

  it("reads clones and plain fields", () => {
    const [desired, staged] = [items("a b c"), items("c d")];
    expect(
      planStage(
        structuredClone(desired),
        staged.map((one) => ({ ...one })),
        limits,
      ),
    ).toEqual(planStage(desired, staged, limits));
  });

  it("adds sizes up that are as large as can be", () => {
    const huge = Number.MAX_SAFE_INTEGER;
    const plan = planStage([item("a", huge), item("b", 1)], [], { maxItems: 2, maxBytes: huge });
    expect(plan).toEqual({ stage: ["a"], evict: [], overBudget: false });
  });

  it.each<readonly [string, unknown[], Error]>([
    [
      "a negative limit of items",
      [[], [], { maxItems: -1, maxBytes: 0 }],
      new RangeError("planStage.maxItems must be a whole number of at least 0; got -1"),
    ],
    [
      "a negative limit of bytes",
      [[], [], { maxItems: 0, maxBytes: -1 }],
      new RangeError("planStage.maxBytes must be a whole number of at least 0; got -1"),
    ],
    [
      "half a byte",
      [[], [], { maxItems: 0, maxBytes: 0.5 }],
      new RangeError("planStage.maxBytes must be a whole number of at least 0; got 0.5"),
    ],
    [
      "no limit",
      [[], [], { maxItems: 0 }],
      new TypeError("planStage.maxBytes must be a number; got undefined"),
    ],
    [
      "a queue of keys",
      [["a"], [], limits],
      new TypeError("planStage: desired[0] must be a StagedItem or its fields; got a string"),
    ],
    [
      "nothing staged at all",
      [[], undefined, limits],
      new TypeError("planStage: staged must be an array; got undefined"),
    ],
    ["no options", [[], []], new TypeError("planStage must be a plain object; got undefined")],
  ])("refuses %s", (_, args, error) => {
    expect(() => Reflect.apply(planStage, undefined, args) as unknown).toThrow(error);
  });
});

describe("stagedBytes", () => {
  it("is the sum of all sizes, copies included", () => {
    expect(stagedBytes([])).toBe(0);
    expect(stagedBytes(items("a b:2 a"))).toBe(82);
    expect(stagedBytes(structuredClone(items("a b:2 a")))).toBe(82);
  });

  it("is exact, or refused", () => {
    const huge = Number.MAX_SAFE_INTEGER;
    expect(stagedBytes([item("a", huge - 1), item("b", 1)])).toBe(huge);
    expect(() => stagedBytes([item("a", huge), item("b", 1)])).toThrow(
      new RangeError("stagedBytes: the sum must be less than 2^53 bytes; got 9007199254740992"),
    );
  });

  it("refuses what is no list of items", () => {
    expect(() => stagedBytes({ length: 0 } as never)).toThrow(
      new TypeError("stagedBytes: staged must be an array; got an object"),
    );
    expect(() => stagedBytes([{ key: "a" }] as never)).toThrow(
      new TypeError("stagedBytes: staged[0].sizeBytes must be a number; got undefined"),
    );
  });
});

describe("StagedItem", () => {
  it("is what it was made of, and frozen", () => {
    expect({ ...item("a", 0) }).toStrictEqual({ key: "a", sizeBytes: 0 });
    expect(item("a")).toSatisfy(Object.isFrozen);
  });

  it.each<readonly [object, Error]>([
    [
      { key: "" },
      new RangeError('StagedItem.key must be 1 to 500 code units without control characters; got ""'),
    ],
    [{ key: 1 }, new TypeError("StagedItem.key must be a string; got 1")],
    [{ sizeBytes: -1 }, new RangeError("StagedItem.sizeBytes must be a whole number of at least 0; got -1")],
    [{ sizeBytes: 1n }, new TypeError("StagedItem.sizeBytes must be a number; got a bigint")],
    [{ sizeBytes: undefined }, new TypeError("StagedItem.sizeBytes must be a number; got undefined")],
    [{ size: 1 }, new TypeError('StagedItem has no field "size"; its fields are key, sizeBytes')],
  ])("refuses %o", (wrong, error) => {
    expect(() => new StagedItem({ key: "a", sizeBytes: 1, ...wrong })).toThrow(error);
  });
});

describe("StagePlan", () => {
  it("is what it was made of, and frozen with its lists", () => {
    const stage = ["a"];
    const plan = new StagePlan({ stage, evict: [], overBudget: false });
    stage.push("b");
    expect({ ...plan }).toStrictEqual({ stage: ["a"], evict: [], overBudget: false });
    expect(plan).toSatisfy(Object.isFrozen);
    expect(plan.stage).toSatisfy(Object.isFrozen);
    expect(plan.evict).toSatisfy(Object.isFrozen);
  });

  it("refuses a wrong type", () => {
    expect(() => new StagePlan({ stage: ["a"], evict: "b", overBudget: false } as never)).toThrow(
      new TypeError("StagePlan.evict must be an array; got a string"),
    );
    expect(() => new StagePlan({ stage: ["a"], evict: [] } as never)).toThrow(
      new TypeError("StagePlan.overBudget must be true or false; got undefined"),
    );
  });
});
