/**
 * `npm run bench:compare -- --before <folder>` measures the stores of this build and of another one (a folder with its
 * `dist`) side by side, round by round in one run: PostgreSQL with fsync on, and SQLite in a file. Prints for each
 * operation the median time of a round before, now, and their ratio: above 1 this build is faster.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { BackendKind, type DispatchStore, type JobRequest, type Lease, usd } from "dispatch-kit";
import type { PostgresClient } from "dispatch-kit/postgres";
import { median } from "./numbers.ts";
import { Bench, poolOf } from "./server.ts";

const { values } = parseArgs({
  options: {
    before: { type: "string" },
    rounds: { type: "string", default: "15" },
    store: { type: "string", default: "postgres,sqlite" },
    only: { type: "string", default: "" },
  },
});
if (values.before === undefined) throw new TypeError("--before is a folder with another build in dist/");
const builds = { before: resolve(values.before), now: process.cwd() } as const;
type Build = keyof typeof builds;
const BUILDS = Object.keys(builds) as readonly Build[];
const rounds = Number(values.rounds);

const CAP = usd(1_000_000);
const APPROVAL = { author: "bench", reason: "bench", decidedAt: "2026-11-28T00:00:00Z" };

/** Work of one round, with names that no other round has; what it prepares is not measured. */
type Run = () => Promise<unknown>;
type Prepare = (store: DispatchStore, name: string) => Run | Promise<Run>;

/** A run of its own and the month, as in real use. */
const scopesOf = (name: string): readonly { readonly scope: string; readonly cap: typeof CAP }[] => [
  { scope: `run:${name}`, cap: CAP },
  { scope: "month:2026-11", cap: CAP },
];
const each = async (count: number, call: (index: number) => Promise<unknown>): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, index) => call(index)));
};
const jobOf = (name: string, maxAttempts = 1): JobRequest<unknown> => ({
  jobId: name,
  lane: "bench",
  payload: { name },
  backend: BackendKind.CLOUD_WORKER,
  maxCost: usd("0.01"),
  maxAttempts,
  approved: { approval: APPROVAL, scopes: scopesOf(name.replace(/ .*/, "")) },
});
const claimed = async (store: DispatchStore, count: number): Promise<readonly Lease[]> => {
  const jobs = await store.claimMany(["bench"], count);
  if (jobs.length !== count) throw new Error(`claimed ${String(jobs.length)} of ${String(count)}`);
  return jobs.map(({ lease }) => lease);
};
const submitted = (store: DispatchStore, name: string, count: number, maxAttempts = 1): Promise<unknown> =>
  store.submitMany(
    Array.from({ length: count }, (_, index) => jobOf(`${name} ${String(index)}`, maxAttempts)),
  );

const operations: Record<string, Prepare> = {};
for (const callers of [1, 16, 64]) {
  const times = Math.ceil(64 / callers);
  const at = `at ${String(callers)}`;
  operations[`hold, settle ${at}`] = (store, name) => () =>
    each(callers, async (caller) => {
      for (let time = 0; time < times; time++) {
        const holdId = `${name} ${String(caller)} ${String(time)}`;
        await store.hold({ holdId, amount: usd("0.01"), scopes: scopesOf(name), ttlSeconds: 60 });
        await store.settle(holdId, usd("0.005"));
      }
    });
  operations[`submit, claim, complete ${at}`] = (store, name) => () =>
    each(callers, async (caller) => {
      for (let time = 0; time < times; time++) {
        await store.submit(jobOf(`${name} ${String(caller)} ${String(time)}`));
        const job = await store.claim(["bench"]);
        if (job) await store.complete(job.lease, "done", { actual: usd("0.005") });
      }
    });
}
operations["batches of 100"] = (store, name) => async () => {
  await submitted(store, name, 100);
  const leases = await claimed(store, 100);
  await store.completeMany(leases.map((lease) => ({ lease, result: "done", actual: usd("0.005") })));
};
operations["fail, retried, at 16"] = async (store, name) => {
  await submitted(store, name, 16, 9);
  const leases = await claimed(store, 16);
  return async () => {
    await each(16, (index) => {
      const lease = leases[index];
      return lease
        ? store.fail(lease, "busy", { retriable: true, actual: usd("0.001") })
        : Promise.reject(new Error("16 were claimed"));
    });
    for (const lease of await claimed(store, 16)) await store.complete(lease, "done");
  };
};
operations["recoverStale of 100"] = async (store, name) => {
  await submitted(store, name, 100, 1);
  await claimed(store, 100);
  return () => store.recoverStale({ ttlSeconds: 0 });
};
operations["expire of 100"] = async (store, name) => {
  await each(100, (index) => {
    const hold = { amount: usd("0.01"), scopes: scopesOf(name), ttlSeconds: 0.001 };
    return store.hold({ holdId: `${name} ${String(index)}`, ...hold });
  });
  await new Promise((go) => setTimeout(go, 5));
  return () => store.expire();
};

async function measure(title: string, storeOf: (build: Build) => Promise<DispatchStore>): Promise<void> {
  const stores = { before: await storeOf("before"), now: await storeOf("now") };
  console.log(`\n${title.padEnd(32)}${"before".padStart(10)}${"now".padStart(10)}${"ratio".padStart(8)}`);
  for (const [what, prepare] of Object.entries(operations)) {
    if (!what.includes(values.only)) continue;
    const seen: Record<Build, number[]> = { before: [], now: [] };
    for (let round = -2; round < rounds; round++) {
      for (const build of round % 2 === 0 ? BUILDS : [...BUILDS].reverse()) {
        const run = await prepare(stores[build], randomUUID());
        const start = performance.now();
        await run();
        // The first rounds warm up.
        if (round >= 0) seen[build].push(performance.now() - start);
      }
    }
    const [before, now] = [median(seen.before), median(seen.now)];
    const ratio = (before / now).toFixed(2).padStart(8);
    console.log(`${what.padEnd(32)}${before.toFixed(1).padStart(10)}${now.toFixed(1).padStart(10)}${ratio}`);
  }
}

const moduleOf = async (build: Build, name: string): Promise<Record<string, never>> =>
  (await import(pathToFileURL(join(builds[build], "dist", `${name}.js`)).href)) as Record<string, never>;

if (values.store.includes("postgres")) {
  const bench = await Bench.start();
  try {
    await bench.within(async (url) => {
      const pool = poolOf(url, 8);
      await measure("PostgreSQL, ms a round", async (build) => {
        // The store's module of either build: the same calls.
        const { postgresStore } = (await moduleOf(build, "postgres")) as unknown as {
          postgresStore: (client: PostgresClient, options: object) => DispatchStore;
        };
        const store = postgresStore(pool, { schema: build });
        await store.migrate();
        return store;
      });
      await pool.end();
    });
  } finally {
    await bench.stop();
  }
}
if (values.store.includes("sqlite")) {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  try {
    await measure("SQLite, ms a round", async (build) => {
      const { sqliteStore } = (await moduleOf(build, "sqlite")) as unknown as {
        sqliteStore: (database: DatabaseSync) => DispatchStore;
      };
      const database = new DatabaseSync(join(folder, `${build}.db`), { timeout: 5000 });
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      const store = sqliteStore(database);
      await store.migrate();
      return store;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
