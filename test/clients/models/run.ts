// The clients of the providers, as they are installed here, over TLS against a server that speaks as the providers do.
// `npm run test:clients`, or some of them: `npm run test:clients -- --only groq-sdk`.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Count, total } from "../../runtimes/count.ts";
import { root } from "../../runtimes/tools.ts";
import { runChecks } from "./checks.ts";
import { copyExamples, here, installModelClients } from "./install.ts";
import { resolveSources } from "./resolve.ts";

const { values } = parseArgs({ options: { only: { type: "string" } } });
const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

const installing = performance.now();
if (installModelClients()) console.log(`installed the clients in ${secondsSince(installing)}`);

copyExamples();

/** Runs a program beside the suite, which must end by itself. */
async function passes(args: readonly string[], timeout?: number): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: root, ...(timeout !== undefined && { timeout }) });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) =>
    child.on("close", (...end) => {
      resolve(end);
    }),
  );
  if (code !== 0) throw new Error(`${args.join(" ")}: ${signal ?? String(code)}\n${output}`);
}

const tool = (path: string): string => join(root, "node_modules", path);

const sources = readdirSync(here, { encoding: "utf8", recursive: true })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("node_modules"))
  .map((file) => join(here, file));

const started = performance.now();
const programs = [
  ["types", () => passes([tool("typescript/bin/tsc"), "-p", here])],
  // The root's own run leaves them out, as it cannot see what they import.
  ["lint", () => passes([tool("eslint/bin/eslint.js"), "--no-ignore", ...sources])],
  ["streams that nobody reads", () => passes(["--expose-gc", join(here, "burden.ts")], 280_000)],
  ["examples", () => passes([join(here, "run-examples.ts")])],
] as const;
resolveSources();
// Only now, as its imports are what has just been installed.
const { runSuite } = await import("./suite.ts");
const counts: readonly Count[] = (
  await Promise.all([
    runSuite(values.only),
    ...programs.map(([name, check]) => runChecks(name, { passes: check })),
  ])
).flat();
console.log(`took ${secondsSince(started)}`);
console.log(total(counts));
// Clients leave timers of minutes behind.
process.exit(counts.some(({ failed }) => failed > 0) ? 1 : 0);
