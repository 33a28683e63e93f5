import { NodeIdentity, selectBackend, ToolRequirements } from "dispatch-kit";
import { lackingScopes } from "dispatch-kit/rules";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { micro, paid } from "./stores/memory/support.ts";

describe("read", () => {
  it("an object without a prototype is as plain as one with it", () => {
    const fields: unknown = Object.assign(Object.create(null) as object, { name: "box" });
    expect(new NodeIdentity(fields as { name: string }).name).toBe("box");
  });
});

describe("selectBackend: a list that lies about its length", () => {
  it.each([-1, 1.5, NaN, Infinity, 2 ** 32, "2"])("is refused at %s", (length) => {
    const backends = new Proxy<never[]>([], {
      get: (target, key): unknown => (key === "length" ? length : Reflect.get(target, key)),
    });
    expect(() => selectBackend(backends, new ToolRequirements({ toolId: "t" }))).toThrow(
      /^selectBackend: backends must be an array with a length that arrays can have/,
    );
  });
});

describe("an outcome as JSON", () => {
  it("has its money in dollars, to the last list", async () => {
    const store = memoryStore({ payload: (): unknown => ({ prices: [micro(5), [micro(6)]] }) });
    await store.submit(paid("j"));
    const json: unknown = JSON.parse(JSON.stringify(await store.job("j")));
    expect(json).toMatchObject({ maxCost: "0.0000001", payload: { prices: ["0.00000005", ["0.00000006"]] } });
  });

  it("is given for exactly what lacks room", () => {
    const room = { scope: "run:1", cap: micro(10), committed: micro(4) };
    expect(lackingScopes(micro(6), [room])).toEqual([]);
    expect(lackingScopes(micro(7), [room])).toEqual([{ scope: "run:1", by: 1n }]);
  });
});
