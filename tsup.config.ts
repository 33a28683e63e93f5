import { defineConfig } from "tsup";

// One file an entry point, and shared chunks: every entry must see the same classes.
export default defineConfig(({ dts }) => ({
  entry: {
    index: "src/index.ts",
    rules: "src/rules.ts",
    memory: "src/stores/memory/index.ts",
    worker: "src/worker/index.ts",
    journal: "src/journal/index.ts",
    audit: "src/audit/index.ts",
    calls: "src/calls/index.ts",
    telemetry: "src/telemetry/index.ts",
    // Not exported: a chunk of its own, which a bundler drops where nothing reads usage reports.
    protocols: "src/calls/protocols/protocols.ts",
    conformance: "src/conformance/index.ts",
    sqlite: "src/stores/sqlite/index.ts",
    postgres: "src/stores/postgres/index.ts",
  },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  splitting: true,
  treeshake: false,
  // Without types it is a quick build for the demo or the bench, beside the types that are there.
  clean: dts !== false,
  tsconfig: "tsconfig.src.json",
  dts: true,
}));
