import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Count, countChecks } from "./count.ts";
import { here, run, tool } from "./tools.ts";

const COMPILERS = ["typescript-5.6", "typescript-6.0", "typescript-7.0"];

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

/** The published types and the README's example, strict and with every declaration file checked. */
export function typeChecks(consumer: string): readonly [string, Count][] {
  return COMPILERS.map((name) => {
    const { folder, version } = tool(name);
    const checks: Record<string, () => string | null> = {};
    for (const [resolution, modules] of Object.entries(RESOLUTIONS)) {
      for (const [globals, library] of Object.entries(GLOBALS)) {
        checks[`types with ${resolution} and ${globals}`] = () =>
          compile(join(folder, "bin/tsc"), join(consumer, "types"), { ...modules, ...library });
      }
    }
    return [`typescript ${version}`, countChecks(checks)];
  });
}

function compile(tsc: string, cwd: string, options: object): string | null {
  const compilerOptions = { ...options, target: "es2022", strict: true, skipLibCheck: false, noEmit: true };
  const files = ["consumer.ts", "example.ts"];
  writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const { ok, output } = run(process.execPath, [tsc, "-p", "."], { cwd });
  return ok ? null : output;
}
