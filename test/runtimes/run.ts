// The published package where its users run it: packed, installed, and checked on every runtime and under
// every version of the compiler that it supports. Prints one line for each, and a total.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Count, total } from "./count.ts";
import { packageChecks, packAndInstall } from "./package.ts";
import { runSuite, runtimes } from "./runtimes.ts";
import { installTools } from "./tools.ts";
import { typeChecks } from "./types.ts";

const counts: Count[] = [];
function report(name: string, count: Count): void {
  for (const failure of count.failures) console.log(failure);
  console.log(`${name}: ${total([count])}`);
  counts.push(count);
}

const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

const installing = performance.now();
if (installTools()) console.log(`installed the runtimes and compilers in ${secondsSince(installing)}`);

const started = performance.now();
// Outside the repository, where no source and no other node_modules can be found by mistake.
const consumer = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
try {
  packAndInstall(consumer);
  report("the tarball", packageChecks(consumer));
  for (const runtime of runtimes()) report(...runSuite(runtime, consumer));
  for (const checked of typeChecks(consumer)) report(...checked);
} finally {
  rmSync(consumer, { recursive: true });
}
console.log(`took ${secondsSince(started)}`);
console.log(total(counts));
process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0;
