import { conformance, type ConformanceCase } from "dispatch-kit/conformance";
import { describe, expect, it } from "vitest";
import { brokenHolds } from "./broken/holds.ts";
import { type Broken } from "./broken/table.ts";
import { type Defect, makerOf } from "./makers.ts";

const BROKEN: readonly Broken[] = [...brokenHolds];

const honest = conformance(makerOf());

function caseOn(name: string, defect: Defect): ConformanceCase {
  const found = conformance(makerOf(defect)).find((one) => one.name === name);
  if (!found) throw new Error(`there is no case ${name}`);
  return found;
}

describe("an honest store with every hook", () => {
  it.each(honest.map(({ name, run }) => [name, run] as const))("passes %s", async (_, run) => {
    expect(await run()).toEqual({ kind: "passed" });
  });
});

describe("a broken store", () => {
  it.each(BROKEN)("%s: %s", async (name, _, defect) => {
    await expect(caseOn(name, defect).run()).rejects.toThrow(/: expected .+; got /s);
  });
});
