import { createRequire } from "node:module";
import process from "node:process";
import { data } from "./data.mjs";
import { load } from "./load.mjs";
import { suite } from "./suite.mjs";
import { equal, isTrue } from "./suite/check.mjs";

const library = await load();
const counted = await suite(library, data, { secret: data.secret, readable: true });

// CommonJS users get the same module, not another build of it: one package, one set of classes.
const require = createRequire(import.meta.url);
const manifest = require("dispatch-kit/package.json");
for (const subpath of Object.keys(manifest.exports)) {
  const specifier = `dispatch-kit${subpath.slice(1)}`;
  if (specifier.endsWith(".json")) continue;
  await counted.check(`require("${specifier}"): what import gives`, async () => {
    sameExports(require(specifier), await import(specifier));
  });
}

// The other order, in a copy that nothing has imported yet.
await counted.check("require() before import: what import gives", async () => {
  const required = createRequire(new URL("third/", import.meta.url))("dispatch-kit");
  sameExports(required, await import("./third/node_modules/dispatch-kit/dist/index.js"));
  isTrue(required.BudgetCap !== library.core.BudgetCap, "the third copy is the first");
});

const { line, ok } = counted.total();
console.log(line);
process.exitCode = ok ? 0 : 1;

function sameExports(required, imported) {
  equal(Object.keys(required).sort(), Object.keys(imported).sort());
  for (const key of Object.keys(imported)) isTrue(required[key] === imported[key], `${key} is another`);
}
