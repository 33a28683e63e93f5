import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../runtimes/tools.ts";

/** The entries of this package that the suite and the examples import. */
const ENTRIES: Readonly<Record<string, string>> = {
  "dispatch-kit": "src/index.ts",
  "dispatch-kit/calls": "src/calls/index.ts",
  "dispatch-kit/memory": "src/stores/memory/index.ts",
};

/** Lets this process find this package in its sources. */
export function resolveSources(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const entry = ENTRIES[specifier];
      return next(entry === undefined ? specifier : pathToFileURL(join(root, entry)).href, context);
    },
  });
}
