import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type PostgresClient, postgresStore } from "dispatch-kit/postgres";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { capped, counters, micro, newSchema, pool } from "../stores/memory/support.ts";
import { newRole, poolOf } from "./roles.ts";

const schema = newSchema();
const store = postgresStore(pool(), { schema });
const hold = (holdId: string, scope = holdId): Parameters<typeof store.hold>[0] => ({
  holdId,
  amount: micro(1),
  scopes: capped(1000, scope),
  ttlSeconds: 60,
});
beforeAll(() => store.migrate());

/** A process that has an idle connection in its Pool, whose server process is ended. */
async function afterItsConnectionDied(listener: string): Promise<unknown> {
  const code = `
    import { Pool } from "pg";
    const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
    ${listener}
    const { rows } = await pool.query("SELECT pg_backend_pid() AS pid");
    console.log(rows[0].pid);
    process.stdin.once("data", async () => {
      await pool.query("SELECT 1");
      process.exit(0);
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { ...process.env, DATABASE_URL: inject("databaseUrl") },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stderr.resume();
  child.stdin.on("error", () => undefined);
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: pid } = await lines.next();
  await pool().query("SELECT pg_terminate_backend($1)", [Number(pid)]);
  // It has heard of it, or ended.
  if (!(await lines.next()).done) child.stdin.write("go\n");
  return (await ended)[0];
}

describe("an idle connection of a Pool that dies", () => {
  it("ends the process if the Pool has no listener for errors", async () => {
    expect(await afterItsConnectionDied("")).toBe(1);
  });

  it("is replaced if the Pool has one", async () => {
    const listener = 'pool.on("error", (error) => console.log(error.message));';
    expect(await afterItsConnectionDied(listener)).toBe(0);
  });
});

describe("connections", () => {
  it("of a Pool of two serve a thousand calls at once", async () => {
    const two = new Pool({ connectionString: inject("databaseUrl"), max: 2 });
    const small = postgresStore(two, { schema });
    const calls = Array.from({ length: 1000 }, (_, index) =>
      small.hold(hold(`many ${String(index)}`, "many")),
    );
    expect(new Set((await Promise.all(calls)).map(({ kind }) => kind))).toEqual(new Set(["held"]));
    await two.end();
  });

  it("that the server refuses are store_failed, those that the Pool does not get in time outcome_unknown", async () => {
    const role = `${schema}_few`;
    await newRole(role);
    await pool().query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    const limited = poolOf(role);
    const taken = await limited.connect();
    await expect(postgresStore(limited, { schema }).id()).rejects.toMatchObject({
      code: "store_failed",
      cause: { code: "53300" },
    });
    taken.release();
    await limited.end();
    await pool().query(`DROP ROLE ${role}`);
    const one = new Pool({ connectionString: inject("databaseUrl"), max: 1, connectionTimeoutMillis: 100 });
    const only = await one.connect();
    await expect(postgresStore(one, { schema }).id()).rejects.toMatchObject({ code: "outcome_unknown" });
    only.release();
    await one.end();
  });
});

describe("what is known of a client", () => {
  /** A client that runs each call in a transaction of its own, and then ends it with `end`. */
  const wrapper = (end: "COMMIT" | "ROLLBACK"): PostgresClient => ({
    async query(text, values) {
      const client = await pool().connect();
      try {
        await client.query("BEGIN");
        const answer = await client.query(text, values);
        await client.query(end);
        return answer;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
  });

  it("refuses one that wraps each call in a transaction of its own", async () => {
    await expect(postgresStore(wrapper("COMMIT"), { schema }).hold(hold("wrapped"))).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("inside an open transaction") as string,
    });
  });

  it("is its totalCount: what has it and rolls back has answered held for nothing", async () => {
    const posing = Object.assign(wrapper("ROLLBACK"), { totalCount: 1 });
    expect((await postgresStore(posing, { schema }).hold(hold("posing"))).kind).toBe("held");
    expect(await counters(store, "posing")).toEqual([0n, 0n]);
  });

  it("lets a single Client work, one call after another", async () => {
    const client = new Client({ connectionString: inject("databaseUrl") });
    await client.connect();
    const single = postgresStore(client, { schema });
    const answers = await Promise.all([single.hold(hold("single")), single.usage("single")]);
    expect(answers[0].kind).toBe("held");
    await client.end();
  });
});

afterAll(() => pool().query(`DROP SCHEMA ${schema} CASCADE`));
