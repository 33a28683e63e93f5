import { DatabaseSync } from "node:sqlite";
import { usd } from "dispatch-kit";
import { sqliteStore } from "dispatch-kit/sqlite";
import { afterAll, describe, expect, it, vi } from "vitest";

// Before the imports: the function is read once, when the store is loaded.
vi.hoisted(() => {
  vi.stubGlobal("setImmediate", undefined);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe("sqliteStore: a runtime without setImmediate", () => {
  it("groups and answers calls all the same", async () => {
    const store = sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }));
    await store.migrate();
    const scopes = [{ scope: "run:1", cap: usd("0.15") }];
    const hold = (holdId: string): Promise<unknown> =>
      store.hold({ holdId, amount: usd("0.10"), scopes, ttlSeconds: 60 });
    const answers = await Promise.all([hold("a"), hold("b")]);
    expect(answers).toMatchObject([{ kind: "held" }, { kind: "refused" }]);
  });
});
