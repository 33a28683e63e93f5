import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { without } from "../support/without.ts";
import { CALLS, SECRET } from "./calls.ts";
import { fieldsOf, outcomeOf } from "./doors.ts";
import { STORES } from "./stores.ts";
import { VALUES } from "./values.ts";

beforeAll(() => {
  // The defaults of `log` and of `env`.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.stubEnv(SECRET, "k-1");
});
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

// An explicit `undefined` is a missing field: in every value, every options object, and where money is concerned too.
describe.each([...VALUES, ...STORES, ...CALLS])("$name", (door) => {
  it("takes its right fields", async () => {
    expect(await outcomeOf(door, door.fields)).toHaveProperty("result");
  });

  it("takes an undefined field for a missing one, whichever it is", async () => {
    const known = await fieldsOf(door);
    expect(known).toEqual(
      expect.arrayContaining(Object.keys(door.fields).filter((key) => known.includes(key))),
    );
    for (const key of known) {
      const missing = await outcomeOf(door, without(door.fields, key));
      expect(await outcomeOf(door, { ...door.fields, [key]: undefined }), key).toStrictEqual(missing);
    }
  });

  it("needs these fields and no others, and says what each must be", async () => {
    const needed: string[] = [];
    for (const key of await fieldsOf(door)) {
      const { error } = await outcomeOf(door, { ...door.fields, [key]: undefined });
      if (error === undefined) continue;
      needed.push(key);
      expect(error).toMatch(new RegExp(`^TypeError: .*\\b${key} must be [^;]+; got undefined$`));
    }
    const asked = door.required.filter((key) => door.known?.includes(key) ?? true);
    expect(needed.sort()).toEqual([...asked].sort());
  });

  it("takes only what it needs", async () => {
    const { fields, required } = door;
    const least = Object.fromEntries(required.map((key) => [key, fields[key]]));
    const all = Object.fromEntries((await fieldsOf(door)).map((key) => [key, undefined]));
    const found = await outcomeOf(door, least);
    expect(found).toHaveProperty("result");
    expect(await outcomeOf(door, { ...all, ...least })).toStrictEqual(found);
  });
});
