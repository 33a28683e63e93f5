import { join } from "node:path";
import { readJson, toolForThisSystem } from "../runtimes/tools.ts";
import { all, type Checks, fails, works } from "./check.ts";
import { node, oldestNode, shell, write } from "./install.ts";
import type { Section } from "./page.ts";

/** What `console.log(…); // text` says that it prints. */
function printed(code: string): string {
  return Array.from(code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm), ([, text]) => text).join("\n");
}

export function nodeChecks(section: Section, consumer: string): Checks {
  const code = section.file("app.cjs");
  const folder = write(join(consumer, "node"), { "package.json": "{}", "app.cjs": code });
  const oldest = oldestNode();
  const newer = ["node-20", "node-22", "node-24", "node-26"].flatMap((name) => {
    const found = toolForThisSystem(name);
    return found === null ? [] : [join(found.folder, "bin/node")];
  });
  const checks: Checks = {
    // Nothing but what the page says that it prints: no warning either.
    "require() as it is": () =>
      all(
        [oldest, ...newer].map((program) => () => {
          const { ok, output } = shell("node app.cjs", folder, program);
          return ok && output.trim() === printed(code) ? null : `${program} prints:\n${output}`;
        }),
      ),
    "require() of every entry point": () => {
      const manifest = readJson(join(consumer, "node_modules/dispatch-kit/package.json"));
      const names = Object.keys((manifest as { exports: object }).exports).map((name) => name.slice(1));
      const requires = names.map((name) => `require("dispatch-kit${name}")`).join("; ");
      return works(shell(`node -e '${requires}'`, folder, oldest));
    },
    "require() and import load the same module": () => {
      const same = 'import("dispatch-kit").then((module) => console.log(module === require("dispatch-kit")))';
      return works(shell(`node -e '${same}'`, folder, oldest), "true");
    },
  };
  const tooOld = node(22);
  if (tooOld === null) return checks;
  return {
    ...checks,
    "Node 22.10 has no require() of an ES module": () =>
      fails(shell("node app.cjs", folder, tooOld), section, "ERR_REQUIRE_ESM"),
    "Node 22.10 has import()": () => {
      const imports = 'import("dispatch-kit").then(({ usd }) => console.log(usd("0.10")))';
      return works(shell(`node -e '${imports}'`, folder, tooOld), "10000000n");
    },
  };
}
