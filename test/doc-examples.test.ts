import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, inspect } from "node:util";
import * as core from "dispatch-kit";
import * as ledger from "dispatch-kit/rules";
import * as memory from "dispatch-kit/memory";
import * as calls from "dispatch-kit/calls";
import * as conformance from "dispatch-kit/conformance";
import * as sqlite from "dispatch-kit/sqlite";
import * as worker from "dispatch-kit/worker";
import * as telemetry from "dispatch-kit/telemetry";
import * as journal from "dispatch-kit/journal";
import * as audit from "dispatch-kit/audit";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";

// Every example in the README, in docs/ and in a doc comment is compiled, strictly, and run. In a comment after a
// statement, `// => value` is what it evaluates to, and `// text` after console.log is what it prints.

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.cache/examples/`;
const entries = {
  "dispatch-kit": core,
  "dispatch-kit/rules": ledger,
  "dispatch-kit/memory": memory,
  "dispatch-kit/conformance": conformance,
  "dispatch-kit/sqlite": sqlite,
  "dispatch-kit/worker": worker,
  "dispatch-kit/journal": journal,
  "dispatch-kit/audit": audit,
  "dispatch-kit/calls": calls,
  "dispatch-kit/telemetry": telemetry,
  "node:sqlite": { DatabaseSync },
};

interface Example {
  readonly name: string;
  readonly code: string;
}

function pageExamples(page: string): readonly Example[] {
  const blocks = readFileSync(`${root}${page}`, "utf8").matchAll(/^```ts\n(.*?)^```/gms);
  const name = page.toLowerCase().replaceAll("/", "-").replace(".md", "");
  return Array.from(blocks, ([, code = ""], index) => ({ name: `${name}-${String(index + 1)}`, code }));
}

function docsExamples(): readonly Example[] {
  const pages = readdirSync(`${root}docs`).filter((file) => file.endsWith(".md"));
  return pages.sort().flatMap((page) => pageExamples(`docs/${page}`));
}

function sourceExamples(): readonly Example[] {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  return files.sort().flatMap((file) => {
    const blocks = readFileSync(`${root}src/${file}`, "utf8").matchAll(
      /^ *\* @example\n *\* ```ts\n(.*?)^ *\* ```/gms,
    );
    return Array.from(blocks, ([, block = ""], index) => ({
      name: `${file.replaceAll("/", "-").replace(".ts", "")}-${String(index + 1)}`,
      code: block.replaceAll(/^ *\* ?/gm, ""),
    }));
  });
}

/** A module: the names that a doc comment uses are imported, and what it claims is checked. */
function toModule(code: string): string {
  const imports = Object.entries(entries)
    .filter(([entry]) => !code.includes(`from "${entry}"`))
    .map(([entry, exported]) => {
      const names = Object.keys(exported).filter((name) =>
        new RegExp(`\\b${name}\\b`).test(withoutImports(code)),
      );
      return [entry, names.filter((name) => !new RegExp(`import [^;]*\\b${name}\\b`).test(code))] as const;
    })
    .filter(([, names]) => names.length > 0)
    .map(([entry, names]) => `import { ${names.join(", ")} } from "${entry}";\n`);
  const checked = code
    .replaceAll(
      /^(\s*)(.+);\s*\/\/ => (.+)$/gm,
      (_, indent: string, expression: string, value: string) => `${indent}__same(${expression}, ${value});`,
    )
    .replaceAll(
      /^(\s*)(console\.log\(.+\);|logEgress\(.+\);) \/\/ (.+)$/gm,
      (_, indent: string, call: string, text: string) =>
        `${indent}${call} __printed(${JSON.stringify(text)});`,
    );
  const globals =
    "declare const __same: (actual: unknown, expected: unknown) => void;\n" +
    "declare const __printed: (text: string) => void;\n";
  return `${imports.join("")}${globals}${checked}\nexport {};\n`;
}

function withoutImports(code: string): string {
  return code.replaceAll(/^import .*$/gm, "");
}

/** Milliseconds: the compiler reads the types of every client, and PGlite starts a whole PostgreSQL. */
const PATIENCE = 120_000;

const examples = [...pageExamples("README.md"), ...docsExamples(), ...sourceExamples()];

describe("examples", () => {
  const lines: string[] = [];
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // A schema of this run's own, which is dropped at its end on another's server.
    const own = `schema: "${inject("schemas")}`;
    for (const { name, code } of examples) {
      writeFileSync(`${folder}${name}.ts`, toModule(code).replaceAll('schema: "', own));
    }
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts"],
    };
    writeFileSync(`${folder}tsconfig.json`, JSON.stringify(config));
    vi.stubEnv("DATABASE_URL", inject("databaseUrl"));
    vi.spyOn(console, "log").mockImplementation((...args) => lines.push(format(...args)));
    vi.stubGlobal("__same", (actual: unknown, expected: unknown) => {
      expect(inspect(actual, { depth: Infinity })).toBe(inspect(expected, { depth: Infinity }));
    });
    vi.stubGlobal("__printed", (text: string) => {
      expect(lines.pop()).toBe(text);
    });
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it("there are some in the README, and one for every public class and function", () => {
    expect(pageExamples("README.md").length).toBeGreaterThanOrEqual(5);
    const shown = sourceExamples()
      .map(({ code }) => code)
      .join("\n");
    const callable = Object.entries(core).filter(([, value]) => typeof value === "function");
    // Thrown by the library, not made by its user.
    const thrown = ["NoEligibleBackendError", "SecretMissingError"];
    const missing = callable.map(([name]) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(shown));
    expect(missing.sort()).toEqual(thrown);
  });

  it(
    "compile under the strict options of the project",
    () => {
      const tsc = fileURLToPath(import.meta.resolve("typescript/lib/tsc.js"));
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", `${folder}tsconfig.json`], {
        encoding: "utf8",
      });
      expect(stdout).toBe("");
    },
    PATIENCE,
  );

  it.each(examples.map(({ name }) => name))(
    "%s",
    async (name) => {
      await import(/* @vite-ignore */ pathToFileURL(`${folder}${name}.ts`).href);
      expect(lines).toEqual([]);
    },
    PATIENCE,
  );
});
