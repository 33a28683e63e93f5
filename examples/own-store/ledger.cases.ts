/** Tests the ledger against the contract, with the test runner of Node: `node --test ledger.cases.ts`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import type { BudgetLedger, EpochSeconds } from "dispatch-kit";
import { conformance, type MakeStore, type MakeStoreOptions } from "dispatch-kit/conformance";
import { ownLedger } from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "own-ledger-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const again = new Map<BudgetLedger, () => BudgetLedger>();
const databases = new Map<BudgetLedger, DatabaseSync>();

function open(file: string, clock: () => EpochSeconds): BudgetLedger {
  const database = new DatabaseSync(file, { timeout: 5000 });
  const ledger = ownLedger(database, clock);
  databases.set(ledger, database);
  again.set(ledger, () => open(file, clock));
  return ledger;
}

// A fresh database for each case, on the clock of the case.
const make = ({ clock }: MakeStoreOptions): BudgetLedger =>
  open(join(folder, `${String(databases.size)}.db`), clock);
const hooks: Pick<MakeStore<BudgetLedger>, "lacks" | "peer" | "close"> = {
  lacks: ["caps", "corrections", "forget", "id", "journal", "questions"],
  peer: (ledger: BudgetLedger) => again.get(ledger)?.() ?? ledger,
  close: (ledger: BudgetLedger) => databases.get(ledger)?.close(),
};

for (const { name, run } of conformance(Object.assign(make, hooks), { parts: ["ledger"], log: () => null })) {
  void test(name, async (context) => {
    const outcome = await run();
    if (outcome.kind === "skipped") context.skip(outcome.reason);
  });
}
