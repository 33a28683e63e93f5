import { type DispatchStore, type JobRequest } from "dispatch-kit";
import { type PostgresClient, postgresStore, postgresWake } from "dispatch-kit/postgres";
import { PGlite } from "@electric-sql/pglite";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { capped, counters, free, leaseOf, micro, newSchema, pool, YES } from "../memory/support.ts";

// What people report about stores on PostgreSQL, each tried here.

const schema = newSchema();
const store = postgresStore(pool(), { schema });
beforeAll(() => store.migrate());
const connect = async (): Promise<Client> => {
  const client = new Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  return client;
};

describe("somebody's open transaction", () => {
  const request = { amount: micro(1), scopes: capped(1, "stranger"), ttlSeconds: 60 };

  it("on the store's own connection refuses every call, and is none of the store's business after it", async () => {
    const client = await connect();
    const own = postgresStore(client, { schema });
    await client.query("BEGIN");
    await expect(own.hold({ holdId: "s", ...request })).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("the client is inside an open transaction") as string,
    });
    await expect(own.usage("stranger")).rejects.toMatchObject({ code: "store_failed" });
    await client.query("ROLLBACK");
    expect(await counters(store, "stranger")).toEqual([0n, 0n]);
    expect((await own.hold({ holdId: "s", ...request })).kind).toBe("held");
    expect(await own.hold({ holdId: "s2", ...request })).toMatchObject({ kind: "refused" });
    await client.end();
  });

  it("that begins while the call is on its way refuses it too", async () => {
    const client = await connect();
    const own = postgresStore(client, { schema });
    const [, held] = await Promise.all([
      client.query("BEGIN"),
      own.hold({ holdId: "late", amount: micro(1), scopes: capped(9, "late"), ttlSeconds: 60 }).catch(String),
    ]);
    await client.query("ROLLBACK");
    expect(held).toContain("inside an open transaction");
    await client.end();
  });

  it("is where within works, and where it says what it has done", async () => {
    const client = await connect();
    const own = postgresStore(client, { schema });
    await client.query("BEGIN");
    const inside = own.within(client);
    expect((await inside.hold({ ...request, holdId: "in", scopes: capped(1, "in") })).kind).toBe("held");
    await client.query("ROLLBACK");
    expect(await counters(store, "in")).toEqual([0n, 0n]);
    await client.end();
  });

  it("of PGlite refuses a call of the store on the same database", async () => {
    const database = new PGlite();
    const own = postgresStore(database);
    await own.migrate();
    await database.query("BEGIN");
    await expect(own.hold({ holdId: "p", ...request })).rejects.toMatchObject({ code: "store_failed" });
    await database.query("ROLLBACK");
    expect((await own.hold({ holdId: "p", ...request })).kind).toBe("held");
    await database.close();
  });
});

/** A pool whose answers pass through a function. */
function through(change: (answer: { rows: unknown[] }, text: string) => unknown): PostgresClient {
  const client = {
    // As a Pool has it: what the store sends is a function's call.
    totalCount: 1,
    query: async (text: string, values: unknown[]) =>
      change(await pool().query(text, values), text) as { rows: unknown[] },
  };
  return client;
}

describe("an answer that is lost after the commit", () => {
  it("is outcome_unknown, and the call is not run again", async () => {
    let calls = 0;
    const lossy = postgresStore(
      through((answer) => (calls++, answer.rows.length > 0 ? { rows: [] } : answer)),
      { schema },
    );
    for (const id of ["lost-1", "lost-2", "lost-3", "lost-4"]) await store.submit(free(id, { lane: "lost" }));
    const claims = await Promise.allSettled([lossy.claim(["lost"]), lossy.claim(["lost"])]);
    expect(claims).toMatchObject([
      { status: "rejected", reason: { code: "outcome_unknown" } },
      { status: "rejected", reason: { code: "outcome_unknown" } },
    ]);
    expect(calls).toBe(1);
    expect(await store.jobs({ state: "running", lane: "lost" })).toHaveLength(2);
  });

  it("is outcome_unknown if there are fewer answers than calls", async () => {
    const short = postgresStore(
      through(() => ({ rows: [{ answer: '[{"kind":"held"}]' }] })),
      { schema },
    );
    const hold = (holdId: string): Promise<unknown> =>
      short.hold({ holdId, amount: micro(0), scopes: capped(9, "short"), ttlSeconds: 60 });
    const answers = await Promise.allSettled([hold("short-1"), hold("short-2")]);
    expect(answers).toMatchObject([
      { status: "fulfilled", value: { kind: "held" } },
      { status: "rejected", reason: { code: "outcome_unknown" } },
    ]);
  });
});

describe("an error's text", () => {
  it("means nothing: only its code does", async () => {
    const throwing = (message: string, code?: string): DispatchStore => {
      const fail = (): never => {
        throw Object.assign(new Error(message), { code });
      };
      return postgresStore({ query: () => Promise.resolve().then(fail) }, { schema });
    };
    const text = 'dispatch-kit{"kind": nothing that is JSON';
    await expect(throwing(text).submitMany([free("t")])).rejects.toMatchObject({ code: "outcome_unknown" });
    await expect(throwing(text, "XX000").submitMany([free("t")])).rejects.toMatchObject({
      code: "store_failed",
    });
    // The store's own code with a text that somebody has changed.
    await expect(throwing(text, "DK001").submitMany([free("t")])).rejects.toMatchObject({
      code: "store_failed",
    });
    const conflict = store.submitMany([free("t"), free("t", { payload: "other" })]);
    await expect(conflict).rejects.toMatchObject({ code: "job_conflict" });
  });
});

describe("large payloads", () => {
  const megabytes = (count: number): string => "x".repeat(count * 2 ** 20);
  const job = (jobId: string, payload: unknown, lane: string): JobRequest<unknown> =>
    free(jobId, { payload, lane });

  it("travel in several statements: eighty submissions of 1 MiB in one turn, and a small one", async () => {
    const large = Array.from({ length: 80 }, (_, index) => job(`mib-${String(index)}`, megabytes(1), "mib"));
    const answers = await Promise.all([...large, job("small", 1, "mib")].map((each) => store.submit(each)));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["queued"]));
  }, 60_000);

  it("are claimed as far as 8 MB go, and at least one", async () => {
    for (let index = 0; index < 4; index++) {
      await store.submit(job(`large-${String(index)}`, megabytes(index === 0 ? 30 : 3), "large"));
    }
    const claimed = async (): Promise<readonly string[]> =>
      (await store.claimMany(["large"], 10)).map(({ lease }) => lease.jobId);
    expect([await claimed(), await claimed(), await claimed(), await claimed()]).toEqual([
      ["large-0"],
      ["large-1", "large-2"],
      ["large-3"],
      [],
    ]);
  }, 60_000);

  it("are claimed one by one by callers that are in flight together", async () => {
    for (let index = 0; index < 5; index++) {
      await store.submit(job(`each-${String(index)}`, megabytes(3), "each"));
    }
    const jobs = await Promise.all(Array.from({ length: 5 }, () => store.claim(["each"])));
    expect(jobs.map((each) => each?.lease.jobId).sort()).toEqual(
      Array.from({ length: 5 }, (_, index) => `each-${String(index)}`),
    );
  }, 60_000);

  it("are claimed for other lanes in the same turn one by one, too", async () => {
    const lanes = ["other-a", "other-b", "other-c"];
    for (const lane of lanes) await store.submit(job(lane, megabytes(5), lane));
    const jobs = await Promise.all(lanes.map((lane) => store.claim([lane])));
    expect(jobs.map((each) => each?.lease.jobId)).toEqual(lanes);
  }, 60_000);

  it("are listed in several answers", async () => {
    for (let index = 0; index < 5; index++) {
      await store.submit(job(`list-${String(index)}`, megabytes(3), "list"));
    }
    let calls = 0;
    const counting = postgresStore(
      through((answer) => (calls++, answer)),
      { schema },
    );
    const listed = await counting.jobs({ lane: "list", limit: 4 });
    expect(listed.map(({ jobId }) => jobId)).toEqual(["list-0", "list-1", "list-2", "list-3"]);
    expect(calls).toBe(2);
  }, 60_000);
});

describe("a host that cannot be reached", () => {
  it.each([
    ["before the connection", "connect", "store_failed"],
    ["on a connection that was made", "read", "outcome_unknown"],
  ])("%s", async (_, syscall, code) => {
    const error = Object.assign(new Error("host is unreachable"), { code: "EHOSTUNREACH", syscall });
    const away = postgresStore({ query: () => Promise.reject(error) }, { schema });
    await expect(away.claim(["text"])).rejects.toMatchObject({ code });
  });
});

describe("operations that lose a deadlock", () => {
  it.each(["expire", "pinCap", "prune", "forget", "correct", "recoverStale"] as const)(
    "are tried again: %s",
    async (name) => {
      let lost = 0;
      const unlucky = {
        totalCount: 1,
        query: (text: string, values: unknown[]) => {
          if (lost++ > 0) return pool().query(text, values);
          return Promise.reject(Object.assign(new Error("deadlock detected"), { code: "40P01" }));
        },
      };
      const other = postgresStore(unlucky, { schema });
      const decision = { id: `unlucky ${name}`, approval: YES };
      await store.hold({ holdId: name, amount: micro(1), scopes: capped(9, name), ttlSeconds: 60 });
      const before = new Date(0);
      const calls = {
        expire: () => other.expire(),
        pinCap: () => other.pinCap(name, micro(9), decision),
        prune: () => other.prune({ before }),
        forget: () => other.forget({ before }),
        correct: () => other.correct(name, micro(1), decision),
        recoverStale: () => other.recoverStale({ ttlSeconds: 1e6 }),
      };
      await calls[name]();
      expect(lost).toBe(2);
    },
  );
});

describe("a connection that dies", () => {
  it("ends no process that waits for notifications on it", async () => {
    const client = await connect();
    const unsubscribe = await postgresWake(client, { schema })(["text"], () => undefined);
    const ended = new Promise((resolve) => client.once("end", resolve));
    // What `pg` knows of its connection; its types do not.
    await pool().query("SELECT pg_terminate_backend($1)", [
      (client as Client & { readonly processID: number }).processID,
    ]);
    await ended;
    await unsubscribe();
  });
});

describe("a server", () => {
  const database = `${schema}_latin`;
  afterAll(() => pool().query(`DROP DATABASE IF EXISTS ${database}`));

  it("with another encoding than UTF-8 is refused by migrate", async () => {
    await pool().query(
      `CREATE DATABASE ${database} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    const client = new Client({
      connectionString: inject("databaseUrl").replace(/\/postgres$/, `/${database}`),
    });
    await client.connect();
    await expect(postgresStore(client).migrate()).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("must have the encoding UTF8, it has LATIN1") as string,
    });
    await client.end();
  });

  it("with all extra checks of plpgsql is migrated and works", async () => {
    const client = new Client({
      connectionString: inject("databaseUrl"),
      options: "-c plpgsql.extra_errors=all -c plpgsql.extra_warnings=all",
    });
    await client.connect();
    const strict = postgresStore(client, { schema: newSchema() });
    await strict.migrate();
    await strict.submit(free("strict"));
    expect(await strict.complete(await leaseOf(strict), null)).toMatchObject({ kind: "completed" });
    await client.end();
  });
});
