import {
  Approval,
  ApprovalOutcome,
  BackendKind,
  type BudgetLedger,
  type Claimed,
  type Decision,
  type DispatchStore,
  type EpochSeconds,
  epochSeconds,
  type JobRequest,
  type JobState,
  Lease,
  type MicroCents,
  microCents,
  type RecoverOutcome,
  type ScopeCap,
} from "dispatch-kit";
import { memoryStore, type MemoryStoreOptions } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { type PostgresClient, postgresStore } from "dispatch-kit/postgres";
import { DatabaseSync } from "node:sqlite";
import { Pool } from "pg";
import { inject, onTestFinished } from "vitest";

/** Where every test's clock starts: 2026-11-23T00:00:00Z. */
export const START = 1_795_392_000;

/** The largest amount that a ledger takes. */
export const MOST: bigint = 2n ** 62n - 1n;

export const RUN = "run:1";
export const MONTH = "month:2026-11";

/** A clock that stands still until a test moves it. */
export interface Clock {
  (): EpochSeconds;
  now: number;
}

export function manualClock(): Clock {
  const clock: Clock = Object.assign(() => epochSeconds(clock.now), { now: START });
  return clock;
}

export interface Fixture<Payload, Result> {
  readonly store: DispatchStore<Payload, Result>;
  readonly clock: Clock;
}

type Make = <Payload, Result>(options: MemoryStoreOptions<Payload, Result>) => DispatchStore<Payload, Result>;

/** By name, as a test of another store asks for it. */
const stores: Readonly<Record<string, Make>> = {
  memory: memoryStore,
  sqlite: (options) => {
    const store = sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }), options);
    return after(store.migrate(), store);
  },
  postgres: (options) => {
    const used = usedSchemas.pop();
    const schema = used ?? newSchema();
    const store = postgresStore(pool(), { ...options, schema });
    onTestFinished(() => {
      usedSchemas.push(schema);
    });
    return after(used === undefined ? store.migrate() : empty(pool(), schema), store);
  },
};

/** Schemas of tests that have ended: to empty one takes far less time than to make another. */
const usedSchemas: string[] = [];

/** Empties a schema's tables. */
export async function empty(client: PostgresClient, schema: string): Promise<void> {
  const listed = await client.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname = $1 AND tablename <> 'migrations'`,
    [schema],
  );
  for (const row of listed.rows as readonly { readonly name: string }[]) {
    await client.query(`DELETE FROM ${row.name}`, []);
  }
}

/** The store, each of whose calls waits until its schema is ready. */
function after<Payload, Result>(
  ready: Promise<void>,
  store: DispatchStore<Payload, Result>,
): DispatchStore<Payload, Result> {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await ready;
        return Reflect.apply(method, target, args);
      };
    },
  });
}

let shared: Pool | undefined;

/** Connections to the server of the tests. */
export function pool(): Pool {
  // Used a hundred times each: a connection that has run the functions of many schemas looks through the plans of all of
  // them whenever another one is made.
  const limits = { max: 10, maxUses: 100, allowExitOnIdle: true };
  shared ??= new Pool({ connectionString: inject("databaseUrl"), ...limits });
  return shared;
}

let made = 0;

/** A name that no other test has, on a server where others may be. */
export function newSchema(): string {
  made++;
  return `${inject("schemas")}${String(process.pid)}_${String(made)}`;
}

/** A fresh, empty store on a clock of its own. */
export function setUp<Payload = unknown, Result = unknown>(
  parsers: Pick<MemoryStoreOptions<Payload, Result>, "payload" | "result"> = {},
): Fixture<Payload, Result> {
  const clock = manualClock();
  const make = stores[process.env["DISPATCH_KIT_STORE"] ?? "memory"] ?? memoryStore;
  return { store: make({ ...parsers, clock }), clock };
}

/** Micro-cents. */
export function micro(amount: number | bigint): MicroCents {
  return microCents(BigInt(amount));
}

/** Scopes under one cap; a run and a month if none is named. */
export function capped(cap: number | bigint, ...names: readonly string[]): readonly ScopeCap[] {
  return (names.length === 0 ? [RUN, MONTH] : names).map((scope) => ({ scope, cap: micro(cap) }));
}

/** What a scope has reserved and spent. */
export async function counters(ledger: BudgetLedger, scope: string): Promise<readonly [bigint, bigint]> {
  const { reserved, spent } = await ledger.usage(scope);
  return [reserved, spent];
}

export const YES: Approval = new Approval({
  author: "alice",
  reason: "demo",
  decidedAt: "2026-11-23T00:00:00Z",
});
export const NO: Approval = new Approval({
  author: "bob",
  reason: "too dear",
  decidedAt: "2026-11-23T00:00:00Z",
  outcome: ApprovalOutcome.REJECTED,
});

let decided = 0;

/** A decision under an id of its own. */
export function decision(id = `decision:${++decided}`, approval: Approval = YES): Decision {
  return { id, approval };
}

/** Local work without a price. */
export function free(jobId: string, rest: Partial<JobRequest<unknown>> = {}): JobRequest<unknown> {
  const backend = BackendKind.LOCAL;
  return { jobId, lane: "text", payload: jobId, backend, maxCost: micro(0), maxAttempts: 3, ...rest };
}

/** Cloud work of at most 10 micro-cents an attempt, which waits for its approval. */
export function paid(jobId: string, rest: Partial<JobRequest<unknown>> = {}): JobRequest<unknown> {
  return { ...free(jobId), backend: BackendKind.CLOUD_WORKER, maxCost: micro(10), ...rest };
}

/** The same, approved at once. */
export function approved(
  jobId: string,
  scopes: readonly ScopeCap[] = capped(100),
  rest: Partial<JobRequest<unknown>> = {},
): JobRequest<unknown> {
  return paid(jobId, { approved: { approval: YES, scopes }, ...rest });
}

/** Claims what there must be to claim. */
export async function claim<Payload, Result>(
  store: DispatchStore<Payload, Result>,
  ...lanes: readonly string[]
): Promise<Claimed<Payload>> {
  const claimed = await store.claim(lanes.length === 0 ? ["text"] : lanes);
  if (claimed === null) throw new Error("there is nothing to claim");
  return claimed;
}

export async function leaseOf(store: DispatchStore): Promise<Lease> {
  return (await claim(store)).lease;
}

/** Takes back every lease, whatever its age. */
export const AT_ONCE = { ttlSeconds: 0 } as const;

/** What a report answers whose token does not hold the job, and whose cost, if it tells one, changes nothing. */
export const stale = { kind: "stale", corrected: false } as const;
/** The same of a cost that its own attempt's charge was corrected to. */
export const correcting = { kind: "stale", corrected: true } as const;

/** What recovery answers that found nothing. */
export const NONE: RecoverOutcome = { attempts: [], ended: [], more: false };

/** What recovery answers that found one attempt. */
export const lost = (jobId: string, attempt: number, outcome: string, charged = 10): unknown => ({
  attempts: [{ jobId, attempt, charged: micro(charged), outcome }],
  ended: [],
  more: false,
});

export async function stateOf(store: DispatchStore, jobId: string): Promise<JobState | undefined> {
  return (await store.job(jobId))?.state;
}

/** A token that was never minted. */
export const stranger = (jobId: string): Lease =>
  new Lease({ jobId, leasedAt: epochSeconds(START), attempts: 1, token: "stranger" });

/** How often a property is run: on a server each step is a round trip. */
export function runs(inMemory: number): number {
  return process.env["DISPATCH_KIT_STORE"] === "postgres" ? Math.ceil(inMemory / 25) : inMemory;
}
