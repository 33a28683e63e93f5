import { isDispatchError } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { ours } from "../support/copies.ts";
import { type As, Reason, valueClasses } from "../support/value-classes.ts";
import { lookAlikes, NOTHING, SABOTAGE } from "./values.ts";

/** What came of a use: its answer, or why not, whoever was asked. */
async function outcomeOf(use: (as: As) => unknown, as: As): Promise<unknown> {
  try {
    return { answer: await use(as) };
  } catch (error) {
    if (error === SABOTAGE) return SABOTAGE;
    // A right value that the store refuses: its cap is unknown.
    if (isDispatchError(error)) return { code: error.code, subject: error.subject };
    const isReason = error instanceof Reason;
    if (!(error instanceof TypeError || error instanceof RangeError || isReason)) throw error;
    const [said = error.message] = / (must be|has no field) .*$/s.exec(error.message) ?? [];
    return { said, isType: isReason ? (expect.any(Boolean) as boolean) : error instanceof TypeError };
  }
}

describe.each(valueClasses(ours))("a look-alike of $name", ({ value, make, uses }) => {
  it.each(Object.entries(uses))(
    "in %s is judged by its own fields, as its class judges them",
    async (_, use) => {
      const broken: string[] = [];
      for (const [index, { label, model }] of lookAlikes(value).entries()) {
        // Made anew for each reading: some change their minds.
        const alike = (of: object) => lookAlikes(of)[index];
        const found = await outcomeOf(use, (of) => alike(of)?.value as typeof of);
        const expected = await outcomeOf(use, (of) => make(alike(of)?.model as object) as typeof of);
        // A getter's own error may pass through.
        if (found === SABOTAGE) continue;
        try {
          if (model === NOTHING) expect(found).toEqual({ said: expect.any(String) as string, isType: true });
          else expect(found).toEqual(expected);
        } catch (error) {
          broken.push(`${label}: ${String(error)}`);
        }
      }
      expect(broken, broken.join("\n")).toEqual([]);
    },
  );

  it("is read in all of them where the value itself is", async () => {
    for (const use of Object.values(uses)) {
      expect(await outcomeOf(use, (of) => of)).toHaveProperty("answer");
    }
  });
});
