import { join } from "node:path";
import { type Checks, works } from "./check.ts";
import { oldestNode, shell, write } from "./install.ts";
import type { Section } from "./page.ts";

const APP = `import { formatUsd, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
console.log(formatUsd(usd("0.10")) + typeof memoryStore());
`;

export function esbuildChecks(section: Section, consumer: string): Checks {
  const folder = write(join(consumer, "esbuild"), { "package.json": "{}", "app.ts": APP });
  const oldest = oldestNode();
  const bundle = (outfile: string) => () => {
    const built = shell(section.command(outfile), folder);
    if (!built.ok || built.output.includes("WARNING")) return built.output;
    return works(shell(`node ${outfile}`, folder, oldest), "0.10object");
  };
  return {
    "esbuild to CommonJS": bundle("out.cjs"),
    "esbuild to an ES module": bundle("out.mjs"),
    "esbuild without the package": () =>
      bundle("external.cjs")() ?? works(shell("cat external.cjs", folder), 'require("dispatch-kit")'),
  };
}
