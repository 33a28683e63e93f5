import { mergeConfig } from "vitest/config";
import config from "./vitest.config.ts";

// What a mutant must be caught by: the tests of the core. The others run the package, the demo or a compiler,
// and would only repeat them slowly.
export default mergeConfig(config, {
  test: {
    exclude: [
      "test/examples/**",
      "test/doc-examples.test.ts",
      "test/types.test.ts",
      "test/stores/memory/model*.test.ts",
    ],
    setupFiles: ["test/support/mutation.ts"],
    reporters: ["default"],
  },
});
