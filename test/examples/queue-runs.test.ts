import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { Client } from "pg";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { buildOnce, path } from "./support.ts";

const SAID = `sent 10, refused 10
before any job has run: $1.00 held, $0.00 spent of $1.00
nine jobs settled at $0.04, one dead job charged in full: $0.00 held, $0.46 spent of $1.00
sent 5, refused 5
after five more jobs in the remaining room: $0.00 held, $0.66 spent of $1.00
`;

describe.skipIf(!process.features.typescript)("the runs of the queue examples", () => {
  beforeAll(buildOnce);

  it.each(["pg-boss", "graphile-worker"])(
    "%s: run.ts shows what fits, and leaves no database",
    async (queue) => {
      const env = { ...process.env, DATABASE_URL: inject("databaseUrl") };
      const child = spawn(process.execPath, [path(`examples/${queue}/run.ts`)], { env });
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      expect([stdout, stderr]).toEqual([SAID, ""]);
      const client = new Client({ connectionString: inject("databaseUrl") });
      await client.connect();
      const left = `SELECT datname FROM pg_database WHERE datname = 'dispatch_kit_' || $1 || '_' || $2`;
      expect((await client.query(left, [queue.replace("-", "_"), String(child.pid)])).rows).toEqual([]);
      await client.end();
    },
  );
});
