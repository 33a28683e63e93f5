import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { BackendKind, type EpochSeconds, epochSeconds, usd } from "dispatch-kit";
import { conformance, type MakeStore, type MakeStoreOptions } from "dispatch-kit/conformance";
import { afterAll, describe, expect, it } from "vitest";
import { ownJobs } from "../../examples/own-store/jobs.ts";
import { ownLedger } from "../../examples/own-store/ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-own-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Made {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly clock: () => EpochSeconds;
}

type Open<Store> = (database: DatabaseSync, clock: () => EpochSeconds) => Store;

const made = new Map<unknown, Made>();

function open<Store>(make: Open<Store>, file: string, clock: () => EpochSeconds): Store {
  const database = new DatabaseSync(file, { timeout: 5000 });
  const store = make(database, clock);
  made.set(store, { database, file, clock });
  return store;
}

function of(store: unknown): Made {
  const found = made.get(store);
  if (!found) throw new Error("a store of another maker");
  return found;
}

function maker<Store>(make: Open<Store>): MakeStore<Store> {
  return Object.assign(
    ({ clock }: MakeStoreOptions) => open(make, join(folder, `${String(made.size)}.db`), clock),
    {
      peer: (store: Store) => open(make, of(store).file, of(store).clock),
      close: (store: Store) => {
        of(store).database.close();
      },
    },
  );
}

describe("ownLedger", () => {
  const cases = conformance(maker(ownLedger), { parts: ["ledger"] });
  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (name, run) => {
    // It pins no caps and prunes nothing, and nobody cuts a connection to a file.
    const isLeftOut = /^(pinCap|cut|history: a prune)/.test(name);
    expect((await run()).kind).toBe(isLeftOut ? "skipped" : "passed");
  });

  it("a database that is closed is store_failed, and never an admission", () => {
    const ledger = open(ownLedger, join(folder, "closed.db"), () => epochSeconds(0));
    of(ledger).database.close();
    expect(() => ledger.usage("run:1")).toThrow(expect.objectContaining({ code: "store_failed" }));
  });
});

describe("ledger.cases.ts", () => {
  it.skipIf(!process.features.typescript)(
    "node --test: runs every case (on a Node that strips types)",
    () => {
      const file = fileURLToPath(new URL("../../examples/own-store/ledger.cases.ts", import.meta.url));
      // Else it takes itself for a part of the run that this test is in.
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
      const { stdout, status } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], {
        encoding: "utf8",
        env,
      });
      const all = conformance(maker(ownLedger), { parts: ["ledger"] }).length;
      expect(stdout).toContain(`\n# tests ${String(all)}\n`);
      expect(stdout).toContain("\n# fail 0\n");
      // Those of a store that pins no caps, prunes nothing and is never cut off.
      expect(stdout).toContain("\n# skipped 5\n");
      expect(status).toBe(0);
    },
  );
});

describe("ownJobs", () => {
  const cases = conformance(maker(ownJobs), { parts: ["jobs"] });
  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (name, run) => {
    // This store has no batches, lists, prune, cancel or payload parser, and a file has no connection to cut.
    const isLeftOut = /^(\w+Many|jobs|prune|cancel|cut|claim: a payload)/.test(name);
    expect((await run()).kind).toBe(isLeftOut ? "skipped" : "passed");
  });

  it("work that would cost money is refused, and nothing of it is stored", () => {
    const jobs = open(ownJobs, join(folder, "paid.db"), () => epochSeconds(0));
    const job = { jobId: "1", lane: "text", payload: null, maxAttempts: 1 };
    for (const rest of [
      { backend: BackendKind.LOCAL, maxCost: usd("0.01") },
      { backend: BackendKind.CLOUD_WORKER, maxCost: usd(0) },
    ]) {
      expect(() => jobs.submit({ ...job, ...rest })).toThrow(RangeError);
    }
    expect(jobs.job("1")).toBeNull();
    of(jobs).database.close();
  });
});
