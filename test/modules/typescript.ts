import { join } from "node:path";
import { tool } from "../runtimes/tools.ts";
import { all, type Checks, fails, type Ran, works } from "./check.ts";
import { oldestNode, shell, write } from "./install.ts";
import type { Section } from "./page.ts";

export const VERSIONS: readonly string[] = ["5.6", "5.8", "5.9", "6.0", "7.0"];

const APP = `import { formatUsd, type MicroCents, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";

const price: MicroCents = usd("0.10");
export const answer: string = formatUsd(price) + typeof memoryStore();
`;

type Options = Readonly<Record<string, unknown>>;

/** Compiles the files of a folder, which has one package that is CommonJS and one that is an ES module. */
function compile(version: string, folder: string, files: readonly string[], options: Options): Ran {
  const compilerOptions = { target: "es2022", strict: true, types: [], skipLibCheck: true, ...options };
  write(folder, { "tsconfig.json": JSON.stringify({ compilerOptions, files }) });
  const { folder: compiler } = tool(`typescript-${version}`);
  return shell(`node ${join(compiler, "bin/tsc")} -p . --pretty false`, folder);
}

interface Row {
  readonly options: Options;
  readonly versions: readonly string[];
  /** By the folder of the sample. */
  readonly outcomes: Readonly<Record<"cjs" | "esm", string>>;
}

/** The rows of the page's table. */
function rows(text: string): readonly Row[] {
  return [...text.matchAll(/^\| `.*$/gm)].map(([line]) => {
    const [, module = "", moduleResolution = "", range = "", cjs = "", esm = ""] = line
      .split("|")
      .map((cell) => cell.replaceAll("`", "").trim());
    const options = moduleResolution === "" ? { module } : { module, moduleResolution };
    return { options, versions: versionsOf(range), outcomes: { cjs, esm } };
  });
}

/** `from 5.8`, `below 5.8` or `5.8`. */
function versionsOf(range: string): readonly string[] {
  const [limit = "", word = ""] = range.split(" ").reverse();
  return VERSIONS.filter((version) => {
    if (word === "from") return version >= limit;
    return word === "below" ? version < limit : version === limit;
  });
}

/** What the compiler, and what runs the file that it wrote, make of one row. */
function wrong({ options, outcomes }: Row, version: string, folder: string): string | null {
  const { output } = compile(version, folder, ["cjs/app.ts", "esm/app.ts"], options);
  return all(
    Object.entries(outcomes).map(([kind, outcome]) => () => {
      if (outcome === "") return null;
      const other = kind === "cjs" ? "esm/" : "cjs/";
      const errors = output
        .split("\n")
        .filter((line) => line.includes("error TS") && !line.startsWith(other));
      if (outcome !== "works") return errors.join().includes(outcome) ? null : `no ${outcome}:\n${output}`;
      if (errors.length > 0) return errors.join("\n");
      const forBundlers = ["preserve", "esnext"].includes(String(options["module"]));
      return kind === "cjs" && forBundlers ? null : answers(folder, `${kind}/app.js`);
    }),
  );
}

function answers(folder: string, file: string): string | null {
  const code = `import("./${file}").then((module) => console.log(module.answer))`;
  return works(shell(`node -e '${code}'`, folder, oldestNode()), "0.10object");
}

export function typescriptChecks(section: Section, consumer: string): Checks {
  const folder = write(join(consumer, "typescript"), {
    "cjs/package.json": "{}",
    "cjs/app.ts": APP,
    "cjs/types.ts":
      'import type { MicroCents } from "dispatch-kit";\nexport const price: MicroCents[] = [];\n',
    "cjs/dynamic.ts": section.file("dynamic.ts"),
    "cjs/literal.ts": "export const none = 0n;\n",
    "esm/package.json": '{ "type": "module" }',
    "esm/app.ts": APP,
  });
  const checks: Checks = {};
  for (const row of rows(section.text)) {
    for (const version of row.versions) {
      const { module, moduleResolution = "its default" } = row.options;
      const name = `TypeScript ${version} with ${String(module)} and ${String(moduleResolution)}`;
      checks[name] = () => wrong(row, version, folder);
    }
  }
  const app = ["cjs/app.ts"];
  const compiles = (versions: readonly string[], files: readonly string[], options: Options): string | null =>
    all(versions.map((version) => () => works(compile(version, folder, files, options))));
  const error = (text: string, version: string, files: readonly string[], options: Options) => () =>
    fails(compile(version, folder, files, options), section, text);
  return {
    ...checks,
    TS1479: error("TS1479", "7.0", app, { module: "node16" }),
    TS1541: error("TS1541", "7.0", ["cjs/types.ts"], { module: "node18" }),
    "types with a resolution-mode, and import()": () =>
      compiles(VERSIONS, ["cjs/dynamic.ts"], { module: "node16" }),
    TS2307: error("TS2307", "5.9", app, { module: "commonjs" }),
    "TS2307: nodenext writes require()": () =>
      compiles(["5.8"], app, { module: "nodenext" }) ??
      works(shell("cat cjs/app.js", folder), 'require("dispatch-kit")'),
    "TS2307: paths": () => {
      const [, paths = ""] = /`("paths": .*?)`/.exec(section.text) ?? [];
      // In the page they start where the package is installed, which is one folder up from here.
      const options = JSON.parse(`{ "module": "commonjs", ${paths.replace("./", "../")} }`) as Options;
      return compiles(["5.6", "5.9"], app, options) ?? answers(folder, "cjs/app.js");
    },
    TS2792: error("TS2792", "5.9", app, { module: "esnext" }),
    TS5107: error("TS5107", "6.0", app, { module: "commonjs", moduleResolution: "node10" }),
    TS2737: error("TS2737", "5.9", ["cjs/literal.ts"], { target: "es2017" }),
    "TS2737: ES2020": () => compiles(["5.9"], ["cjs/literal.ts"], { target: "es2020" }),
  };
}
