import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findListing, type Listing } from "../../examples/demo/price.ts";
import { MAX_OUTPUT_TOKENS } from "../../examples/demo/service.ts";
import { parseTrace, type Trace } from "../../examples/demo/trace.ts";

export const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";

export function path(relative: string): string {
  return fileURLToPath(new URL(`../../${relative}`, import.meta.url));
}

/** The first calls of the bundled trace, header included. */
export function traceText(calls = Infinity): string {
  const lines = readFileSync(path("examples/data/azure-llm-2023-conv.csv"), "utf8").split(/\r?\n/);
  return lines.slice(0, calls + 1).join("\n");
}

export function trace(text: string): Trace {
  return parseTrace("trace.csv", text, MAX_OUTPUT_TOKENS);
}

/** A model whose price does not depend on the day. */
export function gpt4oMini(): Listing {
  return findListing("gpt-4o-mini", new Date("2026-01-01T00:00:00Z"));
}

/** Outside of a test runner the demo imports the built package. */
export function buildOnce(): void {
  if (existsSync(path("dist/index.js"))) return;
  const tsup = path("node_modules/tsup/dist/cli-default.js");
  spawnSync(process.execPath, [tsup, "--silent", "--no-dts"], { cwd: path("."), stdio: "inherit" });
}
