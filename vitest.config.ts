import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // The tests and the examples import the package by its name, and run against the sources.
    alias: [
      { find: /^dispatch-kit$/, replacement: source("src/index.ts") },
      { find: /^dispatch-kit\/rules$/, replacement: source("src/rules.ts") },
      { find: /^dispatch-kit\/worker$/, replacement: source("src/worker/index.ts") },
      { find: /^dispatch-kit\/journal$/, replacement: source("src/journal/index.ts") },
      { find: /^dispatch-kit\/audit$/, replacement: source("src/audit/index.ts") },
      { find: /^dispatch-kit\/calls$/, replacement: source("src/calls/index.ts") },
      { find: /^dispatch-kit\/telemetry$/, replacement: source("src/telemetry/index.ts") },
      { find: /^dispatch-kit\/sqlite$/, replacement: source("src/stores/sqlite/index.ts") },
      { find: /^dispatch-kit\/postgres$/, replacement: source("src/stores/postgres/index.ts") },
      { find: /^dispatch-kit\/conformance$/, replacement: source("src/conformance/index.ts") },
      { find: /^dispatch-kit\/memory$/, replacement: source("src/stores/memory/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/postgres-server.ts"],
    testTimeout: 120_000,
    // Most tests wait for a database or a process: two files at once take little more than half the time.
    maxWorkers: 2,
    reporters: process.env["CI"]
      ? ["default", ["json", { outputFile: ".cache/test-results.json" }]]
      : ["default"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "json-summary", "text"],
      thresholds: { lines: 98, branches: 98, functions: 98, statements: 98 },
    },
  },
});
