/**
 * `npm run bench:upkeep` measures what a store that has run for long costs, on PostgreSQL with fsync on and on SQLite in a
 * file: a claim behind many jobs that cannot be claimed, against one in a store without them; the bytes that remain of a
 * finished paid job; and the deletion of many jobs in steps, with what another caller feels of it.
 *
 * `-- --jobs 100000` sets how many jobs are in the way, `-- --pruned 1000000` how many are deleted.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { BackendKind, type DispatchStore, epochSeconds, type JobRequest, runScope, usd } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { sqliteStore } from "dispatch-kit/sqlite";
import type { Pool } from "pg";
import { median } from "./numbers.ts";
import { Bench, poolOf } from "./server.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "100000" },
    pruned: { type: "string", default: "1000000" },
    store: { type: "string", default: "postgres,sqlite" },
    part: { type: "string", default: "claims,bytes,prune" },
  },
});
const inTheWay = Number(values.jobs);
const toPrune = Number(values.pruned);

const APPROVAL = { author: "bench", reason: "bench", decidedAt: "2026-11-28T00:00:00Z" };
const CAP = usd(1_000_000);
const MONTH = { scope: "month:2026-11", cap: CAP };
const BATCH = 500;

const job = (jobId: string, more: Partial<JobRequest<unknown>> = {}): JobRequest<unknown> => ({
  jobId,
  lane: "open",
  payload: { prompt: "a payload of the usual size of a few hundred bytes ".repeat(5) },
  backend: BackendKind.CLOUD_WORKER,
  maxCost: usd("0.01"),
  maxAttempts: 3,
  approved: { approval: APPROVAL, scopes: [{ scope: runScope(jobId), cap: CAP }, MONTH] },
  ...more,
});

async function fill(
  store: DispatchStore,
  count: number,
  of: (number: number) => JobRequest<unknown>,
): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    await store.submitMany(
      Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => of(from + index)),
    );
  }
}

const decision = (id: string) => ({ id, approval: APPROVAL });

/** What stands in the way of a claim. */
const SHAPES: Readonly<Record<string, (store: DispatchStore, count: number) => Promise<void>>> = {
  "paused, of a higher priority": async (store, count) => {
    await fill(store, count, (n) => job(`paused ${String(n)}`, { lane: "paused", priority: 1 }));
    await store.pauseLane("paused", decision("pause"));
  },
  "expired, of a higher priority": async (store, count) => {
    const claimBy = epochSeconds(Date.now() / 1000 - 60);
    await fill(store, count, (n) => job(`expired ${String(n)}`, { claimBy, priority: 1 }));
  },
  "due in the future, of a higher priority": async (store, count) => {
    const runAt = epochSeconds(new Date("2099-01-01T00:00:00Z"));
    await fill(store, count, (n) => job(`future ${String(n)}`, { runAt, priority: 1 }));
  },
};

/** Claims side by side in a store with a shape and in one without. */
async function claims(
  name: string,
  makeStore: (schema: string) => Promise<DispatchStore>,
  vacuum: (schema: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  for (const [index, [shape, shaped]] of Object.entries(SHAPES).entries()) {
    const stores = {
      empty: await makeStore(`empty${String(index)}`),
      full: await makeStore(`full${String(index)}`),
    };
    await shaped(stores.full, inTheWay);
    const seen: Record<string, number[]> = { empty: [], full: [] };
    let first = 0;
    for (let round = 0; round < 300; round++) {
      for (const [kind, store] of Object.entries(stores)) {
        await store.submit(job(`${kind} ${String(round)}`));
        const start = performance.now();
        const claimed = await store.claim(["paused", "open"]);
        const took = performance.now() - start;
        if (claimed === null) throw new Error(`${shape}: nothing to claim`);
        // The first claim may put aside what has expired.
        if (round === 0 && kind === "full") {
          first = took;
          // As autovacuum does within a minute.
          await vacuum(`full${String(index)}`);
        }
        if (round >= 20) seen[kind]?.push(took);
        await store.complete(claimed.lease, "done");
      }
    }
    const [empty, full] = [median(seen["empty"] ?? []), median(seen["full"] ?? [])];
    console.log(
      `${name}: a claim behind ${String(inTheWay)} jobs that are ${shape}: ${(full / empty).toFixed(2)}x` +
        ` (${full.toFixed(3)} ms, without ${empty.toFixed(3)} ms, the first ${first.toFixed(0)} ms)`,
    );
  }
}

/** Runs paid jobs to their end, each with a scope of its run. */
async function finish(store: DispatchStore, count: number): Promise<void> {
  await fill(store, count, (n) => job(`done ${String(n)}`));
  for (let done = 0; done < count;) {
    const claimed = await store.claimMany(["open"], BATCH);
    await store.completeMany(
      claimed.map(({ lease }) => ({
        lease,
        result: { answer: "a result ".repeat(20) },
        actual: usd("0.005"),
      })),
    );
    done += claimed.length;
  }
}

const before = (): Date => new Date(Date.now() + 3_600_000);

async function sweep(store: DispatchStore, name: "forget" | "prune"): Promise<readonly number[]> {
  const steps: number[] = [];
  for (let more = true; more;) {
    const start = performance.now();
    ({ more } = await store[name]({ before: before() }));
    steps.push(performance.now() - start);
  }
  return steps;
}

async function bytes(name: string, store: DispatchStore, sizeOf: () => Promise<number>): Promise<void> {
  const count = 20_000;
  const empty = await sizeOf();
  const remaining = async (): Promise<string> => ((await sizeOf()) / count - empty / count).toFixed(0);
  await finish(store, count);
  console.log(`${name}: bytes of a finished paid job, with a scope of its run: ${await remaining()}`);
  await sweep(store, "prune");
  console.log(`${name}: bytes that remain of it after prune: ${await remaining()}`);
  await sweep(store, "forget");
  console.log(`${name}: bytes that remain of it after forget (its scope): ${await remaining()}`);
}

/** Deletes many jobs in steps, while another caller holds and settles. */
async function prune(name: string, store: DispatchStore): Promise<void> {
  await finish(store, toPrune);
  let number = 0;
  const calls = async (until: () => boolean): Promise<readonly number[]> => {
    const took: number[] = [];
    while (!until()) {
      const holdId = `call ${String(number++)}`;
      const start = performance.now();
      await store.hold({ holdId, amount: usd("0.01"), scopes: [MONTH], ttlSeconds: 60 });
      await store.settle(holdId, usd("0.01"));
      took.push(performance.now() - start);
      await new Promise((go) => setTimeout(go, 2));
    }
    return took;
  };
  const end = performance.now() + 5000;
  const alone = await calls(() => performance.now() >= end);
  for (const sweeps of ["prune", "forget"] as const) {
    let isOver = false;
    const start = performance.now();
    const [steps, beside] = await Promise.all([
      sweep(store, sweeps).finally(() => (isOver = true)),
      calls(() => isOver),
    ]);
    const seconds = (performance.now() - start) / 1000;
    const p99 = (list: readonly number[]): number =>
      [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.99)] ?? 0;
    console.log(
      `${name}: ${sweeps} of ${String(toPrune)} jobs: ${String(steps.length)} steps in ${seconds.toFixed(0)} s,` +
        ` median ${median(steps).toFixed(0)} ms, longest ${Math.max(...steps).toFixed(0)} ms; another caller's hold and settle:` +
        ` alone median ${median(alone).toFixed(1)} ms, p99 ${p99(alone).toFixed(1)} ms, longest ${Math.max(...alone).toFixed(0)} ms;` +
        ` beside it median ${median(beside).toFixed(1)} ms, p99 ${p99(beside).toFixed(1)} ms, longest ${Math.max(...beside).toFixed(0)} ms`,
    );
  }
}

const has = (part: string): boolean => values.part.includes(part);

async function postgresSize(pool: Pool, schema: string): Promise<number> {
  const { rows: tables } = await pool.query<{ readonly name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1",
    [schema],
  );
  for (const { name } of tables) await pool.query(`VACUUM FULL ${name}`);
  const { rows } = await pool.query<{ readonly bytes: string }>(
    "SELECT sum(pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass))::text AS bytes FROM pg_tables WHERE schemaname = $1",
    [schema],
  );
  return Number(rows[0]?.bytes);
}

if (values.store.includes("postgres")) {
  const bench = await Bench.start();
  try {
    await bench.within(async (url) => {
      const pool = poolOf(url, 8);
      const makeStore = async (schema: string): Promise<DispatchStore> => {
        const store = postgresStore(pool, { schema });
        await store.migrate();
        return store;
      };
      const vacuum = (schema: string): Promise<unknown> => pool.query(`VACUUM ${schema}.ready`);
      if (has("claims")) await claims("PostgreSQL", makeStore, vacuum);
      if (has("bytes"))
        await bytes("PostgreSQL", await makeStore("bytes"), () => postgresSize(pool, "bytes"));
      if (has("prune")) await prune("PostgreSQL", await makeStore("pruned"));
      await pool.end();
    });
  } finally {
    await bench.stop();
  }
}
if (values.store.includes("sqlite")) {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  const open = (name: string): DatabaseSync => {
    const database = new DatabaseSync(join(folder, name), { timeout: 5000 });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    return database;
  };
  const makeStore = async (name: string): Promise<DispatchStore> => {
    const store = sqliteStore(open(name));
    await store.migrate();
    return store;
  };
  try {
    if (has("claims")) await claims("SQLite", makeStore);
    if (has("bytes")) {
      const store = await makeStore("bytes");
      await bytes("SQLite", store, () => {
        const copy = join(folder, "copy");
        rmSync(copy, { force: true });
        open("bytes").exec(`VACUUM INTO '${copy}'`);
        return Promise.resolve(statSync(copy).size);
      });
    }
    if (has("prune")) await prune("SQLite", await makeStore("pruned"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
