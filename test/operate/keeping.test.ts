import type { DispatchStore } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  approved,
  capped,
  claim,
  counters,
  decision,
  free,
  micro,
  newSchema,
  pool,
  YES,
} from "../stores/memory/support.ts";
import { documented } from "./roles.ts";

// What is done by hand: less data, a backup's money, a stop, and what is watched.

const url = (name: string): string => {
  const found = new URL(inject("databaseUrl"));
  found.pathname = name;
  return found.href;
};
const schema = newSchema();
const store = postgresStore(pool(), { schema });
beforeAll(() => store.migrate());
afterAll(() => pool().query(`DROP SCHEMA ${schema} CASCADE`));

async function rowsOf(...tables: readonly string[]): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await pool().query<{ n: number }>(`SELECT count(*)::int AS n FROM ${schema}.${table}`);
    counted[table] = rows[0]?.n ?? 0;
  }
  return counted;
}

describe("what grows", () => {
  it("is made smaller by prune, and gone after forget, but for scopes, caps and lanes", async () => {
    for (let index = 0; index < 25; index++) {
      const id = `grown ${String(index)}`;
      await store.submit(approved(id, capped(1000, "month:1"), { approved: null }));
      await store.approve(id, decision(), { scopes: capped(1000, "month:1") });
      await store.complete((await claim(store)).lease, "a result", { actual: micro(4) });
    }
    await store.hold({ holdId: "own", amount: micro(3), scopes: capped(100, "run:1"), ttlSeconds: 60 });
    await store.settle("own", micro(2));
    await store.hold({ holdId: "open", amount: micro(3), scopes: capped(100, "run:1"), ttlSeconds: 60 });
    await store.pinCap("month:1", micro(1000), decision());
    await store.resumeLane("text", decision());

    const before = new Date(Date.now() + 1000);
    const steps: unknown[] = [];
    for (const sweep of ["prune", "forget"] as const) {
      for (let more = true; more;) {
        const swept = await store[sweep]({ before, limit: 10 });
        more = swept.more;
        steps.push([sweep, swept.jobs, swept.holds]);
      }
      if (sweep === "prune") {
        expect(await rowsOf("jobs", "holds", "decisions")).toEqual({ jobs: 25, holds: 27, decisions: 27 });
        expect(await store.job("grown 1")).toBeNull();
        expect(await store.submit(approved("grown 1", capped(1000, "month:1")))).toMatchObject({
          kind: "exists",
        });
        const corrected = await store.correct("job:grown 1#1", micro(5), decision());
        expect(corrected).toMatchObject({ kind: "corrected" });
      }
    }
    expect(steps).toEqual([
      ...[
        ["prune", 10, 1],
        ["prune", 10, 0],
        ["prune", 5, 0],
      ],
      ...[
        ["forget", 10, 1],
        ["forget", 10, 0],
        ["forget", 5, 0],
      ],
    ]);
    expect(await rowsOf("jobs", "holds", "decisions", "scopes", "lanes", "ended")).toEqual({
      ...{ jobs: 0, holds: 1, decisions: 2, scopes: 2, lanes: 1, ended: 0 },
    });
    expect(await counters(store, "month:1")).toEqual([0n, 101n]);
    expect(await counters(store, "run:1")).toEqual([3n, 2n]);
  });
});

describe("a restored backup", () => {
  const [live, backup] = [`${schema}_live`, `${schema}_backup`];
  const open: Pool[] = [];
  const on = (name: string): DispatchStore => {
    const made = new Pool({ connectionString: url(name) });
    made.on("error", () => undefined);
    open.push(made);
    return postgresStore(made);
  };
  afterAll(async () => {
    await Promise.all(open.map((each) => each.end().catch(() => undefined)));
    for (const name of [live, backup]) await pool().query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });

  it("gets back the money that was spent since, before anything new is admitted", async () => {
    const month = "month:2026-11";
    await pool().query(`CREATE DATABASE ${live}`);
    const lost = on(live);
    await lost.migrate();
    const pin = { id: "cap:month:100", approval: YES };
    await lost.pinCap(month, micro(100), pin);
    await lost.submit(approved("job 1", [{ scope: month }]));
    await lost.hold({ holdId: "call 1", amount: micro(20), scopes: [{ scope: month }], ttlSeconds: 1e6 });
    await lost.hold({ holdId: "call 2", amount: micro(20), scopes: [{ scope: month }], ttlSeconds: 1e6 });
    await lost.settle("call 2", micro(10));
    await open.pop()?.end();
    await pool().query(`CREATE DATABASE ${backup} TEMPLATE ${live}`);

    const restored = on(backup);
    const by = (id: string): { id: string; approval: typeof YES } => ({ id, approval: YES });
    // 1. Nothing new.
    await restored.pauseLane("text", by("restore:pause"));
    await restored.pinCap(month, micro(0), by("restore:stop"));
    await restored.pinCap(month, micro(100), pin); // a service that starts: its decision is known, and changes nothing
    expect(await restored.cap(month)).toMatchObject({ cap: 0n });
    const late = { holdId: "late", amount: micro(1), scopes: [{ scope: month }], ttlSeconds: 60 };
    expect((await restored.hold(late)).kind).toBe("refused");
    expect(await restored.claim(["text"])).toBeNull();
    // 2. What the backup knows, at its true cost.
    await restored.settle("call 1", micro(15));
    await restored.correct("call 2", micro(12), by("restore:call 2"));
    const cancelled = await restored.cancel("job 1", { author: "alice", reason: "it ran after the backup" });
    expect(cancelled).toMatchObject({ kind: "cancelled", booked: 0n });
    // 3. What the backup does not know: a hold of 0 fits under a cap of 0, and its settlement books the sum.
    const missing = {
      holdId: "restore:2026-11-28",
      amount: micro(0),
      scopes: [{ scope: month }],
      ttlSeconds: 60,
    };
    expect((await restored.hold(missing)).kind).toBe("held");
    expect(await restored.settle("restore:2026-11-28", micro(40))).toMatchObject({
      booked: 40n,
      overrun: 40n,
    });
    // 4. Go on.
    await restored.pinCap(month, micro(100), by("restore:go"));
    await restored.resumeLane("text", by("restore:resume"));
    expect(await counters(restored, month)).toEqual([0n, 67n]);
    expect((await restored.hold({ ...late, amount: micro(34) })).kind).toBe("refused");
    expect((await restored.hold({ ...late, amount: micro(33) })).kind).toBe("held");
  });
});

describe("a stop of everything", () => {
  it("admits nothing new, offers nothing that is queued, and lets what runs end", async () => {
    const scope = "company";
    await store.pinCap(scope, micro(100), decision());
    const job = { approved: { approval: YES, scopes: [{ scope }] }, lane: "stop", maxAttempts: 3 };
    for (const id of ["runs", "waits"]) await store.submit(approved(id, [{ scope }], job));
    const { lease } = await claim(store, "stop");
    await store.pauseLane("stop", decision());
    await store.pinCap(scope, micro(0), decision());

    const request = { amount: micro(1), ttlSeconds: 60 };
    expect((await store.hold({ ...request, holdId: "s1", scopes: [{ scope }] })).kind).toBe("refused");
    const itsOwn = store.hold({ ...request, holdId: "s2", scopes: capped(100, scope) });
    await expect(itsOwn).rejects.toMatchObject({ code: "cap_conflict" });
    expect((await store.submit(approved("new", [{ scope }], job))).kind).toBe("refused");
    expect(await store.claim(["stop"])).toBeNull();
    expect(await store.renew(lease)).toBe(true);
    // A failed attempt finds no room for the next one.
    expect((await store.fail(lease, "busy", { retriable: true, actual: micro(1) })).kind).toBe("waiting");
    expect(await counters(store, scope)).toEqual([10n, 1n]);
    await store.submit(free("free", { lane: "local" }));
    expect((await claim(store, "local")).lease.jobId).toBe("free");
  });
});

describe("what to watch", () => {
  it("is answered by each of the documented statements", async () => {
    const clock = (): Date => new Date(Date.now() - 600_000);
    const early = postgresStore(pool(), { schema, clock });
    await early.hold({ holdId: "due", amount: micro(1), scopes: capped(9, "due"), ttlSeconds: 60 });
    const statements = documented("What to watch", schema, "nobody");
    const answers = [];
    for (const statement of statements) answers.push((await pool().query(statement)).rows);
    expect(statements).toHaveLength(6);
    expect(answers[0]).toEqual([{ due_holds: "1" }]);
  });
});
