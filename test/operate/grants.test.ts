import { postgresStore, postgresWake } from "dispatch-kit/postgres";
import { Client, type Pool } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { free, newSchema, pool } from "../stores/memory/support.ts";
import { OPERATIONS, refusedOperations } from "./operations.ts";
import { documented, newRole, poolOf } from "./roles.ts";

// The rights that docs/operate.md grants are enough, and none of them is too many.

const schema = newSchema();
const [owner, worker, reader] = [`${schema}_owner`, `${schema}_worker`, `${schema}_reader`];
const pools = new Map<string, Pool>();
const as = (role: string): Pool => {
  const found = pools.get(role) ?? poolOf(role);
  pools.set(role, found);
  return found;
};

/** Runs the statements of a block of the page. */
async function grant(client: Pool, title: string, role: string): Promise<readonly string[]> {
  const statements = documented(title, schema, role);
  for (const statement of statements) await client.query(statement);
  return statements;
}

beforeAll(async () => {
  for (const role of [owner, worker, reader]) await newRole(role);
  await grant(pool(), "The owner of the schema", owner);
  await postgresStore(as(owner), { schema }).migrate();
  // As some administrators set it for every function.
  await as(owner).query(`REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA ${schema} FROM PUBLIC`);
  await grant(as(owner), "A service or a worker", worker);
  await grant(as(owner), "A dashboard", reader);
});
afterAll(async () => {
  await Promise.all([...pools.values()].map((each) => each.end()));
  await pool().query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${owner}, ${worker}, ${reader}`);
});

describe("the documented rights", () => {
  const admin = postgresStore(pool(), { schema });

  it("of a worker let it do everything, through a Pool, a Client and within a transaction", async () => {
    const url = new URL(inject("databaseUrl"));
    [url.username, url.password] = [worker, "role"];
    const client = new Client({ connectionString: url.href });
    await client.connect();
    const store = postgresStore(as(worker), { schema });
    expect(await refusedOperations(admin, store)).toEqual([]);
    expect(await refusedOperations(admin, postgresStore(client, { schema }))).toEqual([]);
    await client.query("BEGIN");
    expect((await store.within(client).usage("run:1")).committed()).toBe(0n);
    await client.query("COMMIT");
    await client.end();
  });

  it("of a dashboard let it read, and nothing else", async () => {
    const reads = ["usage", "getHold", "cap", "lanes", "job", "jobs", "journal", "audit", "id"];
    const refused = await refusedOperations(admin, postgresStore(as(reader), { schema }));
    expect(refused).toEqual(Object.keys(OPERATIONS).filter((name) => !reads.includes(name)));
  });

  it("are all needed", async () => {
    const store = postgresStore(as(worker), { schema });
    const withoutIt: Record<string, readonly string[] | string> = {};
    for (const { grants, revoke } of rightsOf(documented("A service or a worker", schema, worker))) {
      await as(owner).query(revoke);
      withoutIt[revoke] = revoke.includes(".migrations")
        ? await store.migrate().then(() => "", String)
        : await refusedOperations(admin, store, 1);
      await as(owner).query(grants);
    }
    expect(Object.entries(withoutIt).filter(([, refused]) => refused.length === 0)).toEqual([]);
    expect(Object.keys(withoutIt).length).toBeGreaterThan(30);
  });

  it("of a worker let it check the schema with migrate, and neither make nor change one", async () => {
    const migrate = (name: string): Promise<unknown> =>
      postgresStore(as(worker), { schema: name })
        .migrate()
        .catch((error: unknown) => (error as { cause?: { code?: unknown } }).cause?.code);
    expect(await migrate(schema)).toBeUndefined();
    expect(await migrate(`${schema}_other`)).toBe("42501");
    // As it is when this code is newer than the schema.
    const { rows } = await pool().query(`DELETE FROM ${schema}.migrations RETURNING version, sha256`);
    expect(await migrate(schema)).toBe("42501");
    const { version, sha256 } = rows[0] as { readonly version: number; readonly sha256: string };
    const insert = `INSERT INTO ${schema}.migrations (version, sha256) VALUES ($1, $2)`;
    await pool().query(insert, [version, sha256]);
  });

  it("of a worker let it announce jobs, and hear of them", async () => {
    const url = new URL(inject("databaseUrl"));
    [url.username, url.password] = [worker, "role"];
    const client = new Client({ connectionString: url.href });
    await client.connect();
    const heard = new Promise<void>((resolve, reject) => {
      Promise.resolve(postgresWake(client, { schema })(["wake"], resolve)).then(async () => {
        await postgresStore(as(worker), { schema, notify: true }).submit(free("wake", { lane: "wake" }));
      }, reject);
    });
    await heard;
    await client.end();
  });

  it("of a worker are no right to empty or drop a table", async () => {
    for (const statement of [`TRUNCATE ${schema}.lanes`, `DROP TABLE ${schema}.lanes`])
      await expect(as(worker).query(statement)).rejects.toMatchObject({ code: "42501" });
  });
});

/** Each single right of some GRANT statements, with the statement that takes it away. */
function rightsOf(
  statements: readonly string[],
): readonly { readonly grants: string; readonly revoke: string }[] {
  return statements.flatMap((statement) => {
    const [, rights = "", on = "", to = ""] = /^GRANT (.+) ON (.+) TO (.+)$/.exec(statement) ?? [];
    // A list of tables: one after another.
    return rights.split(", ").flatMap((right) =>
      on.split(", ").map((object) => ({
        grants: `GRANT ${right} ON ${object} TO ${to}`,
        revoke: `REVOKE ${right} ON ${object} FROM ${to}`,
      })),
    );
  });
}
