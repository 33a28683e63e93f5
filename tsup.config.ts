import { defineConfig } from "tsup";

// One file an entry point, and shared chunks: every entry must see the same classes.
export default defineConfig({
  entry: { index: "src/index.ts", ledger: "src/ledger.ts", memory: "src/stores/memory/index.ts" },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  splitting: true,
  treeshake: false,
  clean: true,
  tsconfig: "tsconfig.src.json",
  dts: true,
});
