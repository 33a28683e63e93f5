import { postgresStore } from "dispatch-kit/postgres";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capped, micro } from "../stores/memory/support.ts";
import { type Server, startPostgres } from "../support/postgres-server.ts";

// A server of its own: its setting would let every other test wait.

let server: Server;
let pool: Pool;
const notices: (string | undefined)[] = [];
const hold = (holdId: string, scope = holdId): Parameters<ReturnType<typeof postgresStore>["hold"]>[0] => ({
  holdId,
  amount: micro(1),
  scopes: capped(9, scope),
  ttlSeconds: 60,
});

/** The server processes that have committed, and wait for a standby. */
const WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/** From now on every commit waits for a standby that is not there. */
async function needStandby(): Promise<void> {
  await pool.query("ALTER SYSTEM SET synchronous_standby_names = 'away'");
  await pool.query("SELECT pg_reload_conf()");
  const isSet = "SELECT 1 WHERE current_setting('synchronous_standby_names') = 'away'";
  while ((await pool.query(isSet)).rows.length === 0);
}

beforeAll(async () => {
  server = await startPostgres();
  pool = new Pool({ connectionString: server.url });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("notice", ({ message }) => notices.push(message)));
  await postgresStore(pool).migrate();
  await needStandby();
});
afterAll(async () => {
  await pool.query(`SELECT pg_cancel_backend(pid) ${WAITING}`);
  await pool.end();
  await server.stop();
});

describe("synchronous replication without its standby", () => {
  const store = (): ReturnType<typeof postgresStore> => postgresStore(pool);
  const waiting = async (): Promise<number> => (await pool.query(`SELECT 1 ${WAITING}`)).rows.length;

  it("lets a hold wait, whatever its statement_timeout, and others that need the same scope", async () => {
    const short = new Pool({ connectionString: server.url, options: "-c statement_timeout=300" });
    const first = postgresStore(short).hold(hold("first", "shared"));
    await expect.poll(waiting).toBe(1);
    const next = await postgresStore(short)
      .hold(hold("next", "shared"))
      .catch((error: unknown) => (error as { cause?: unknown }).cause);
    expect([await waiting(), next]).toEqual([1, expect.objectContaining({ code: "57014" })]);
    await pool.query(`SELECT pg_cancel_backend(pid) ${WAITING}`);
    expect((await first).kind).toBe("held");
    await short.end();
  });

  it("answers held to one whose wait is cancelled, with a warning to whoever listens", async () => {
    const held = store().hold(hold("cancelled"));
    await expect.poll(waiting).toBe(1);
    await pool.query(`SELECT pg_cancel_backend(pid) ${WAITING}`);
    expect(await held).toEqual({ kind: "held" });
    expect(notices).toContain("canceling wait for synchronous replication due to user request");
  });

  it("answers held, without a warning, if it is switched off meanwhile", async () => {
    notices.length = 0;
    const held = store().hold(hold("switched off"));
    await expect.poll(waiting).toBe(1);
    await pool.query("ALTER SYSTEM SET synchronous_standby_names = ''");
    await pool.query("SELECT pg_reload_conf()");
    expect([await held, notices]).toEqual([{ kind: "held" }, []]);
    await needStandby();
  });

  it("answers outcome_unknown to one whose connection is ended", async () => {
    const ended = store()
      .hold(hold("ended"))
      .catch((error: unknown) => (error as { code?: unknown }).code);
    await expect.poll(waiting).toBe(1);
    await pool.query(`SELECT pg_terminate_backend(pid) ${WAITING}`);
    expect(await ended).toBe("outcome_unknown");
  });
});
