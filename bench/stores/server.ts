import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Client, Pool } from "pg";
import { type Server, startPostgres } from "../../test/support/postgres-server.ts";

/** A server for the measurements, and its statistics. */
export class Bench {
  readonly #server: Server;
  readonly #admin: Client;
  #made = 0;

  private constructor(server: Server, admin: Client) {
    this.#server = server;
    this.#admin = admin;
  }

  static async start(): Promise<Bench> {
    const server = await startPostgres();
    const admin = new Client({ connectionString: server.url });
    await admin.connect();
    return new Bench(server, admin);
  }

  /** The settings that make commits durable, and the server's version. */
  async settings(): Promise<string> {
    const names = [
      "server_version",
      "fsync",
      "synchronous_commit",
      "shared_buffers",
      "wal_level",
      "autovacuum",
    ];
    const { rows } = await this.#admin.query<{ readonly name: string; readonly value: string }>(
      "SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name",
      [names],
    );
    return rows.map(({ name, value }) => `${name} ${value}`).join(", ");
  }

  /** Uses a new, empty database and drops it. An error ends the run and the server, so nothing else cleans up. */
  async within<Answer>(use: (url: string) => Promise<Answer>): Promise<Answer> {
    const name = `bench_${String(++this.#made)}`;
    await this.#admin.query(`CREATE DATABASE ${name}`);
    const answer = await use(this.#server.url.replace(/\/postgres$/, `/${name}`));
    await this.#untilAlone(name);
    await this.#admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    return answer;
  }

  /** Waits until the server has closed all connections: a connection that is cut off by the drop would throw. */
  async #untilAlone(name: string): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      const { rows } = await this.#admin.query("SELECT 1 FROM pg_stat_activity WHERE datname = $1", [name]);
      if (rows.length === 0) return;
      await setTimeout(20);
    }
  }

  /** The bytes of WAL that were written so far. */
  async walBytes(): Promise<number> {
    const { rows } = await this.#admin.query<{ readonly bytes: string }>(
      "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes",
    );
    return Number(rows[0]?.bytes);
  }

  /** CPU seconds of the server's processes, ended ones included; NaN without /proc. */
  async serverCpuSeconds(): Promise<number> {
    const { rows } = await this.#admin.query<{ readonly file: string }>(
      "SELECT pg_read_file('postmaster.pid') AS file",
    );
    const postmaster = rows[0]?.file.split("\n")[0] ?? "";
    try {
      const stats = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(statOf);
      const own = stats.filter((stat) => stat?.pid === postmaster || stat?.parent === postmaster);
      const ticks = own.reduce((sum, stat) => {
        return sum + (stat === null ? 0 : stat.own + (stat.pid === postmaster ? stat.ended : 0));
      }, 0);
      return ticks / 100;
    } catch {
      return NaN;
    }
  }

  async stop(): Promise<void> {
    await this.#admin.end();
    await this.#server.stop();
  }
}

/** A pool that ignores connections that are cut off when the server stops. */
export function poolOf(connectionString: string, max: number): Pool {
  return new Pool({ connectionString, max }).on("error", () => undefined);
}

/** The dead row versions that the tables of a database have produced, vacuumed or not. */
export async function deadTuples(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ readonly dead: string }>(
    "SELECT sum(n_tup_upd + n_tup_del)::text AS dead FROM pg_stat_user_tables",
  );
  await client.end();
  return Number(rows[0]?.dead);
}

interface Stat {
  readonly pid: string;
  readonly parent: string;
  /** Ticks of the process itself, and of its children that have ended. */
  readonly own: number;
  readonly ended: number;
}

/** Reads a process from Linux's /proc; `null` if it has ended. */
function statOf(pid: string): Stat | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const [parent = "", at] = [fields[1], (index: number): number => Number(fields[index])];
    return { pid, parent, own: at(11) + at(12), ended: at(13) + at(14) };
  } catch {
    return null;
  }
}
