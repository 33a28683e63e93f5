import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type BudgetLedger, type EpochSeconds, epochSeconds } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { afterAll, describe, expect, it } from "vitest";
import { ownLedger } from "../../examples/own-store/ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-own-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Made {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly clock: () => EpochSeconds;
}

const made = new Map<BudgetLedger, Made>();

function open(file: string, clock: () => EpochSeconds): BudgetLedger {
  const database = new DatabaseSync(file, { timeout: 5000 });
  const ledger = ownLedger(database, clock);
  made.set(ledger, { database, file, clock });
  return ledger;
}

function of(ledger: BudgetLedger): Made {
  const found = made.get(ledger);
  if (!found) throw new Error("a ledger of another maker");
  return found;
}

const makeStore: MakeStore<BudgetLedger> = Object.assign(
  ({ clock }: Parameters<MakeStore<BudgetLedger>>[0]) => open(join(folder, `${String(made.size)}.db`), clock),
  {
    peer: (ledger: BudgetLedger) => open(of(ledger).file, of(ledger).clock),
    close: (ledger: BudgetLedger) => {
      of(ledger).database.close();
    },
  },
);

describe("ownLedger", () => {
  const cases = conformance(makeStore, { parts: ["ledger"] });
  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (name, run) => {
    // It pins no caps and prunes nothing, and nobody cuts a connection to a file.
    const isLeftOut = /^(pinCap|cut|history: a prune)/.test(name);
    expect((await run()).kind).toBe(isLeftOut ? "skipped" : "passed");
  });

  it("a database that is closed is store_failed, and never an admission", () => {
    const ledger = open(join(folder, "closed.db"), () => epochSeconds(0));
    of(ledger).database.close();
    expect(() => ledger.usage("run:1")).toThrow(expect.objectContaining({ code: "store_failed" }));
  });
});
