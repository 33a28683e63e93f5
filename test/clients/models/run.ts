// The clients of the providers, as they are installed here, over TLS against a server that speaks as the providers do.
// `npm run test:clients`, or some of them: `npm run test:clients -- --only groq-sdk`.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Count, total } from "../../runtimes/count.ts";
import { root } from "../../runtimes/tools.ts";
import { runChecks } from "./checks.ts";
import { here, installModelClients } from "./install.ts";
import { resolveSources } from "./resolve.ts";

const { values } = parseArgs({ options: { only: { type: "string" } } });
const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

const installing = performance.now();
if (installModelClients()) console.log(`installed the clients in ${secondsSince(installing)}`);

/** Runs a tool of this package beside the suite. */
async function passes(tool: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(root, "node_modules", tool), ...args], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(output);
}

const sources = readdirSync(here, { encoding: "utf8", recursive: true })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("node_modules"))
  .map((file) => join(here, file));

const started = performance.now();
const tools = [
  ["types", () => passes("typescript/bin/tsc", ["-p", here])],
  // The root's own run leaves them out, as it cannot see what they import.
  ["lint", () => passes("eslint/bin/eslint.js", ["--no-ignore", ...sources])],
] as const;
resolveSources();
// Only now, as its imports are what has just been installed.
const { runSuite } = await import("./suite.ts");
const counts: readonly Count[] = (
  await Promise.all([
    runSuite(values.only),
    ...tools.map(([name, check]) => runChecks(name, { passes: check })),
  ])
).flat();
console.log(`took ${secondsSince(started)}`);
console.log(total(counts));
// Clients leave timers of minutes behind.
process.exit(counts.some(({ failed }) => failed > 0) ? 1 : 0);
