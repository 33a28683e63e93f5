import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsc = fileURLToPath(import.meta.resolve("typescript/lib/tsc.js"));

// Users have either: with the option on, `a?: string` alone does not take an explicit `undefined`.
it.each([true, false])("an optional field may be undefined with exactOptionalPropertyTypes: %s", (exact) => {
  const folder = `${root}.cache/optional-types-${String(exact)}/`;
  mkdirSync(folder, { recursive: true });
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { exactOptionalPropertyTypes: exact, skipLibCheck: true },
    files: ["../../test/types/optional.ts"],
    include: [],
  };
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(config));
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
});
