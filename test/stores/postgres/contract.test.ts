import { readdirSync } from "node:fs";

// The tests of the memory store, on PostgreSQL: what is not about the memory store alone holds for every store.
process.env["DISPATCH_KIT_STORE"] = "postgres";
const tests = new URL("../memory/", import.meta.url);
for (const file of readdirSync(tests)) {
  if (file.endsWith(".test.ts")) await import(new URL(file, tests).href);
}
