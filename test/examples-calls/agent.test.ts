import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { epochSeconds, usd } from "dispatch-kit";
import { egressFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { describe, expect, it } from "vitest";
import { runAgent } from "../../examples/calls/agent.ts";
import { withRetries } from "../../examples/calls/retries.ts";
import { committed, request, thrownBy } from "../calls/with-hold-support.ts";
import { withProvider } from "./support.ts";

const { at } = withProvider();

/** One paid call over the network, at $0.18. */
async function step(): Promise<ReturnType<typeof usd>> {
  const body = JSON.stringify({ messages: [] });
  const answer = await egressFetch(at().endpoint(), "chat/completions", { method: "POST", body });
  await answer.json();
  return usd("0.18");
}

describe("examples/calls/agent", () => {
  it("of a hundred calls at $0.18 under a cap of $1 five are made", async () => {
    const ledger = memoryStore();
    const seen = at().seen.length;
    expect(await runAgent(ledger, { runId: "1", name: "a" }, step)).toBe(5);
    expect(at().seen.length).toBe(seen + 5);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.90") });
  });

  it("ten loops at once on one SQLite file make five together", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
    const seen = at().seen.length;
    const open = () => new DatabaseSync(join(folder, "ledger.db"), { timeout: 5000 });
    const databases = Array.from({ length: 10 }, open);
    const ledgers = databases.map((database) => sqliteStore(database));
    for (const ledger of ledgers) await ledger.migrate();
    const loops = ledgers.map((ledger, index) => runAgent(ledger, { runId: "1", name: String(index) }, step));
    const made = await Promise.all(loops);
    expect(made.reduce((sum, calls) => sum + calls, 0)).toBe(5);
    expect(at().seen.length).toBe(seen + 5);
    const [ledger] = ledgers;
    if (ledger) expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.90") });
    for (const database of databases) database.close();
    rmSync(folder, { recursive: true });
  });

  it("a loop that is started again under the same names repeats no call", async () => {
    const ledger = memoryStore();
    await runAgent(ledger, { runId: "1", name: "a" }, step);
    const seen = at().seen.length;
    expect(await runAgent(ledger, { runId: "1", name: "a" }, step)).toBe(0);
    expect(at().seen.length).toBe(seen);
  });
});

describe("examples/calls/retries", () => {
  const options = { attempts: 3, isWorthwhile: (error: unknown) => (error as Error).message === "busy" };
  const failing = (times: number) => {
    let calls = 0;
    return () => {
      if (++calls <= times) throw new Error("busy");
      return Promise.resolve({ value: calls, actual: usd("0.05") });
    };
  };

  it("each attempt has a hold of its own, and what failed may have cost", async () => {
    let now = 1_795_392_000;
    const ledger = memoryStore({ clock: () => epochSeconds(now) });
    const outcome = await withRetries(ledger, request, failing(2), options);
    expect(outcome).toMatchObject({ kind: "done", value: 3, booked: usd("0.05") });
    expect(await committed(ledger)).toEqual({ reserved: usd("0.36"), spent: usd("0.05") });
    now += 61;
    await ledger.expire();
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.41") });
    expect(await ledger.getHold("call-1#3")).toMatchObject({ state: "settled" });
  });

  it("what failed may leave no room for another attempt", async () => {
    const ledger = memoryStore();
    const large = { ...request, amount: usd("0.60") };
    expect(await withRetries(ledger, large, failing(1), options)).toMatchObject({ kind: "refused" });
  });

  it("ends with the last error, or the first that no retry fixes", async () => {
    const ledger = memoryStore();
    expect(await thrownBy(withRetries(ledger, request, failing(3), options))).toMatchObject({
      message: "busy",
    });
    const fatal = () => Promise.reject(new Error("fatal"));
    const other = { ...request, holdId: "other" };
    expect(await thrownBy(withRetries(ledger, other, fatal, options))).toMatchObject({ message: "fatal" });
    expect(await ledger.getHold("other#2")).toBeNull();
  });
});
