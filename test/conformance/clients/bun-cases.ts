// Every case on bun:sqlite, in Bun, where there is no test runner of ours: one line of JSON for each.
import { conformance } from "../../../src/conformance/index.ts";
import { type Case, hookCases } from "./hooks.ts";
import { sqliteMaker } from "./sqlite.ts";

// Nobody is left to hear of them.
process.stdin.resume().on("end", () => process.exit());

const makeStore = await sqliteMaker("bun:sqlite");
const cases: readonly Case[] = [...hookCases(makeStore), ...conformance(makeStore)];
for (const { name, run } of cases) {
  const error = await run().then(
    () => null,
    (thrown: unknown) => String(thrown),
  );
  console.log(JSON.stringify({ name, error }));
}
await makeStore.end();
process.exit();
