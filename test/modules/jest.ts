import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Checks, fails, type Ran, works } from "./check.ts";
import { node, oldestNode, shell, write } from "./install.ts";
import type { Section } from "./page.ts";

const COMMONJS = `const { formatUsd, usd } = require("dispatch-kit");
const { memoryStore } = require("dispatch-kit/memory");
test("a price", () => {
  expect(formatUsd(usd("0.10")) + typeof memoryStore()).toBe("0.10object");
});
`;

const IMPORTS = `import { expect, test } from "@jest/globals";
import { formatUsd, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
test("a price", () => {
  expect(formatUsd(usd("0.10")) + typeof memoryStore()).toBe("0.10object");
});
`;

const DYNAMIC = `test("a price", async () => {
  const { formatUsd, usd } = await import("dispatch-kit");
  expect(formatUsd(usd("0.10"))).toBe("0.10");
});
`;

const TS_JEST = 'module.exports = { transform: { "\\\\.ts$": "ts-jest" } };';
const TS_JEST_ESM = `export default {
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\\\.ts$": ["ts-jest", { useESM: true }] },
};`;
const TSCONFIG =
  '{ "compilerOptions": { "module": "nodenext", "target": "es2022", "isolatedModules": true } }';

export function jestChecks(section: Section, consumer: string): Checks {
  const old = oldestNode();
  const withOption = section.command("--experimental-vm-modules");
  const without = "npx jest";
  const project = (name: string, files: Readonly<Record<string, string>>): string =>
    write(join(consumer, "jest", name), { "package.json": "{}", ...files });

  const commonjs = project("commonjs", {
    "app.test.js": COMMONJS,
    "jest.config.cjs": "module.exports = {};",
  });
  const modules = project("modules", {
    "package.json": '{ "type": "module" }',
    "app.test.js": IMPORTS,
    "jest.config.js": "export default { transform: {} };",
  });
  const dynamic = project("dynamic", { "app.test.js": DYNAMIC });
  const compiled = project("compiled", {
    "app.test.js": COMMONJS,
    "imports.test.js": IMPORTS,
    "jest.config.cjs": section.file("jest.config.cjs"),
    "babel.config.cjs": section.file("babel.config.cjs"),
  });
  const babel = project("babel", {
    "app.test.js": IMPORTS,
    "babel.config.cjs": section.file("babel.config.cjs"),
  });
  const babelrc = project("babelrc", {
    "app.test.js": COMMONJS,
    "jest.config.cjs": section.file("jest.config.cjs"),
    ".babelrc.cjs": section.file("babel.config.cjs"),
  });
  const tsJest = project("ts-jest", {
    "app.test.ts": IMPORTS,
    "jest.config.cjs": TS_JEST,
    "compiled.config.cjs": section.file("ts-jest.config.cjs"),
    "tsconfig.json": TSCONFIG,
  });
  const tsJestModules = project("ts-jest-modules", {
    "package.json": '{ "type": "module" }',
    "app.test.ts": IMPORTS,
    "jest.config.js": TS_JEST_ESM,
    "tsconfig.json": TSCONFIG,
  });

  const passes = (ran: Ran): string | null => works(ran, " passed, ");
  // Jest says itself from which Node on it can.
  const refused = (ran: Ran): string | null =>
    fails(ran, section, "Must use import") ?? (ran.output.includes("Use Node v24.9+") ? null : ran.output);
  const checks: Checks = {
    "Jest refuses the package": () => refused(shell(without, commonjs)),
    "Jest with the option": () => passes(shell(withOption, commonjs)),
    "Jest with the option and Babel": () => passes(shell(withOption, babel)),
    "Jest with the option, on Node 20": () => refused(shell(withOption, commonjs, old)),
    "Jest with the option, on Node 20, in an ES module": () => passes(shell(withOption, modules, old)),
    "Jest with the option, on Node 20, by import()": () => passes(shell(withOption, dynamic, old)),
    "Jest without the option, by import()": () =>
      fails(shell(without, dynamic), section, "A dynamic import callback"),
    "Jest with the package compiled, on Node 20": () => passes(shell(without, compiled, old)),
    "Jest with the package compiled": () => passes(shell(without, compiled)),
    "Jest with the package compiled, as pnpm installs it": () => passes(shell(without, asPnpm(compiled))),
    "Jest with a .babelrc": () => refused(shell(without, babelrc)),
    "Jest with the package compiled and the option": () =>
      fails(shell(withOption, compiled), section, "exports is not defined"),
    "ts-jest refuses the package": () => refused(shell(without, tsJest)),
    "ts-jest with the option": () => passes(shell(withOption, tsJest)),
    "ts-jest with the option, on Node 20, in an ES module": () =>
      passes(shell(withOption, tsJestModules, old)),
    "ts-jest with the package compiled": () => passes(shell(`${without} -c compiled.config.cjs`, tsJest)),
    "ts-jest with the package compiled, on Node 20": () =>
      passes(shell(`${without} -c compiled.config.cjs`, tsJest, old)),
  };
  const runnable = Object.entries(checks).filter(([name]) => node(20) !== null || !name.includes("Node 20"));
  return Object.fromEntries(runnable);
}

/** The same project where the package is behind a link, in a folder that names its version. */
function asPnpm(project: string): string {
  const copy = `${project}-pnpm`;
  cpSync(project, copy, { recursive: true });
  const shared = join(project, "../../node_modules");
  const modules = join(copy, "node_modules");
  const store = join(modules, ".pnpm/dispatch-kit@0.0.0/node_modules/dispatch-kit");
  mkdirSync(join(store, ".."), { recursive: true });
  cpSync(join(shared, "dispatch-kit"), store, { recursive: true });
  symlinkSync(store, join(modules, "dispatch-kit"));
  for (const name of readdirSync(shared).filter((name) => name !== "dispatch-kit")) {
    symlinkSync(join(shared, name), join(modules, name));
  }
  return copy;
}
