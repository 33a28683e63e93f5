import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Count, countChecks } from "./count.ts";
import { here, must, readJson, root } from "./tools.ts";

/** What DISPATCH_KIT_SECRET is in every run. */
export const SECRET = "sk-of-the-runtime-tests";

const SUITE = [
  "launch.mjs",
  "launch-node.mjs",
  "launch-workerd.mjs",
  "load.mjs",
  "suite.mjs",
  "suite",
  "types",
];

/** Packs the package and installs the tarball in a new folder, as a user would, with the suite beside it. */
export function packAndInstall(consumer: string): void {
  must("npm", ["pack", "--pack-destination", consumer], root);
  const tarballs = readdirSync(consumer).filter((file) => file.endsWith(".tgz"));
  writeFileSync(join(consumer, "package.json"), '{ "private": true, "type": "module" }');
  // Offline: what needs a dependency cannot be installed.
  const flags = ["--offline", "--no-audit", "--no-fund", "--no-package-lock"];
  must("npm", ["install", ...flags, ...tarballs.map((file) => `./${file}`)], consumer);
  for (const copy of ["second", "third"]) {
    cpSync(join(consumer, "node_modules"), join(consumer, copy, "node_modules"), { recursive: true });
  }
  for (const file of SUITE) cpSync(join(here, file), join(consumer, file), { recursive: true });
  writeData(consumer);
}

const VECTORS = ["approval", "budget", "dispatch", "egress", "estimate", "later", "moves", "routing"];

/** The recorded cases and the README's example as modules, since not every runtime can read files. */
function writeData(consumer: string): void {
  const vectors = Object.fromEntries(
    VECTORS.map((name) => [name, readJson(join(root, "test/vectors", `${name}.json`))]),
  );
  const code = readmeExample();
  // `console.log(x); // what it prints`
  const prints = [...(code ?? "").matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
  const example = `{ prints: ${JSON.stringify(prints)}, run: () => import("./example.mjs") }`;
  writeFileSync(
    join(consumer, "data.mjs"),
    `export const data = {
      secret: ${JSON.stringify(SECRET)},
      vectors: ${JSON.stringify(vectors)},
      example: ${code === null ? "null" : example},
    };\n`,
  );
  writeFileSync(join(consumer, "example.mjs"), code ?? "");
  writeFileSync(join(consumer, "types/example.ts"), code ?? "export {};");
}

/** The first TypeScript block under the README's heading "Can we afford it?". */
function readmeExample(): string | null {
  const readme = join(root, "README.md");
  if (!existsSync(readme)) {
    console.log("skipped: the README's example, since there is no README.md");
    return null;
  }
  const [, section = ""] = readFileSync(readme, "utf8").split(/^#+ Can we afford it\?$/m);
  const [, code] = /^```ts\n([^]*?)^```$/m.exec(section) ?? [];
  if (code === undefined) throw new Error('README.md has no ts block under a heading "Can we afford it?"');
  return code;
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What can be seen of the installed package before anything runs it. */
export function packageChecks(consumer: string): Count {
  const modules = join(consumer, "node_modules");
  const installed = join(modules, "dispatch-kit");
  const manifest = readJson(join(installed, "package.json")) as Manifest;
  return countChecks({
    // The promise of zero dependencies.
    "installs alone"() {
      const others = readdirSync(modules).filter((name) => name !== "dispatch-kit" && !name.startsWith("."));
      return others.length === 0 ? null : `it brought ${others.join(", ")}`;
    },
    // Sources, tests and data stay out: what is published is what is built, and what explains it.
    "holds the build, the pages that the README leads to, and nothing else"() {
      const wanted = /^(?:dist|docs|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/;
      const built = /^[\w-]+(?:\.d\.ts|\.js)$/;
      const extra = [
        ...readdirSync(installed).filter((name) => !wanted.test(name)),
        ...readdirSync(join(installed, "dist")).filter((name) => !built.test(name)),
        ...readdirSync(join(installed, "docs")).filter((name) => !/^[\w-]+\.md$/.test(name)),
      ];
      return extra.length === 0 ? null : `it has ${extra.join(", ")}`;
    },
    // A target that is missing breaks one entry point and leaves the others alone.
    "has every file that its exports name"() {
      const targets = Object.values(manifest.exports).flatMap((entry) =>
        typeof entry === "string" ? [entry] : [entry.types, entry.default],
      );
      const missing = targets.filter((target) => !existsSync(join(installed, target)));
      return missing.length === 0 ? null : `it lacks ${missing.join(", ")}`;
    },
    // npm and its users distrust what runs at install, rightly.
    "runs nothing when it is installed"() {
      const scripts = ["preinstall", "install", "postinstall"].filter((name) => manifest.scripts?.[name]);
      return scripts.length === 0 ? null : `it has ${scripts.join(", ")}`;
    },
  });
}
