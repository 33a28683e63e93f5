import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installTools, must, root, run } from "../runtimes/tools.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Installs what a folder's package-lock.json names, unless it is there. No script of a package is run. */
function installed(folder: string): string {
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  const modules = join(folder, "node_modules");
  const marker = join(modules, ".installed-lock.json");
  if (existsSync(marker) && readFileSync(marker, "utf8") === lock) return modules;
  must("npm", ["ci", "--ignore-scripts"], folder);
  writeFileSync(marker, lock);
  return modules;
}

/** Packs the package. @returns the tarball. */
export function pack(folder: string): string {
  must("npm", ["pack", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack left no tarball");
  return join(folder, tarball);
}

function installTarball(tarball: string, folder: string): void {
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  must("npm", ["install", "--offline", "--no-audit", "--no-fund", "--no-package-lock", tarball], folder);
}

/** A folder with the package, and with every tool beside it. */
export function consumerOfTools(folder: string, tarball: string): string {
  installTools(); // the compilers
  const tools = installed(here);
  mkdirSync(folder);
  installTarball(tarball, folder);
  mkdirSync(join(folder, "node_modules/.bin"));
  const commands = readdirSync(join(tools, ".bin")).map((name) => `.bin/${name}`);
  // Without the old Nodes: a command must not run on them by accident.
  const names = [...readdirSync(tools), ...commands].filter((name) => !/^node-|^\.bin\/node$/.test(name));
  for (const name of names) {
    const link = join(folder, "node_modules", name);
    if (!existsSync(link)) symlinkSync(join(tools, name), link);
  }
  return folder;
}

/** A project with the package and Next.js, all of it copied: Turbopack follows no link out of a project. */
export function consumerOfNext(folder: string, tarball: string): string {
  const modules = installed(join(here, "next"));
  mkdirSync(folder);
  installTarball(tarball, folder);
  cpSync(modules, join(folder, "node_modules"), { recursive: true, verbatimSymlinks: true });
  return folder;
}

/** Node 20.19.0, the oldest that the package supports, or 22.10.0; `null` if it is not installed for this system. */
export function node(major: 20 | 22): string | null {
  const program = join(here, `node_modules/node-${major}-${process.platform}-${process.arch}/bin/node`);
  return existsSync(program) ? program : null;
}

/** The oldest Node that there is. */
export function oldestNode(): string {
  return node(20) ?? process.execPath;
}

/** Writes files, into folders that may not be there yet. */
export function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Runs a command as a shell does, on this Node or another one. */
export function shell(
  command: string,
  cwd: string,
  program: string = process.execPath,
): { readonly ok: boolean; readonly output: string } {
  const env = {
    PATH: `${dirname(program)}:${process.env["PATH"] ?? ""}`,
    // npx runs what is installed, and asks nobody.
    npm_config_offline: "true",
    NO_COLOR: "1",
    NEXT_TELEMETRY_DISABLED: "1",
  };
  return run("sh", ["-c", command], { cwd, env, timeoutSeconds: 300 });
}
