// The package in CommonJS and in the tools that docs/commonjs.md is about: packed, installed, and tried with the very
// blocks of that page. `npm run test:modules`, or a part of it: `npm run test:modules -- --only next`.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Count, countChecks, total } from "../runtimes/count.ts";
import type { Checks } from "./check.ts";
import { esbuildChecks } from "./esbuild.ts";
import { consumerOfNext, consumerOfTools, node, pack } from "./install.ts";
import { jestChecks } from "./jest.ts";
import { nextChecks } from "./next.ts";
import { nodeChecks } from "./node.ts";
import { readPage, type Section } from "./page.ts";
import { typescriptChecks } from "./typescript.ts";
import { wrongVersions } from "./versions.ts";
import { vitestChecks } from "./vitest.ts";

/** The parts by their name on the command line, each with the section of the page that it tries. */
const PARTS: Readonly<
  Record<string, [title: string, checks: (section: Section, consumer: string) => Checks]>
> = {
  node: ["Node.js", nodeChecks],
  typescript: ["TypeScript", typescriptChecks],
  jest: ["Jest", jestChecks],
  vitest: ["Vitest", vitestChecks],
  esbuild: ["esbuild", esbuildChecks],
  next: ["Next.js", nextChecks],
};

const { values } = parseArgs({ options: { only: { type: "string" } } });
const only = values.only?.split(",") ?? Object.keys(PARTS);
const unknown = only.filter((name) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`--only takes ${Object.keys(PARTS).join()}, not ${unknown.join()}`);

const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
const counts: Count[] = [];

function report(title: string, checks: Checks): void {
  const start = performance.now();
  const count = countChecks(checks);
  for (const failure of count.failures) console.log(failure);
  console.log(`${title}: ${total([count])}, in ${secondsSince(start)}`);
  counts.push(count);
}

const started = performance.now();
const { intro, sections } = readPage();
// Outside the repository, where no source and no other node_modules can be found by mistake.
const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
try {
  // What the tools keep for their next run goes with it.
  process.env["TMPDIR"] = join(folder, "tmp");
  mkdirSync(process.env["TMPDIR"]);
  const tarball = pack(folder);
  const tools = only.some((name) => name !== "next") ? consumerOfTools(join(folder, "tools"), tarball) : "";
  const next = only.includes("next") ? consumerOfNext(join(folder, "next"), tarball) : "";
  if (tools !== "" && (node(20) === null || node(22) === null)) {
    console.log(
      `skipped: what needs Node 20.19 or 22.10, since there is none for ${process.platform} ${process.arch}`,
    );
  }
  console.log(`packed and installed in ${secondsSince(started)}`);
  for (const [name, [title, checks]] of Object.entries(PARTS)) {
    const section = sections.get(title);
    if (section === undefined) throw new Error(`docs/commonjs.md has no section ${title}`);
    if (!only.includes(name)) continue;
    report(title, {
      ...checks(section, name === "next" ? next : tools),
      "nothing of the page is left untried": () => section.untried().join() || null,
    });
  }
  report("the page", {
    "names the versions that are tried": () => wrongVersions(intro),
    "has no other sections": () => {
      const titles = Object.values(PARTS).map(([title]) => title);
      return [...sections.keys()].filter((title) => !titles.includes(title)).join() || null;
    },
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`took ${secondsSince(started)}`);
console.log(total(counts));
process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0;
