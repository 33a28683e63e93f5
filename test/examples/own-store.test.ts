import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { BackendKind, type EpochSeconds, epochSeconds, usd } from "dispatch-kit";
import {
  conformance,
  type ConformanceCase,
  type MakeStore,
  type MakeStoreOptions,
} from "dispatch-kit/conformance";
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

function maker<Store>(make: Open<Store>, lacks: MakeStore<Store>["lacks"]): MakeStore<Store> {
  return Object.assign(
    ({ clock }: MakeStoreOptions) => open(make, join(folder, `${String(made.size)}.db`), clock),
    {
      lacks,
      peer: (store: Store) => open(make, of(store).file, of(store).clock),
      close: (store: Store) => {
        of(store).database.close();
      },
    },
  );
}

/** Why a case is skipped: the example has no such method, it says that it lacks the feature, or a file cannot do it. */
const LEFT_OUT = /^(the store has no [\w, ]+|the store lacks [\w, ]+|makeStore\.cut is not given)$/;

/** Runs a case. It must pass, or the example leaves out all that it needs. */
async function expectPassed(run: ConformanceCase["run"], without: readonly string[]): Promise<void> {
  const outcome = await run();
  if (outcome.kind === "passed") return;
  expect(outcome.reason).toMatch(LEFT_OUT);
  const names = outcome.reason.replace(/^the store (has no|lacks) /, "").split(", ");
  if (outcome.reason.startsWith("the store")) expect(without).toEqual(expect.arrayContaining(names));
}

const ledgers = maker(ownLedger, ["caps", "corrections", "forget", "id", "journal", "questions"]);

describe("ownLedger", () => {
  const cases = conformance(ledgers, { parts: ["ledger"], log: () => null });
  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
    await expectPassed(run, [...(ledgers.lacks ?? []), "pinCap", "prune"]);
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
    async () => {
      const file = fileURLToPath(new URL("../../examples/own-store/ledger.cases.ts", import.meta.url));
      // Else it takes itself for a part of the run that this test is in.
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
      const { stdout, status } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], {
        encoding: "utf8",
        env,
      });
      const all = conformance(ledgers, { parts: ["ledger"], log: () => null });
      const outcomes = await Promise.all(all.map(({ run }) => run()));
      const skipped = outcomes.filter(({ kind }) => kind === "skipped").length;
      expect(stdout).toContain(`\n# tests ${String(all.length)}\n`);
      expect(stdout).toContain("\n# fail 0\n");
      expect(stdout).toContain(`\n# skipped ${String(skipped)}\n`);
      expect(status).toBe(0);
    },
  );
});

describe("ownJobs", () => {
  const lacks = ["deadlines", "decisions", "forget", "give_back", "id", "journal", "pauses"] as const;
  const more = ["questions", "retries", "run_limits", "submitted_scopes", "tags", "unreadable"] as const;
  const stores = maker(ownJobs, [...lacks, ...more]);
  const cases = conformance(stores, { parts: ["jobs"], log: () => null });
  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
    const methods = ["claimMany", "submitMany", "completeMany", "jobs", "prune", "cancel"];
    await expectPassed(run, [...lacks, ...more, ...methods]);
  });

  it("a job that is given back is offered again, and the attempt does not count", async () => {
    const jobs = open(ownJobs, join(folder, "given-back.db"), () => epochSeconds(0));
    jobs.submit({ jobId: "1", lane: "a", payload: 1, backend: "local", maxCost: usd(0), maxAttempts: 1 });
    for (let times = 0; times < 3; times++) {
      const claimed = await jobs.claim(["a"]);
      if (!claimed) throw new Error("there is nothing to claim");
      expect(claimed.lease.attempts).toBe(1);
      expect(jobs.fail(claimed.lease, "stopped", { retriable: false, counts: false })).toMatchObject({
        kind: "requeued",
      });
    }
    of(jobs).database.close();
  });

  it("a job has the times of what became of it", async () => {
    let now = 1;
    const jobs = open(ownJobs, join(folder, "times.db"), () => epochSeconds(now));
    jobs.submit({ jobId: "1", lane: "a", payload: 1, backend: "local", maxCost: usd(0), maxAttempts: 2 });
    const none = { decidedAt: null, startedAt: null, waitingSince: null, endedAt: null, booked: 0n };
    expect(jobs.job("1")).toMatchObject({ ...none, submittedAt: 1 });
    for (const [started, ended] of [
      [2, null],
      [4, 5],
    ] as const) {
      now = started;
      const claimed = await jobs.claim(["a"]);
      if (!claimed) throw new Error("there is nothing to claim");
      expect(jobs.job("1")).toMatchObject({ ...none, submittedAt: 1, startedAt: started });
      now = started + 1;
      await jobs.fail(claimed.lease, "no", { retriable: true });
      expect(jobs.job("1")).toMatchObject({ ...none, submittedAt: 1, startedAt: started, endedAt: ended });
    }
    of(jobs).database.close();
  });

  it("a job with a deadline is refused, since the store would not keep it", () => {
    const jobs = open(ownJobs, join(folder, "deadlines.db"), () => epochSeconds(0));
    const job = {
      jobId: "1",
      lane: "a",
      payload: 1,
      backend: "local",
      maxCost: usd(0),
      maxAttempts: 1,
    } as const;
    expect(() => jobs.submit({ ...job, claimBy: epochSeconds(5) })).toThrow(RangeError);
    expect(() => jobs.submit({ ...job, maxRunSeconds: 5 })).toThrow(RangeError);
    expect(jobs.job("1")).toBeNull();
    of(jobs).database.close();
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
