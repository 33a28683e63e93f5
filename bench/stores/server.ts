import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Client, Pool } from "pg";
import { type Server, startPostgres } from "../../test/support/postgres-server.ts";

/** A server for the measurements, and what it says about what was done to it. */
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

  /** What the durability of the figures depends on, and the server's version. */
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

  /** A new, empty database, gone afterwards; what is thrown ends the run, and the server with it. */
  async within<Answer>(use: (url: string) => Promise<Answer>): Promise<Answer> {
    const name = `bench_${String(++this.#made)}`;
    await this.#admin.query(`CREATE DATABASE ${name}`);
    const answer = await use(this.#server.url.replace(/\/postgres$/, `/${name}`));
    await this.#untilAlone(name);
    await this.#admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    return answer;
  }

  /** A pool that has ended says so before the server has noticed; one that is cut off then throws. */
  async #untilAlone(name: string): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      const { rows } = await this.#admin.query("SELECT 1 FROM pg_stat_activity WHERE datname = $1", [name]);
      if (rows.length === 0) return;
      await setTimeout(20);
    }
  }

  /** How many bytes of WAL were ever written. */
  async walBytes(): Promise<number> {
    const { rows } = await this.#admin.query<{ readonly bytes: string }>(
      "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes",
    );
    return Number(rows[0]?.bytes);
  }

  /** Seconds that the server's processes, those that have ended too, had on a core; NaN where there is no /proc. */
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

/** Connections; one that is cut off because the server stops is no news. */
export function poolOf(connectionString: string, max: number): Pool {
  return new Pool({ connectionString, max }).on("error", () => undefined);
}

/** Row versions that a database's tables have left behind, vacuumed or not. */
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
  /** Ticks of the process itself, and those of its children that have ended. */
  readonly own: number;
  readonly ended: number;
}

/** A process in Linux's /proc; `null` if it is gone. */
function statOf(pid: string): Stat | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const [parent = "", at] = [fields[1], (index: number): number => Number(fields[index])];
    return { pid, parent, own: at(11) + at(12), ended: at(13) + at(14) };
  } catch {
    return null;
  }
}
