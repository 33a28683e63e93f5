// Runs copies of the examples, each to its end, with a server of this suite in the place of every provider. In a process of
// its own, because its `fetch` is the platform's for everything in it.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { exampleCopies } from "./install.ts";
import { resolveSources } from "./resolve.ts";

resolveSources();
const { formatUsd, microCents } = await import("dispatch-kit");
const { fetchFrom } = await import("./fetch.ts");
const { costOf } = await import("./guarded/ground.ts");
const { providerServer } = await import("./server.ts");
const { fields, WORDS } = await import("./wire/wire.ts");

const KEY = "sk-of-the-environment";
for (const name of ["OPENAI", "ANTHROPIC", "GEMINI", "MISTRAL", "COHERE", "GROQ", "OLLAMA"]) {
  process.env[`${name}_API_KEY`] = KEY;
}
const server = await providerServer();
globalThis.fetch = fetchFrom(server).fetch;

let lines: unknown[] = [];
console.log = (line: unknown) => lines.push(line);
// The record of each request.
console.warn = () => undefined;

for (const name of readdirSync(exampleCopies)) {
  lines = [];
  server.behave(() => ({ does: "answer" }));
  await import(join(exampleCopies, name));
  const [seen] = server.seen();
  assert.ok(seen !== undefined && JSON.stringify(seen.headers).includes(KEY), name);
  // Gemini's requests name the model in their path.
  const inPath = /\/models\/([^/:]+):/.exec(seen.path)?.[1];
  const model = String(inPath ?? fields(JSON.parse(seen.body.toString()))["model"]);
  const spent = formatUsd(microCents(BigInt(costOf(model))));
  assert.deepEqual(lines, [WORDS.join(""), `spent $${spent} of $0.10`], name);
}
// Clients leave timers of minutes behind.
process.exit(0);
