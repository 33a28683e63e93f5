import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const here: string = fileURLToPath(new URL(".", import.meta.url));
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

export interface RunOptions {
  readonly cwd: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that hangs, at a prompt say, is killed. */
  readonly timeoutSeconds?: number;
}

/** Runs a command to its end, with nothing to read. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env = {}, timeoutSeconds = 120 }: RunOptions,
): { readonly ok: boolean; readonly output: string } {
  const ended = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutSeconds * 1000,
  });
  // A command that could not start has no output, whatever its type says.
  const printed = [ended.stdout, ended.stderr, ended.error?.message] as readonly (
    string | null | undefined
  )[];
  return { ok: ended.status === 0, output: printed.filter(Boolean).join("\n") };
}

/** Runs what has to succeed. */
export function must(command: string, args: readonly string[], cwd: string): void {
  const { ok, output } = run(command, args, { cwd, timeoutSeconds: 600 });
  if (!ok) throw new Error(`${command} ${args.join(" ")} failed:\n${output}`);
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

/**
 * Installs what package-lock.json names, unless that is what is installed.
 *
 * Every program is an optional dependency for one system, so that npm installs those of this machine, with
 * their recorded integrity, and runs no install script.
 *
 * @returns whether anything had to be installed.
 * @throws Error if npm left out a program of this machine's, as it does when it cannot get it.
 */
export function installTools(): boolean {
  const lock = readFileSync(join(here, "package-lock.json"), "utf8");
  const installed = join(here, "node_modules/.installed-lock.json");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return false;
  must("npm", ["ci"], here);
  for (const name of programs().filter((name) => name.endsWith(system))) tool(name);
  writeFileSync(installed, lock);
  return true;
}

const system = `-${process.platform}-${process.arch}`;

function programs(): readonly string[] {
  const manifest = readJson(join(here, "package.json")) as { optionalDependencies: Record<string, string> };
  return Object.keys(manifest.optionalDependencies);
}

/** An installed package. */
export interface Tool {
  readonly folder: string;
  readonly version: string;
}

export function tool(name: string): Tool {
  const folder = join(here, "node_modules", name);
  if (!existsSync(folder)) throw new Error(`test/runtimes: npm did not install ${name}`);
  const { version } = readJson(join(folder, "package.json")) as { version: string };
  return { folder, version };
}

/** A runtime for this machine; `null` if its package exists for other systems only. */
export function toolForThisSystem(runtime: string): Tool | null {
  const name = `${runtime}${system}`;
  return programs().includes(name) ? tool(name) : null;
}
