import { type DispatchEvent, drain } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { postgresStore } from "dispatch-kit/postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { free, manualClock, newSchema, pool, YES } from "../stores/memory/support.ts";

const schema = newSchema();
const store = postgresStore(pool(), { schema });
beforeAll(() => store.migrate());
afterAll(() => pool().query(`DROP SCHEMA ${schema} CASCADE`));

describe("a schema that newer code has migrated", () => {
  it("is left as it is by the migrate of this code, and refuses its calls clearly", async () => {
    await pool().query(`INSERT INTO ${schema}.migrations (version, sha256) VALUES (99, 'newer')`);
    await store.migrate();
    expect(typeof (await store.id())).toBe("string");
    // A migration that adds a rule to an operation replaces its function.
    await pool().query(`ALTER FUNCTION ${schema}.id_v1 RENAME TO id_v2`);
    const client = new Client({ connectionString: inject("databaseUrl") });
    await client.connect();
    for (const older of [store, postgresStore(client, { schema })]) {
      await expect(older.id()).rejects.toMatchObject({
        code: "store_failed",
        message: expect.stringContaining("if a newer version has, update this one") as string,
        cause: { code: "42883" },
      });
    }
    await client.end();
  });

  it("is refused if its migrations are not those that were published", async () => {
    await pool().query(`UPDATE ${schema}.migrations SET sha256 = 'other' WHERE version = 1`);
    await expect(store.migrate()).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("never published") as string,
    });
  });
});

describe("a payload that older code cannot read", () => {
  it("comes back after 60 s and then twice as long, waits after 8 times, and runs in newer code", async () => {
    const clock = manualClock();
    let isOlder = false;
    const payload = (value: unknown): unknown => {
      if (isOlder) throw new TypeError("this version knows no field `voice`");
      return value;
    };
    const store = memoryStore({ clock, payload });
    await store.submit(free("1", { maxAttempts: 1 }));
    isOlder = true;
    const seen: unknown[] = [];
    const onEvent = (event: DispatchEvent): void => {
      if (event.kind === "payload_refused") seen.push([clock.now - start, event.outcome]);
    };
    const start = clock.now;
    for (let minute = 0; minute < 128; minute++) {
      await drain(store, () => null, { lanes: ["text"], onEvent });
      clock.now += 60;
    }
    const minutes = [0, 1, 3, 7, 15, 31, 63, 127];
    expect(seen).toEqual(minutes.map((at) => [at * 60, at === 127 ? "waiting" : "requeued"]));
    expect(await store.job("1")).toMatchObject({
      state: "awaiting_approval",
      attempts: 0,
      error: { code: "payload_refused" },
      unreadable: expect.stringContaining("`voice`") as string,
    });
    isOlder = false;
    await store.approve("1", YES);
    expect((await drain(store, () => null, { lanes: ["text"] })).completed).toBe(1);
  });
});
