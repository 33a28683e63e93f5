/** A process of its own that dies in the middle of a paid call: it says when the call is made, and never ends. */
import { DatabaseSync } from "node:sqlite";
import { withHold } from "../../src/calls/with-hold/with-hold.ts";
import { usd } from "../../src/money/micro-cents.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";

const ledger = sqliteStore(new DatabaseSync(process.argv[2] ?? "", { timeout: 5000 }));
await ledger.migrate();
const scopes = [{ scope: "run:1", cap: usd("1") }];
await withHold(ledger, { holdId: "call-1", amount: usd("0.18"), scopes, ttlSeconds: 60 }, () => {
  console.log("called");
  setInterval(() => null, 1000);
  return new Promise<never>(() => null);
});
