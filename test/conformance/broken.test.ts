import { conformance, type ConformanceCase } from "dispatch-kit/conformance";
import { describe, expect, it } from "vitest";
import { BROKEN } from "./broken/index.ts";
import { type Defect, makerOf } from "./makers.ts";

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
  it("is there for every case", () => {
    const caught = new Set(BROKEN.map(([name]) => name));
    expect(honest.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
  });

  it.each(BROKEN)("%s: %s", async (name, _, defect) => {
    const error: unknown = await caseOn(name, defect)
      .run()
      .then(({ kind }) => `the case ${kind}`)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(/: expected .+; got /s);
    // Not by a mistake of the broken store's own.
    expect(String(error)).not.toMatch(/got TypeError/);
  });
});
