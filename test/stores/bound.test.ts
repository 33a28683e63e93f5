import { DatabaseSync } from "node:sqlite";
import { type DispatchStore, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { describe, expect, it } from "vitest";

const bound = { digest: "0".repeat(64), ceiling: usd("1"), until: new Date("2027-01-01T00:00:00Z") };
const approval = { author: "alice", reason: "seen", bound };
const scopes = [{ scope: "run:1", cap: usd("5") }];
const job = {
  jobId: "j",
  lane: "gpu",
  payload: 1,
  backend: "cloud_worker" as const,
  maxCost: usd("1"),
  maxAttempts: 1,
  scopes,
};

describe.each<readonly [string, () => DispatchStore]>([
  ["memory", memoryStore],
  ["SQLite", () => sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }))],
])("a bound approval, which no store checks yet, on %s", (_, make) => {
  it("is refused wherever a decision is taken, and nothing moves", async () => {
    const store = make();
    await store.migrate();
    const refused = { code: "unsupported" };
    await expect(store.submit({ ...job, approved: { approval } })).rejects.toMatchObject(refused);
    expect(await store.job("j")).toBeNull();
    await store.submit(job);
    await expect(store.approve("j", approval)).rejects.toMatchObject(refused);
    await expect(store.approve("j", { id: "d", approval })).rejects.toMatchObject(refused);
    await expect(store.pinCap("run:1", usd("9"), { id: "p", approval })).rejects.toMatchObject(refused);
    expect((await store.job("j"))?.state).toBe("awaiting_approval");
    expect(await store.cap("run:1")).toBeNull();
  });
});
