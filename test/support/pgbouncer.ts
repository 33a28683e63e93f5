import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.ts";

export interface Pooler {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The path of pgbouncer, if it is installed. */
export function pgbouncer(): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, "pgbouncer")).find(existsSync) ?? null;
}

/** Starts pgbouncer in transaction mode for a server, with fewer connections to the server than its clients use. */
export async function startPooler(program: string, databaseUrl: string): Promise<Pooler> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  const own = await freePort();
  const server = `host=${hostname} port=${port || "5432"} user=${username} password=${decodeURIComponent(password)}`;
  const file = join(folder, "pgbouncer.ini");
  writeFileSync(
    file,
    `[databases]
pooled = dbname=${pathname.slice(1)} ${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(own)}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
`,
  );
  // pgbouncer refuses to run as root.
  chmodSync(folder, 0o755);
  const user = process.getuid?.() === 0 ? ["-u", "postgres"] : [];
  const leash = fileURLToPath(new URL("leash.ts", import.meta.url));
  const child = spawn(process.execPath, [leash, program, ...user, file], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      if (line.includes("process up")) resolve();
    });
    void ended.then(() => {
      reject(new Error(`pgbouncer did not start:\n${log.join("\n")}`));
    });
  });
  return {
    url: `postgres://${username}@127.0.0.1:${String(own)}/pooled`,
    async stop() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
