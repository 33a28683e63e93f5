import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";

const root = new URL("../", import.meta.url);

/** The machine, the versions and the commit of the figures, which mean nothing without them. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly os: string;
  /** The load average of the last minute. If it is much above 0 before the start, the figures are noisy. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
}

export function machine(libraries: readonly string[]): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    memoryGib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    os: `${type()} ${release()} ${arch()}`,
    load: loadavg()[0] ?? NaN,
    versions: {
      node: process.versions.node,
      v8: process.versions.v8,
      "dispatch-kit": versionIn(new URL("package.json", root)),
      ...Object.fromEntries(
        libraries.map((name) => [name, versionIn(new URL(`node_modules/${name}/package.json`, root))]),
      ),
    },
    commit: commit(),
  };
}

/** The first lines of a report. */
export function machineText(of: Machine): string {
  const versions = Object.entries(of.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${of.cpu}, ${of.cores} cores, ${of.memoryGib} GiB, ${of.os}, load ${of.load.toFixed(2)}`,
    versions.join(", "),
    `commit ${of.commit}`,
  ].join("\n");
}

function versionIn(path: URL): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** The commit that was built, marked if `src/` has changed since. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain", "src") && " + changes");
  } catch {
    return "not in a git checkout";
  }
}
