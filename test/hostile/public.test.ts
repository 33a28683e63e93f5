import { canTransition, isDispatchError, JobState } from "dispatch-kit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bound, callables, constants, TABLE } from "./public.ts";
import { anything, anywhere, COERCED, type Hostile, mutations, places, put, SABOTAGE } from "./values.ts";

/** What came of a call: an error that is allowed, or a result that the law allows; else why not. */
async function verdict(path: string, args: readonly unknown[], models: readonly unknown[]): Promise<string> {
  const entry = TABLE[path];
  try {
    // Only an own promise is waited for: what is thenable and hostile is a result like any other.
    const made = bound(path)(entry?.self, args);
    const result: unknown = made instanceof Promise ? await made : made;
    return entry?.law(result, models, args) === true
      ? ""
      : `accepted, with a result that is ${typeof result}`;
  } catch (error) {
    if (error === SABOTAGE || (error === COERCED && entry?.coerces === true)) return "";
    if (!(error instanceof TypeError || error instanceof RangeError || isDispatchError(error))) {
      return `threw ${error instanceof Error ? `${error.name} ${error.message}` : typeof error}`;
    }
    // The native errors of what makes text of its arguments say what they like.
    if (entry?.coerces === true) return "";
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(error.message))
      return `an unprintable message: ${JSON.stringify(error.message)}`;
    return error.message.length > 600 ? `a message of ${error.message.length} characters` : "";
  }
}

/** Every hostile stand-in for one argument of an entry; those of a contract are only replaced. */
function standIns(path: string, index: number, genuine: unknown): readonly Hostile[] {
  return index < (TABLE[path]?.trusted ?? 0) ? anywhere() : mutations(genuine);
}

beforeAll(() => {
  // The default log of logEgress.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe("the table of public names", () => {
  it("has every function, constructor, static, method and getter of the barrel, and no other", () => {
    expect(Object.keys(TABLE).sort()).toEqual(callables().sort());
  });

  it("has every constant of the barrel", () => {
    expect(constants().sort()).toEqual([
      "ApprovalOutcome",
      "BackendKind",
      "BudgetWindow",
      "Determinism",
      "HoldState",
      "JobState",
      "WorkerHealth",
    ]);
  });
});

describe.each(Object.keys(TABLE))("%s", (path) => {
  const entry = TABLE[path];
  const args = entry?.args ?? (() => []);

  it("obeys its law with right arguments", async () => {
    expect(await verdict(path, args(), args())).toBe("");
  });

  it("turns no hostile argument, field or element into a yes", async () => {
    const broken: string[] = [];
    const count = args().length;
    for (let index = 0; index < Math.max(count, 1); index++) {
      for (const { label, value, model } of standIns(path, index, args()[index])) {
        const given = [...args()];
        const models = [...args()];
        given[index] = value;
        models[index] = model;
        const found = await verdict(path, given, models);
        if (found !== "") broken.push(`argument ${index}, ${label}: ${found}`);
      }
    }
    expect(broken, broken.join("\n")).toEqual([]);
  });

  it("turns no missing or further argument into a yes", async () => {
    const right = args();
    for (let count = 0; count < right.length; count++) {
      const some = right.slice(0, count);
      const models = right.map((_, index) => some[index]);
      expect(await verdict(path, some, models), `${count} arguments`).toBe("");
    }
    for (const { label, value } of anywhere()) {
      expect(await verdict(path, [...args(), value], args()), label).toBe("");
    }
  });
});

describe("canTransition", () => {
  it("says yes to the moves of the original, and to no other of all pairs", () => {
    const pairs = Object.values(JobState).flatMap((from) =>
      Object.values(JobState).map((to) => [from, to] as const),
    );
    for (const [from, to] of pairs) {
      expect(TABLE["canTransition"]?.law(canTransition(from, to), [from, to], []), `${from} to ${to}`).toBe(
        true,
      );
    }
  });
});

describe("everything at once", () => {
  const paths = Object.keys(TABLE);

  it("takes anything at any place of any call, and never for a yes", async () => {
    const where = fc.tuple(fc.constantFrom(...paths), fc.nat(), anything, fc.boolean());
    await fc.assert(
      fc.asyncProperty(where, async ([path, at, other]) => {
        const args = [...(TABLE[path]?.args() ?? [])];
        const inside = args.flatMap((arg, index) =>
          index < (TABLE[path]?.trusted ?? 0) ? [[String(index)]] : places(arg, [String(index)]),
        );
        const place = inside[at % Math.max(inside.length, 1)] ?? ["0"];
        const hostile = (args.length === 0 ? [other] : put(args, place, other)) as unknown[];
        expect(await verdict(path, hostile, hostile), `${path} at ${place.join(".")}`).toBe("");
      }),
      { numRuns: 5_000 },
    );
  });
});
