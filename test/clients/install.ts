import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "../runtimes/tools.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * Installs the clients that are too large for the root's package.json, unless they are there: Bun, and
 * better-sqlite3, which brings its binaries along. No script of theirs is run.
 *
 * @returns why they are not there, or `null`.
 */
export function installClients(): string | null {
  const lock = readFileSync(`${here}package-lock.json`, "utf8");
  const installed = `${here}node_modules/.installed-lock.json`;
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return null;
  const { ok, output } = run("npm", ["ci", "--ignore-scripts"], { cwd: here, timeoutSeconds: 600 });
  if (!ok) return `npm ci in test/clients failed: ${output.trim().split("\n").at(-1) ?? ""}`;
  writeFileSync(installed, lock);
  return null;
}

/** Bun for this machine; `null` if no package of it is listed. */
export function bun(): string | null {
  const program = `${here}node_modules/bun-${process.platform}-${process.arch}/bin/bun`;
  return existsSync(program) ? program : null;
}
