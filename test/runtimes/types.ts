import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installClients } from "../clients/install.ts";
import { type Count, countChecks } from "./count.ts";
import { here, root, run, tool } from "./tools.ts";

const COMPILERS = ["typescript-5.6", "typescript-5.8", "typescript-5.9", "typescript-6.0", "typescript-7.0"];

/** How users resolve packages: as Node does, or as a bundler does. */
const RESOLUTIONS = {
  nodenext: { module: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

/** Where users' globals come from: each must do without the other. */
const GLOBALS = {
  "the DOM library": { lib: ["ES2022", "DOM"], types: [] },
  "@types/node": { lib: ["ES2022"], types: ["node"], typeRoots: [join(here, "node_modules/@types")] },
};

/** What users of a SQLite client may have switched on besides `strict`. */
const STRICTNESS = {
  "with nodenext": { ...RESOLUTIONS.nodenext, skipLibCheck: true },
  "with bundler and exact optional properties": { ...RESOLUTIONS.bundler, exactOptionalPropertyTypes: true },
};

/**
 * The compilers that check the clients' own declarations too: the newest, and the oldest that can, since Bun's need the
 * generic typed arrays of TypeScript 5.7. It takes seconds.
 */
const CLIENT_DECLARATIONS = ["typescript-5.8", "typescript-7.0"];

/** The published types, the README's example and the SQLite clients, strict. */
export function typeChecks(consumer: string): readonly [string, Count][] {
  const samples = join(consumer, "types");
  const clients = clientSamples(consumer);
  return COMPILERS.map((name) => {
    const { folder, version } = tool(name);
    const tsc = join(folder, "bin/tsc");
    const checks: Record<string, () => string | null> = {};
    for (const [resolution, modules] of Object.entries(RESOLUTIONS)) {
      for (const [globals, library] of Object.entries(GLOBALS)) {
        checks[`types with ${resolution} and ${globals}`] = () =>
          compile(tsc, samples, ["consumer.ts", "example.ts"], { ...modules, ...library });
      }
    }
    for (const [strictness, options] of Object.entries(STRICTNESS)) {
      const library = { lib: ["ES2022"], types: ["bun-types"], typeRoots: [join(clients, "node_modules")] };
      const skipLibCheck = !CLIENT_DECLARATIONS.includes(name);
      checks[`SQLite clients ${strictness}`] = () =>
        compile(tsc, clients, ["types.ts"], { ...library, skipLibCheck, ...options });
    }
    return [`typescript ${version}`, countChecks(checks)];
  });
}

/** A folder with a sample of each SQLite client, and their types. */
function clientSamples(consumer: string): string {
  const missing = installClients();
  if (missing !== null) throw new Error(missing);
  const source = join(root, "test/clients");
  const folder = join(consumer, "clients");
  mkdirSync(folder);
  cpSync(join(source, "types.ts"), join(folder, "types.ts"));
  symlinkSync(join(source, "node_modules"), join(folder, "node_modules"), "junction");
  return folder;
}

/** Every declaration file is checked but the compiler's own, unless the options say otherwise. */
function compile(tsc: string, cwd: string, files: readonly string[], options: object): string | null {
  const checks = { strict: true, skipLibCheck: false, skipDefaultLibCheck: true };
  const compilerOptions = { target: "es2022", noEmit: true, ...checks, ...options };
  writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const { ok, output } = run(process.execPath, [tsc, "-p", "."], { cwd });
  return ok ? null : output;
}
