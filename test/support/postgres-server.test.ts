import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { describe, expect, inject, it } from "vitest";
import { newSchema } from "../stores/memory/support.ts";
import { keep } from "./postgres-server.ts";

const module = JSON.stringify(new URL("postgres-server.ts", import.meta.url).href);

async function schemasOf(url: string, prefix: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT FROM pg_namespace WHERE starts_with(nspname, $1)", [prefix]);
  await client.end();
  return rows.length;
}

describe("the server of the tests", () => {
  it.each(["SIGINT", "SIGKILL"] as const)(
    "is gone after a run that ends by %s, and its folder",
    async (signal) => {
      const before = readdirSync(tmpdir());
      const script = `import { startPostgres } from ${module};
      console.log((await startPostgres()).url);`;
      const run = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      // The keeper has it too: both are gone once it is closed.
      const closed = once(run, "close");
      const [url] = (await once(createInterface(run.stdout), "line")) as [string];
      expect(await schemasOf(url, "public")).toBe(1);
      run.kill(signal);
      await closed;
      await expect(schemasOf(url, "")).rejects.toMatchObject({ code: "ECONNREFUSED" });
      expect(readdirSync(tmpdir())).toEqual(before);
    },
  );

  it("that is another's is left as it was", async () => {
    const url = inject("databaseUrl");
    const schemas = `${newSchema()}_`;
    const { tmp, stop } = await keep({ databaseUrl: url, schemas });
    const client = new Client({ connectionString: url });
    await client.connect();
    for (const name of ["a", "b"]) {
      await client.query(`CREATE SCHEMA ${schemas}${name} CREATE TABLE t (a int)`);
    }
    await client.end();
    expect(await schemasOf(url, schemas)).toBe(2);
    expect(existsSync(tmp)).toBe(true);
    await stop();
    expect(await schemasOf(url, schemas)).toBe(0);
    expect(existsSync(tmp)).toBe(false);
  });
});
