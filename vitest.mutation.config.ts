import { defineConfig } from "vitest/config";
import config from "./vitest.config.ts";

/**
 * What a mutant of the core must be caught by: the core's own tests. The others run a store, the package, the demo
 * or a compiler, and would only repeat them slowly.
 */
export default defineConfig({
  ...config,
  test: {
    include: [
      "test/*.test.ts",
      "test/{approval,budget,dispatch,fleet,hostile,money,routing,tokens}/**/*.test.ts",
    ],
    exclude: [
      "test/doc-examples.test.ts",
      "test/types.test.ts",
      "test/surface.test.ts",
      "test/floors.test.ts",
      "test/docs.test.ts",
      // These repeat what the others find, and take seconds for each mutant.
      "test/copies.test.ts",
      "test/hostile/look-alikes.test.ts",
    ],
    setupFiles: ["test/support/mutation.ts"],
    testTimeout: 30_000,
    reporters: ["default"],
  },
});
