import {
  Approval,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  BudgetState,
  CostEstimate,
  CostRates,
  ExternalEndpoint,
  HostCapabilities,
  Lease,
  NodeIdentity,
  RetriableError,
  SecretRef,
  selectBackend,
  TokenRates,
  ToolRequirements,
} from "dispatch-kit";
import { lackingScopes } from "dispatch-kit/rules";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { micro, paid } from "./stores/memory/support.ts";

const classes = {
  Approval,
  BackendCapabilities,
  BudgetCap,
  BudgetState,
  CostEstimate,
  CostRates,
  ExternalEndpoint,
  HostCapabilities,
  Lease,
  NodeIdentity,
  SecretRef,
  TokenRates,
  ToolRequirements,
};

describe("read", () => {
  it("an object without a prototype is as plain as one with it", () => {
    const fields: unknown = Object.assign(Object.create(null) as object, { nodeId: "box" });
    expect(new NodeIdentity(fields as { nodeId: string }).nodeId).toBe("box");
  });
});

describe("is", () => {
  it.each(Object.entries(classes))("%s.is: false for anything else, and it never throws", (_, { is }) => {
    for (const other of [undefined, null, true, 5, 5n, "x", Symbol("x"), {}, [], () => 0, new Date()]) {
      expect(is(other)).toBe(false);
    }
  });
});

describe("an explicit undefined, where no money is concerned, is a missing field", () => {
  // From JavaScript, or without exactOptionalPropertyTypes.
  const none = undefined as never;
  it.each<readonly [string, () => unknown, unknown]>([
    [
      "Approval",
      () =>
        new Approval({ author: "a", reason: "r", decidedAt: "2026-11-23T09:00:00Z", outcome: none }).outcome,
      "approved",
    ],
    ["NodeIdentity", () => new NodeIdentity({ nodeId: "box", host: none }).host, null],
    ["BackendCapabilities", () => new BackendCapabilities({ toolIds: none }).toolIds, null],
    ["RetriableError", () => new RetriableError("busy", { actual: none }).actual, null],
    [
      "selectBackend",
      () =>
        selectBackend(
          [{ kind: BackendKind.LOCAL, canSatisfy: () => true }],
          new ToolRequirements({ toolId: "t" }),
          { allowSdk: none },
        ).kind,
      "local",
    ],
  ])("%s", (_, make, expected) => {
    expect(make()).toBe(expected);
  });
});

describe("selectBackend: a list that lies about its length", () => {
  it.each([-1, 1.5, NaN, Infinity, 2 ** 32, "2"])("is refused at %s", (length) => {
    const backends = new Proxy<never[]>([], {
      get: (target, key): unknown => (key === "length" ? length : Reflect.get(target, key)),
    });
    expect(() => selectBackend(backends, new ToolRequirements({ toolId: "t" }))).toThrow(
      /^selectBackend: backends must be as long as an array can be/,
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
