import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { must, root } from "../../runtimes/tools.ts";

export const here: string = fileURLToPath(new URL(".", import.meta.url));

const examples = join(root, "examples/clients");

/** Where the examples find the clients that are installed here. */
export const exampleCopies: string = join(here, ".cache/examples");

export function copyExamples(): void {
  rmSync(exampleCopies, { recursive: true, force: true });
  mkdirSync(exampleCopies, { recursive: true });
  for (const name of readdirSync(examples)) {
    if (name.endsWith(".ts")) copyFileSync(join(examples, name), join(exampleCopies, name));
  }
}

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
