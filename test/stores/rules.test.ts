import {
  Approval,
  type ApprovalOutcome,
  type BackendKind,
  type DispatchStore,
  epochSeconds,
  isLeaseStale,
  JobState,
  microCents,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { postgresStore } from "dispatch-kit/postgres";
import { isFree, isHoldDue, isOver, jobHoldId, overrunOf } from "dispatch-kit/rules";
import { sqliteStore } from "dispatch-kit/sqlite";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { decidedAt } from "../../src/approval/approval.ts";
import { capInForce, capOf } from "../../src/budget/caps.ts";
import { jobOfHold } from "../../src/budget/hold-request.ts";
import { isLeaseLost, isTimedOut } from "../../src/dispatch/lease.ts";
import { isTerminal } from "../../src/dispatch/lifecycle.ts";
import { deadlineOf, MOST_REFUSALS, refusalDelay } from "../../src/dispatch/rules.ts";
import { MOST_CLAIMED_BYTES } from "../../src/stores/operations.ts";
import type { HoldRecord, JobRecord, Tables } from "../../src/stores/engine/tables.ts";
import { MemoryTables } from "../../src/stores/memory/tables.ts";
import { Client } from "../../src/stores/sqlite/client.ts";
import { SqliteTables } from "../../src/stores/sqlite/tables.ts";
import {
  approved,
  capped,
  free,
  leaseOf,
  micro,
  MOST,
  newSchema,
  paid,
  pool,
  START,
  YES,
} from "./memory/support.ts";

// A rule that is both TypeScript and SQL: one table of cases, to which the function, the statement of SQLite, the
// memory store and the function of PostgreSQL give the same answers.

const schema = newSchema();
const at = epochSeconds(START);
beforeAll(() => postgresStore(pool(), { schema }).migrate());

/** What one of the rules in PostgreSQL answers. */
async function inPostgres(call: string, ...values: readonly unknown[]): Promise<unknown> {
  const { rows } = await pool().query<{ answer: unknown }>(`SELECT ${schema}.${call} AS answer`, [...values]);
  return rows[0]?.answer;
}

/** Empty tables of the memory store, and of SQLite. */
async function engineTables(): Promise<readonly Tables[]> {
  const database = new DatabaseSync(":memory:", { timeout: 5000 });
  await sqliteStore(database).migrate();
  return [new MemoryTables(() => at), new SqliteTables(new Client(database), "dispatch_kit", () => at)];
}

const stores: readonly (readonly [name: string, make: () => DispatchStore])[] = [
  ["memory", memoryStore],
  ["sqlite", () => sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }))],
  ["postgres", () => postgresStore(pool(), { schema: newSchema() })],
];
async function made(make: () => DispatchStore): Promise<DispatchStore> {
  const store = make();
  await store.migrate();
  return store;
}

function job(rest: Partial<JobRecord> & { readonly body?: JobRecord["body"] }): JobRecord {
  return {
    body: bodyOf("cloud_worker", 10n),
    terms: { askedScopes: null, tags: {}, decideBy: null, claimBy: null },
    state: "queued",
    submittedAt: at,
    decidedAt: null,
    waitingSince: null,
    runAt: at,
    leasedAt: at,
    leaseSeconds: null,
    runUntil: null,
    leasedBy: null,
    scopes: [],
    decision: null,
    cancellation: null,
    error: null,
    result: null,
    endedAt: null,
    pruned: false,
    attempts: [],
    holds: 1,
    tried: 0,
    triedBefore: 0,
    retries: 0,
    grants: 1,
    refusals: 0,
    ...rest,
  };
}

function bodyOf(backend: BackendKind, maxCost: bigint, jobId = "j"): JobRecord["body"] {
  const rest = { lane: "text", payload: "1", maxAttempts: 9, priority: 0, runAt: null };
  const more = { scopes: null, requestedBy: null, maxRunSeconds: null };
  return { jobId, backend, maxCost: micro(maxCost), ...rest, ...more };
}

function hold(holdId: string, expiresAt: number | null): HoldRecord {
  const settled = { booked: micro(0), settledFrom: "open", corrected: false, firstSettled: null } as const;
  const kept = { tags: {}, heldAt: at, resolvedAt: null, pruned: false };
  const end = expiresAt === null ? null : epochSeconds(expiresAt);
  return {
    holdId,
    asked: micro(1),
    steps: [],
    scopes: [],
    state: "open",
    expiresAt: end,
    ...settled,
    ...kept,
  };
}

describe("free work", () => {
  it.each([
    ["local", 0n, true],
    ["local", 1n, false],
    ["local", MOST, false],
    ["lan_worker", 0n, false],
    ["cloud_worker", 0n, false],
    ["sdk", 1n, false],
  ] as const)("%s for %d: %s", async (backend, maxCost, expected) => {
    expect(isFree(bodyOf(backend, maxCost))).toBe(expected);
    expect(await inPostgres("is_free($1, $2)", backend, String(maxCost))).toBe(expected);
    for (const tables of await engineTables()) {
      // Without a hold only free work can be claimed.
      tables.putJob(job({ body: bodyOf(backend, maxCost) }));
      expect(tables.claimable(["text"], at) !== null).toBe(expected);
    }
  });
});

describe("the id of a job's hold", () => {
  it.each([
    ["a", 1, "job:a#1"],
    ["a#1", 2, "job:a#1#2"],
    ["job:b#7", 10, "job:job:b#7#10"],
    ["ü%_\\", 100, "job:ü%_\\#100"],
  ] as const)("%j, %d: %j", async (jobId, n, expected) => {
    expect(jobHoldId(jobId, n)).toBe(expected);
    expect(jobOfHold(expected)).toBe(jobId);
    expect(await inPostgres("job_hold($1, $2)", jobId, n)).toBe(expected);
    for (const tables of await engineTables()) {
      tables.putJob(job({ body: bodyOf("cloud_worker", 1n, jobId), holds: n }));
      tables.putHold(hold(`job:${jobId}#${String(n + 1)}`, null));
      expect(tables.claimable(["text"], at)).toBeNull();
    }
    for (const tables of await engineTables()) {
      tables.putJob(job({ body: bodyOf("cloud_worker", 1n, jobId), holds: n }));
      tables.putHold(hold(expected, null));
      expect(tables.claimable(["text"], at)?.body.jobId).toBe(jobId);
    }
  });
});

describe("terminal states", () => {
  // No row is ever `approved`.
  it.each(Object.values(JobState).filter((state) => state !== "approved"))("%s", async (state) => {
    const expected = ["succeeded", "failed", "rejected"].includes(state);
    expect(isTerminal(state)).toBe(expected);
    expect(await inPostgres("is_terminal($1)", state)).toBe(expected);
    const [, sqlite] = await engineTables();
    // The tables themselves let nothing else in.
    const accepts = (endedAt: typeof at | null): boolean => {
      try {
        sqlite?.putJob(job({ body: bodyOf("local", 0n, `${state} ${String(endedAt)}`), state, endedAt }));
        return true;
      } catch {
        return false;
      }
    };
    expect([accepts(at), accepts(null)]).toEqual([expected, !expected]);
    const insert = (endedAt: number | null): Promise<unknown> =>
      pool().query(
        `INSERT INTO ${schema}.jobs (job_id, lane, payload, backend, max_cost, max_attempts, priority, submitted_at, run_at, state, ended_at)
          VALUES ($1, 'l', '1', 'local', 0, 1, 0, 0, 0, $2, $3)`,
        [`${state} ${String(endedAt)}`, state, endedAt],
      );
    const answers = await Promise.allSettled([insert(START), insert(null)]);
    expect(answers.map(({ status }) => status === "fulfilled")).toEqual([expected, !expected]);
    // 23514: check.
    const refused = answers.filter(({ status }) => status === "rejected");
    expect(refused).toMatchObject([{ reason: { code: "23514" } }]);
    const needsPeople = ["awaiting_approval", "failed", "rejected"].includes(state);
    expect(await inPostgres("attention($1)", state)).toBe(needsPeople ? state : null);
  });
});

describe("the expiry of a hold", () => {
  it.each([
    [START, START - 0.001, false],
    [START, START, true],
    [START, START + 1, true],
    [START + 0.25, START + 0.125, false],
    [null, START, false],
  ])("at %d, seen at %d: %s", async (expiresAt, now, expected) => {
    const end = expiresAt === null ? null : epochSeconds(expiresAt);
    expect(isHoldDue(end, epochSeconds(now))).toBe(expected);
    expect((await inPostgres("is_hold_due($1, $2)", expiresAt, now)) === true).toBe(expected);
    for (const tables of await engineTables()) {
      tables.putHold(hold("h", expiresAt));
      expect(tables.expired(epochSeconds(now), 1).length === 1).toBe(expected);
    }
  });
});

describe("a lost lease", () => {
  it.each([
    // By the ttl of whoever recovers, if it has no length of its own.
    [START, null, null, START + 59.999, 60, false],
    [START, null, null, START + 60, 60, true],
    [START, null, null, START + 61, 60, true],
    [START, null, null, START, 0, true],
    [START + 1, null, null, START, 0, false],
    // By its own length, be it shorter or longer.
    [START, 10, null, START + 9.999, 60, false],
    [START, 10, null, START + 10, 60, true],
    [START, 100, null, START + 99.999, 60, false],
    [START, 100, null, START + 99.999, 0, false],
    [START, 100, null, START + 100, 1e9, true],
    // By the end of its run, whatever its length.
    [START, 100, START + 5, START + 4.999, 60, false],
    [START, 100, START + 5, START + 5, 60, true],
    [START, null, START + 5, START + 5, 60, true],
    [START, null, START + 5, START + 6, 60, true],
    [START, null, START + 500, START + 60, 60, true],
  ])(
    "of %d, of %s s, to run until %s, seen at %d with a ttl of %d s: %s",
    async (leased, leaseSeconds, until, seen, ttl, expected) => {
      const [leasedAt, now] = [epochSeconds(leased), epochSeconds(seen)];
      const terms = { leasedAt, leaseSeconds, runUntil: until === null ? null : epochSeconds(until) };
      expect(isLeaseLost(terms, now, ttl)).toBe(expected);
      if (until === null) expect(isLeaseStale(leasedAt, now, leaseSeconds ?? ttl)).toBe(expected);
      const values = [leased, leaseSeconds, until, seen, ttl];
      expect(await inPostgres("is_lease_lost($1, $2, $3, $4, $5)", ...values)).toBe(expected);
      for (const tables of await engineTables()) {
        tables.putJob(job({ state: "running", ...terms }));
        expect(tables.lost(now, ttl, 1).length === 1).toBe(expected);
      }
    },
  );
});

describe("the end of a run", () => {
  it.each([
    [START, START - 0.001, false],
    [START, START, true],
    [START, START + 1, true],
    [null, START, false],
  ])("at %s, seen at %d: %s", async (until, seen, expected) => {
    const [runUntil, now] = [until === null ? null : epochSeconds(until), epochSeconds(seen)];
    expect(isTimedOut({ runUntil }, now)).toBe(expected);
    expect(await inPostgres("is_timed_out($1, $2)", until, seen)).toBe(expected);
  });
});

describe("the deadline of a job", () => {
  const [early, late] = [epochSeconds(START + 5), epochSeconds(START + 9)];
  it.each([
    ["awaiting_approval", false, early, late, early],
    ["awaiting_approval", false, late, early, early],
    ["awaiting_approval", false, early, null, early],
    ["awaiting_approval", false, null, late, late],
    ["awaiting_approval", false, null, null, null],
    ["awaiting_approval", true, early, late, late],
    ["awaiting_approval", true, early, null, null],
    ["queued", true, early, late, late],
    ["queued", true, early, null, null],
    ["pending", false, early, late, late],
    ["pending", false, early, null, null],
  ] as const)(
    "%s, decided on: %s, by %s and %s: %s",
    async (state, isDecided, decideBy, claimBy, expected) => {
      expect(deadlineOf({ decideBy, claimBy }, { state, isDecided, isClaimed: false })).toBe(expected);
      const values = [state, decideBy, claimBy, isDecided];
      expect(await inPostgres("deadline_of($1, $2, $3, $4)", ...values)).toBe(expected);
      for (const tables of await engineTables()) {
        const terms = { askedScopes: null, tags: {}, decideBy, claimBy };
        const body = bodyOf("local", 0n);
        tables.putJob(job({ body, state, terms, grants: isDecided ? 1 : 0 }));
        const overdue = (now: number): boolean => tables.overdue(epochSeconds(now), 1).length === 1;
        const end = expected ?? START + 1e6;
        expect([overdue(end - 0.001), overdue(end)]).toEqual([false, expected !== null]);
        if (state === "awaiting_approval") continue;
        // What is overdue is not offered.
        expect(tables.claimable(["text"], epochSeconds(end - 0.001))).not.toBeNull();
        expect(tables.claimable(["text"], epochSeconds(end)) === null).toBe(expected !== null);
      }
    },
  );

  it.each([
    ["running", false],
    ["succeeded", false],
    ["failed", false],
    ["rejected", false],
    ["queued", true],
    ["pending", true],
    ["awaiting_approval", true],
  ] as const)("is none of a job that is %s, claimed: %s", async (state, isClaimed) => {
    const terms = { askedScopes: null, tags: {}, decideBy: null, claimBy: early };
    expect(deadlineOf(terms, { state, isDecided: true, isClaimed })).toBeNull();
    for (const tables of await engineTables()) {
      const attempts = isClaimed
        ? ([{ token: "t", end: "taken", hold: 1, claimedAt: at, by: null, endedAt: at }] as const)
        : [];
      const endedAt = isTerminal(state) ? at : null;
      tables.putJob(job({ state, terms, attempts, endedAt }));
      expect(tables.overdue(late, 1)).toEqual([]);
    }
  });
});

describe("the cap of a pin that counts", () => {
  it.each([
    [10n, null, START + 5, START, 10n],
    [10n, 30n, START + 5, START + 4.999, 30n],
    [10n, 30n, START + 5, START + 5, 10n],
    [10n, 10n, START + 5, START, 10n],
    [0n, 30n, START + 5, START, 30n],
    [MOST - 1n, MOST, START + 5, START, MOST],
  ])("%d, raised to %s until %s, seen at %d: %d", async (cap, to, until, seen, expected) => {
    const raise = to === null ? null : { to: micro(to), until: epochSeconds(until) };
    const now = epochSeconds(seen);
    expect(capInForce({ cap: micro(cap), raise }, now)).toBe(expected);
    const values = [String(cap), to === null ? null : String(to), until, seen];
    expect(await inPostgres("cap_in_force($1, $2, $3, $4)", ...values)).toBe(String(expected));
    for (const tables of await engineTables()) {
      tables.putPin("s", { cap: micro(cap), raise });
      expect(capOf({ scope: "s" }, tables.scope("s").pin, now)).toBe(expected);
    }
  });

  it("is NULL without a pin", async () => {
    expect(await inPostgres("cap_in_force(NULL, NULL, NULL, $1)", START)).toBeNull();
    for (const tables of await engineTables()) {
      expect(tables.scope("s").pin).toBeUndefined();
      tables.putPin("s", { cap: micro(1), raise: null });
      tables.putPin("s", null);
      expect(tables.scope("s").pin).toBeUndefined();
    }
  });
});

describe("a payload that was refused", () => {
  it.each([
    [0, 60],
    [1, 120],
    [6, 3840],
  ])("also %d times before, comes back after %d s", async (before, expected) => {
    expect(refusalDelay(before)).toBe(expected);
    // There the last time is counted.
    expect(await inPostgres("refusal_delay($1)", before + 1)).toBe(expected);
  });

  it("waits for a person after as many times in every store", async () => {
    expect(MOST_REFUSALS).toBe(8);
    expect(await inPostgres("most_refusals()")).toBe(MOST_REFUSALS);
  });
});

it("a claim takes as many bytes in every store", async () => {
  expect(MOST_CLAIMED_BYTES).toBe(8_000_000);
  expect(await inPostgres("most_claimed_bytes()")).toBe(String(MOST_CLAIMED_BYTES));
});

describe("the end of a scope", () => {
  it.each([
    [START, START - 0.001, false],
    [START, START, true],
    [START, START + 1, true],
    [null, START, false],
  ])("at %d, seen at %d: %s", async (until, now, expected) => {
    expect(isOver({ until: until === null ? null : epochSeconds(until) }, epochSeconds(now))).toBe(expected);
    expect(await inPostgres("is_over($1, $2)", until, now)).toBe(expected);
  });
});

describe("the first state of a job", () => {
  it.each([
    ["free", free("j"), "pending"],
    ["paid", paid("j"), "awaiting_approval"],
    ["approved", approved("j"), "queued"],
    ["free and approved", { ...free("j"), approved: { approval: YES, scopes: capped(1) } }, "pending"],
  ] as const)("%s: %s", async (_, request, expected) => {
    const decision = request.approved ? JSON.stringify(request.approved.approval) : null;
    const values = [request.backend, String(request.maxCost), decision];
    expect(await inPostgres("first_state($1, $2, $3)", ...values)).toBe(expected);
    for (const [, make] of stores) {
      const store = await made(make);
      await store.submit(request);
      expect((await store.job("j"))?.state).toBe(expected);
    }
  });
});

describe("an overrun", () => {
  it.each([
    [10n, 0n, 0n],
    [10n, 10n, 0n],
    [10n, 11n, 1n],
    [0n, MOST, MOST],
  ])("of %d held and %d booked: %d", async (held, booked, expected) => {
    expect(overrunOf(booked, held)).toBe(expected);
    for (const [, make] of stores) {
      const store = await made(make);
      await store.hold({ holdId: "h", amount: microCents(held), scopes: capped(MOST), ttlSeconds: 60 });
      expect(await store.settle("h", microCents(booked))).toMatchObject({ booked, overrun: expected });
      await store.submit({ ...approved("j", capped(MOST, "run:2")), maxCost: microCents(held) });
      const lease = await leaseOf(store);
      const actual = { actual: microCents(booked) };
      for (const again of [1, 2]) {
        expect(await store.complete(lease, again, actual)).toMatchObject({ booked, overrun: expected });
      }
    }
  });

  it("is of amounts", () => {
    expect(() => overrunOf(undefined as never, 1n)).toThrow(TypeError);
    expect(() => overrunOf(1n, -1n)).toThrow(RangeError);
  });
});

it("the largest amount: an extension up to it is made, one above it is not", async () => {
  expect(await inPostgres("max_amount()")).toBe(String(MOST));
  for (const [, make] of stores) {
    const store = await made(make);
    await store.hold({ holdId: "h", amount: micro(1), scopes: capped(MOST), ttlSeconds: 60 });
    await expect(store.extend("h", microCents(MOST), 1)).rejects.toThrow(RangeError);
    expect(await store.extend("h", microCents(MOST - 1n), 1)).toEqual({ kind: "held" });
    expect(await store.getHold("h")).toMatchObject({ amount: MOST });
  }
});

describe("a decision without a time of its own", () => {
  const draft = { author: "alice", reason: 'of "x"', outcome: "approved" as ApprovalOutcome };
  it.each([
    ["2026-11-23T09:00:00+01:00", START, "2026-11-23T09:00:00+01:00"],
    [null, START, "2026-11-23T00:00:00.000Z"],
    [null, START + 0.5, "2026-11-23T00:00:00.500Z"],
    [null, START + 0.0625, "2026-11-23T00:00:00.062Z"],
  ])("%j, made at %d: %s", async (own, now, expected) => {
    const decision = { ...draft, decidedAt: own };
    expect(decidedAt(decision, epochSeconds(now)).decidedAt).toBe(expected);
    const dated = await inPostgres("dated($1, $2)", JSON.stringify(decision), now);
    expect(new Approval(JSON.parse(String(dated)) as Approval)).toEqual(
      decidedAt(decision, epochSeconds(now)),
    );
  });
});

/** The operations, each with the version of the schema in its name. */
const OPERATIONS = [
  ...[
    "alone",
    "approve",
    "attempts",
    "audit",
    "cancel",
    "cap",
    "claim",
    "complete",
    "correct",
    "counts",
    "expire",
    "extend",
  ],
  ...[
    "fail",
    "forget",
    "get_hold",
    "hold",
    "holds",
    "id",
    "job",
    "jobs",
    "journal",
    "lanes",
    "place_at",
    "prune",
  ],
  ...[
    "recover_stale",
    "reject",
    "release",
    "renew",
    "retry",
    "scopes",
    "set_cap",
    "set_lane",
    "settle",
    "submit",
    "usage",
  ],
].map((name) => `${name}_v1`);

/** Those that read in the order of an index up to a limit. */
const PAGES = ["forget_v1", "holds_v1", "jobs_v1", "journal_v1", "prune_v1", "scopes_v1"];

it("an operation in PostgreSQL brings its own settings, and what it calls has none", async () => {
  const { rows } = await pool().query<{ name: string; settings: string[]; text: string }>(
    `SELECT proname AS name, coalesce(proconfig, '{}') AS settings, prosrc AS text FROM pg_proc WHERE pronamespace = $1::regnamespace`,
    [schema],
  );
  const all = ["search_path=pg_catalog, pg_temp", "extra_float_digits=1", "enable_seqscan=off", "jit=off"];
  for (const { name, settings, text } of rows) {
    const isPage = PAGES.includes(name);
    const mode = isPage ? "force_custom_plan" : "force_generic_plan";
    const order = isPage || name === "complete_v1" ? ["enable_bitmapscan=off"] : [];
    // A procedure with settings cannot commit.
    const isOperation = name.endsWith("_v1") && name !== "alone_v1";
    const own = isOperation ? [...all, `plan_cache_mode=${mode}`, ...order] : [];
    expect({ name, settings: settings.sort() }).toEqual({ name, settings: own.sort() });
    // Each refuses first what would make rows invisible or commits unsafe.
    expect({ name, begins: text.includes("begin_operation()") }).toEqual({ name, begins: isOperation });
  }
  expect(
    rows
      .map(({ name }) => name)
      .filter((name) => name.endsWith("_v1"))
      .sort(),
  ).toEqual(OPERATIONS);
});

describe("a rule in PostgreSQL", () => {
  it("costs no call: the planner puts its expression in its place", async () => {
    // One that it cannot, which must be found.
    await pool().query(
      `CREATE FUNCTION ${schema}.look_up(id text) RETURNS text LANGUAGE sql STABLE
        RETURN (SELECT state FROM ${schema}.jobs WHERE job_id = id)`,
    );
    const { rows } = await pool().query<{ name: string; types: string[]; isSet: boolean }>(
      `SELECT proname AS name, proretset AS "isSet",
          ARRAY(SELECT format_type(t.oid, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS t (oid, place)
            WHERE t.place <= pronargs ORDER BY t.place) AS types
        FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
        WHERE pronamespace = $1::regnamespace AND lanname = 'sql'`,
      [schema],
    );
    expect(rows.length).toBeGreaterThan(12);
    const called: string[] = [];
    for (const { name, types, isSet } of rows) {
      const columns = types.map((type, index) => `NULL::${type} AS a${String(index)}`).join(", ");
      const list = types.map((_, index) => `x.a${String(index)}`).join(", ");
      const from = `(SELECT ${columns === "" ? "1" : columns} OFFSET 0) AS x`;
      const call = `${schema}.${name}(${list})`;
      const sql = isSet ? `SELECT y.* FROM ${from}, ${call} AS y` : `SELECT ${call} FROM ${from}`;
      const plan = await pool().query<{ "QUERY PLAN": string }>(`EXPLAIN (VERBOSE, COSTS OFF) ${sql}`);
      if (plan.rows.some((row) => row["QUERY PLAN"].includes(`${name}(`))) called.push(name);
    }
    // A job is shown with its lease, which is looked up.
    expect(called.sort()).toEqual(["job_json", "look_up"]);
  });
});
