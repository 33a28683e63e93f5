import { type DispatchStore, epochSeconds, isDispatchError, type JobState, type Lease } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { postgresStore } from "dispatch-kit/postgres";
import { canMove } from "dispatch-kit/rules";
import { sqliteStore } from "dispatch-kit/sqlite";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it, vi } from "vitest";
import { canTransition, isTerminal } from "../../src/dispatch/lifecycle.ts";
import { MemoryTables } from "../../src/stores/memory/tables.ts";
import {
  approved,
  AT_ONCE,
  capped,
  claim,
  type Clock,
  decision,
  free,
  leaseOf,
  manualClock,
  micro,
  newSchema,
  NO,
  paid,
  pool,
  YES,
} from "./memory/support.ts";
import { unlike } from "./postgres/mirror.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A change of a job's state, read from its row; a new job has been nothing. */
type Move = readonly [from: JobState | null, to: JobState];

/** A store, and what its rows say about the states of its jobs. */
interface Recorded {
  readonly store: DispatchStore;
  readonly clock: Clock;
  readonly moves: () => Promise<readonly Move[]>;
  /** Writes over the state of a job, behind the store's back. */
  readonly force: (jobId: string, state: JobState) => Promise<unknown>;
  /** What its rows say twice, and differently. */
  readonly unlike: () => Promise<readonly unknown[]>;
}

const nothing = (): Promise<readonly unknown[]> => Promise.resolve([]);

const BEGINNINGS: readonly JobState[] = ["pending", "awaiting_approval", "queued"];

/** The moves that no store may make. */
function illegal(moves: readonly Move[]): readonly Move[] {
  return moves.filter(([from, to]) => {
    if (from === null) return !BEGINNINGS.includes(to);
    return from !== to && ((isTerminal(from) && from !== "failed") || !canMove(from, to));
  });
}

async function inMemory(): Promise<Recorded> {
  const moves: Move[] = [];
  const seen: MemoryTables[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on the tables
  const { putJob } = MemoryTables.prototype;
  vi.spyOn(MemoryTables.prototype, "putJob").mockImplementation(function (this: MemoryTables, job) {
    seen.push(this);
    moves.push([this.job(job.body.jobId)?.state ?? null, job.state]);
    putJob.call(this, job);
  });
  const force = async (jobId: string, state: JobState): Promise<void> => {
    const [tables] = seen;
    const job = tables?.job(jobId);
    if (job) tables?.putJob({ ...job, state });
    return Promise.resolve();
  };
  const clock = manualClock();
  const store = memoryStore({ clock, payload: parser() });
  return Promise.resolve({ store, clock, moves: () => Promise.resolve(moves), force, unlike: nothing });
}

async function inSqlite(): Promise<Recorded> {
  const database = new DatabaseSync(":memory:", { timeout: 5000 });
  const clock = manualClock();
  const store = sqliteStore(database, { clock, payload: parser() });
  await store.migrate();
  database.exec(`
    CREATE TABLE moves (place INTEGER PRIMARY KEY, old TEXT, new TEXT);
    CREATE TRIGGER begins AFTER INSERT ON dispatch_kit_jobs BEGIN
      INSERT INTO moves (old, new) VALUES (NULL, NEW.state);
    END;
    CREATE TRIGGER goes_on AFTER UPDATE ON dispatch_kit_jobs BEGIN
      INSERT INTO moves (old, new) VALUES (OLD.state, NEW.state);
    END;`);
  return {
    store,
    clock,
    unlike: nothing,
    moves: () => {
      const rows = database.prepare("SELECT old, new FROM moves ORDER BY place").all();
      return Promise.resolve(rows.map((row) => [row["old"], row["new"]] as unknown as Move));
    },
    force: (jobId, state) => {
      const sql = "UPDATE dispatch_kit_jobs SET state = ?, ended_at = NULL WHERE job_id = ?";
      return Promise.resolve(database.prepare(sql).run(state, jobId));
    },
  };
}

async function inPostgres(): Promise<Recorded> {
  const schema = newSchema();
  const clock = manualClock();
  const store = postgresStore(pool(), { schema, clock, payload: parser() });
  await store.migrate();
  await pool().query(`
    CREATE TABLE ${schema}.moves (place bigint GENERATED ALWAYS AS IDENTITY, old text, new text);
    CREATE FUNCTION ${schema}.record_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO ${schema}.moves (old, new) VALUES (CASE TG_OP WHEN 'UPDATE' THEN OLD.state END, NEW.state);
      RETURN NULL;
    END $$;
    CREATE TRIGGER record_move AFTER INSERT OR UPDATE ON ${schema}.jobs
      FOR EACH ROW EXECUTE FUNCTION ${schema}.record_move()`);
  return {
    store,
    clock,
    unlike: () => unlike(pool(), schema),
    moves: async () => {
      const sql = `SELECT old, new FROM ${schema}.moves ORDER BY place`;
      const { rows } = await pool().query<{ old: JobState | null; new: JobState }>(sql);
      return rows.map((row) => [row.old, row.new] as const);
    },
    force: (jobId, state) =>
      pool().query(`UPDATE ${schema}.jobs SET state = $2, ended_at = NULL WHERE job_id = $1`, [jobId, state]),
  };
}

/** One of each move. */
async function everyMove(store: DispatchStore, clock: Clock): Promise<void> {
  const retried = { retriable: true } as const;
  await store.submit(free("free"));
  await store.fail(await leaseOf(store), "again", retried);
  await store.cancel("free", NO);
  await store.retry("free", { after: 0 }, decision());
  await store.cancel("free", NO);
  await store.submit(approved("a", capped(25, "run:a")));
  await store.fail(await leaseOf(store), "again", retried);
  // Of 25 the second attempt leaves no room for a third.
  await store.fail(await leaseOf(store), "again", retried);
  await store.approve("a", YES, { scopes: capped(100, "run:other") });
  await store.complete(await leaseOf(store), "done");
  await store.submit(approved("b"));
  await store.fail(await leaseOf(store), "no", { retriable: false });
  await store.retry("b", { after: 0 }, decision());
  await store.fail(await leaseOf(store), "stopped", { ...retried, counts: false });
  await store.complete(await leaseOf(store), "done");
  await store.submit(approved("c"));
  await store.cancel("c", NO);
  await store.submit(approved("d"));
  await claim(store);
  await store.recoverStale(AT_ONCE);
  await store.submit(paid("e"));
  await store.reject("e", NO);
  await store.submit(paid("f"));
  await store.cancel("f", NO);
  await waitForever(clock, store);
}

/** Jobs that nobody decides on or claims in time, and free work whose payload no worker can read. */
async function waitForever(clock: Clock, store: DispatchStore): Promise<void> {
  const at = epochSeconds(clock.now + 1);
  await store.submit(paid("g", { decideBy: at }));
  await store.submit(approved("h", capped(100), { claimBy: at }));
  await store.submit(free("i", { claimBy: at }));
  clock.now += 1;
  await store.recoverStale(AT_ONCE);
  await store.submit(free("unreadable", { lane: "video", payload: "of a newer version" }));
  for (let refusals = 0; refusals < 8; refusals++) {
    await store.claim(["video"]);
    clock.now += 60 * 2 ** refusals;
  }
  await store.approve("unreadable", YES);
}

/** Refuses a payload once it was submitted. */
function parser(): (value: unknown) => unknown {
  let submitted = 0;
  return (value) => {
    if (value === "of a newer version" && submitted++ > 0) throw new Error("unknown version");
    return value;
  };
}

const EVERY: readonly string[] = [
  "awaiting_approval pending",
  "awaiting_approval queued",
  "awaiting_approval rejected",
  "failed pending",
  "failed queued",
  "pending failed",
  "pending running",
  "queued failed",
  "queued running",
  "running awaiting_approval",
  "running failed",
  "running pending",
  "running queued",
  "running succeeded",
];

const id = fc.constantFrom("a", "b", "c", "free");
const steps = fc.constantFrom(
  ...(["submit", "submit", "approve", "reject", "cancel", "claim", "claim", "claim"] as const),
  ...(["complete", "fail", "fail", "give up", "give back", "recover", "prune"] as const),
  ...(["retry", "retry", "forget", "pause", "resume", "later"] as const),
);

async function run(
  { store, clock }: Pick<Recorded, "store" | "clock">,
  leases: Lease[],
  step: string,
  jobId: string,
): Promise<void> {
  const lease = leases.at(-1);
  switch (step) {
    case "submit":
      await store.submit({
        ...(jobId === "free" ? free(jobId) : jobId === "a" ? paid(jobId) : approved(jobId, capped(35))),
        ...(jobId === "c" ? { claimBy: epochSeconds(clock.now + 5), maxRunSeconds: 5 } : {}),
        ...(jobId === "a" ? { decideBy: epochSeconds(clock.now + 5) } : {}),
      });
      return;
    case "approve":
      await store.approve(jobId, YES, { scopes: capped(60) });
      return;
    case "reject":
      await store.reject(jobId, NO);
      return;
    case "cancel":
      await store.cancel(jobId, NO);
      return;
    case "claim": {
      const claimed = await store.claim(["text"]);
      if (claimed) leases.push(claimed.lease);
      return;
    }
    case "complete":
      // Every other one comes from a lease that was lost before.
      if (lease) await store.complete(leases.length % 2 ? lease : (leases[0] ?? lease), null);
      return;
    case "fail":
      if (lease) await store.fail(lease, "x", { retriable: true });
      return;
    case "give up":
      if (lease) await store.fail(lease, "x", { retriable: false });
      return;
    case "recover":
      await store.recoverStale(AT_ONCE);
      return;
    case "give back":
      if (lease) await store.fail(lease, "x", { retriable: true, counts: false });
      return;
    case "retry":
      await store.retry(jobId, { after: (await store.job(jobId))?.retries ?? 0 }, decision());
      return;
    case "pause":
      await store.pauseLane("text", decision());
      return;
    case "resume":
      await store.resumeLane("text", decision());
      return;
    case "later":
      clock.now += 5;
      return;
    case "forget":
      await store.forget({ before: clock() });
      return;
    default:
      await store.prune({ before: clock() });
  }
}

/** Deciding about a job that does not exist, or was pruned, is an error of the caller's. */
function ignoreUnknown(error: unknown): void {
  if (!isDispatchError(error, "job_unknown") && !isDispatchError(error, "job_pruned")) throw error;
}

describe.each([
  ["memory", inMemory],
  ["SQLite", inSqlite],
  ["PostgreSQL", inPostgres],
])("the states of the jobs in %s", (name, make) => {
  it("change by the moves of the lifecycle alone, each of which it makes", async () => {
    const { store, clock, moves } = await make();
    await everyMove(store, clock);
    const made = await moves();
    expect(illegal(made)).toEqual([]);
    const names = made.flatMap(([from, to]) => (from === null || from === to ? [] : [`${from} ${to}`]));
    expect([...new Set(names)].sort()).toEqual(EVERY);
  });

  it("change by the moves of the lifecycle alone, in any history", async () => {
    const history = fc.array(fc.tuple(steps, id), { minLength: 10, maxLength: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(history, async (list) => {
        const recorded = await make();
        const leases: Lease[] = [];
        for (const [step, jobId] of list) await run(recorded, leases, step, jobId).catch(ignoreUnknown);
        expect(illegal(await recorded.moves())).toEqual([]);
        // What is forgotten is still booked.
        const forgets = list.some(([step]) => step === "forget");
        const unlikes = (await recorded.unlike()) as readonly { readonly name: string }[];
        expect(unlikes.filter((found) => !forgets || !found.name.startsWith("a counter"))).toEqual([]);
        vi.restoreAllMocks();
      }),
      { numRuns: name === "PostgreSQL" ? 10 : 100 },
    );
  });

  it.each([
    ["an end is left", "running"],
    ["a job is queued from nowhere", "queued"],
  ] as const)("are found out where %s", async (_, state) => {
    const { store, moves, force } = await make();
    await store.submit(approved("j"));
    await store.complete(await leaseOf(store), "done", { actual: micro(1) });
    await force("j", state);
    expect(illegal(await moves())).toEqual([["succeeded", state]]);
  });
});

describe("canMove", () => {
  const states: readonly JobState[] = [
    ...new Set(EVERY.flatMap((move) => move.split(" ") as JobState[])),
    "approved",
  ];

  it("adds to the original's moves the retries, and an approval in one step", () => {
    const added = states.flatMap((from) =>
      states.flatMap((to) => (canMove(from, to) && !canTransition(from, to) ? [`${from} ${to}`] : [])),
    );
    expect(added.sort()).toEqual([
      "awaiting_approval pending",
      "awaiting_approval queued",
      "failed pending",
      "failed queued",
      "running awaiting_approval",
      "running pending",
      "running queued",
    ]);
    for (const from of states)
      for (const to of states) if (canTransition(from, to)) expect(canMove(from, to)).toBe(true);
  });

  it("refuses what is no state", () => {
    expect(() => canMove("lost" as never, "failed")).toThrow(RangeError);
    expect(() => canMove("failed", 5 as never)).toThrow(TypeError);
  });
});
