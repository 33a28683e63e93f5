import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { must } from "../../runtimes/tools.ts";

export const here: string = fileURLToPath(new URL(".", import.meta.url));

/**
 * Installs what package-lock.json names, unless it is there. No script of a package is run.
 *
 * @returns whether anything had to be installed.
 */
export function installModelClients(): boolean {
  const lock = readFileSync(join(here, "package-lock.json"), "utf8");
  const marker = join(here, "node_modules/.installed-lock.json");
  if (existsSync(marker) && readFileSync(marker, "utf8") === lock) return false;
  must("npm", ["ci", "--ignore-scripts"], here);
  writeFileSync(marker, lock);
  return true;
}
