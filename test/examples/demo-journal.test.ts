import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BudgetCap, formatUsd, microCents, usd } from "dispatch-kit";
import type { JournalFilter, JournalPage } from "dispatch-kit/journal";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { AuditFailure } from "../../examples/demo/audit.ts";
import { type Ground, inMemory, type Place } from "../../examples/demo/ground.ts";
import { type JournalFacts, journalFacts, trialCap } from "../../examples/demo/journal.ts";
import { journalJson, journalLines } from "../../examples/demo/journal-text.ts";
import { page } from "../../examples/demo/page.ts";
import { type Pass, runPass } from "../../examples/demo/passes.ts";
import { inPostgres } from "../../examples/demo/postgres.ts";
import { summary } from "../../examples/demo/report.ts";
import type { Result } from "../../examples/demo/result.ts";
import { inSqlite } from "../../examples/demo/sqlite.ts";
import { escapeHtml } from "../../examples/demo/svg.ts";
import { buildOnce, gpt4oMini, trace, traceText } from "./support.ts";

const calls = trace(traceText(500));

/** A pass with settlement, and what its journal tells. */
async function told(run: string, place?: Place): Promise<{ settled: Pass; journal: JournalFacts }> {
  const cap = new BudgetCap({ run: usd(run), month: usd("250") });
  const options = { name: "settled", trace: calls, listing: gpt4oMini(), cap } as const;
  const settled = await runPass({ ...options, ...(place ? { place } : {}) });
  return { settled, journal: await journalFacts(settled.ground, calls, cap.run) };
}

async function resultOf(run: string): Promise<Result> {
  const cap = new BudgetCap({ run: usd(run), month: usd("250") });
  const shared = { trace: calls, listing: gpt4oMini(), cap };
  const naive = await runPass({ name: "naive", ...shared });
  return { ...shared, naive, ...(await told(run)), place: inMemory().description };
}

/** What is the same in every store: not its clock, its key and its speed. */
function sameEverywhere({ entries, spend, reached, trial }: JournalFacts): unknown {
  const [booked, made] = [spend.map((row) => row.booked), spend.map((row) => row.calls)];
  const models = new Set(spend.map(({ group }) => group["tag:model"]));
  const total = booked.reduce((sum, each) => sum + each, 0n);
  return { entries, models, booked: total, calls: made.reduce((sum, each) => sum + each, 0), reached, trial };
}

describe("the first 500 calls under a cap of $0.175, which refuses none", () => {
  let settled: Pass;
  let journal: JournalFacts;
  beforeAll(async () => {
    ({ settled, journal } = await told("0.175"));
  });

  it("journalFacts: the spending by model and hour is what the ledger has", () => {
    const group = { "tag:model": "gpt-4o-mini", hour: "2023-11-16T18" };
    expect(journal.spend).toEqual([{ group, booked: settled.spent, overrun: 0n, calls: 500 }]);
    // Each call is submitted, claimed and completed.
    expect([settled.refused, journal.entries]).toEqual([0, 1500]);
  });

  it("journalFacts: a lower cap would have done what it does to a pass of its own", async () => {
    const { settled: real } = await told("0.07");
    const { cap, refused, first, spent } = journal.trial;
    expect([cap, refused, spent]).toEqual([usd("0.07"), real.refused, real.spent]);
    expect(first?.call.at).toBe(real.firstRefusalAt);
    expect([refused, formatUsd(spent), first?.holdId]).toEqual([250, "0.0694467", "job:call-188#1"]);
  });

  it("journalFacts: a part of the cap is reached by the hold that a cap just below it refuses", async () => {
    for (const [index, part] of ["0.0875", "0.14"].entries()) {
      const reached = journal.reached[index];
      const { settled: real } = await told(formatUsd(microCents(usd(part) - 1n)));
      expect(reached?.first?.call.at ?? null).toBe(real.firstRefusalAt);
    }
    expect(journal.reached.map(({ threshold, times }) => [threshold, times])).toEqual([
      ["0.5", 3],
      ["0.8", 2],
    ]);
    const first = journal.reached[1]?.first;
    expect([first?.holdId, formatUsd(first?.committed ?? 0n)]).toEqual(["job:call-436#1", "0.1406595"]);
  });

  it("journalFacts: the kept note seals every entry", async () => {
    const { seal, entries } = journal;
    expect(seal.size).toBe(entries);
    expect(seal.note).toContain(`\n${String(entries)}\n${seal.root}\n`);
    // A new key each time, over the same root.
    const again = await journalFacts(settled.ground, calls, usd("0.175"));
    expect(again.seal.root).toBe(seal.root);
    expect(again.seal.note).not.toBe(seal.note);
  });

  it("journalFacts: a journal that changes after its seal fails the check", async () => {
    await expect(journalFacts(rewriting(settled.ground), calls, usd("0.175"))).rejects.toThrow(
      new AuditFailure("the journal is not what was sealed: differs"),
    );
  });
});

/** The ground of a pass whose first entry is another one once the journal was read for the seal. */
function rewriting(ground: Ground): Ground {
  let fromStart = 0;
  const store = new Proxy(ground.store, {
    get(target, key) {
      if (key === "journal") {
        return async (filter: JournalFilter): Promise<JournalPage> => {
          const page = await target.journal(filter);
          // Read for the questions, for the seal, and for the verification.
          if ((filter.after ?? 0) > 0 || ++fromStart < 3) return page;
          return { ...page, entries: page.entries.map((entry) => ({ ...entry, by: "mallory" })) };
        };
      }
      const value: unknown = Reflect.get(target, key);
      // Its private fields are the store's own, not the proxy's.
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...ground, store };
}

describe("the stores", () => {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-journal-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("journalFacts: SQLite and memory have the same journal, up to its root", async () => {
    const place = inSqlite(join(folder, "demo.sqlite"), {}, false);
    const [memory, sqlite] = [await told("0.10"), await told("0.10", place)];
    place.close();
    expect(sameEverywhere(sqlite.journal)).toEqual(sameEverywhere(memory.journal));
    expect(sqlite.journal.spend).toEqual(memory.journal.spend);
    expect(sqlite.journal.seal.root).toBe(memory.journal.seal.root);
  });

  it("journalFacts: PostgreSQL with worker processes has the same facts, at its own hours", async () => {
    buildOnce();
    const place = await inPostgres(inject("databaseUrl"), 2, calls, gpt4oMini());
    try {
      const { journal } = await told("0.10", place);
      expect(sameEverywhere(journal)).toEqual(sameEverywhere((await told("0.10")).journal));
      expect(journal.seal.size).toBe(journal.entries);
    } finally {
      await place.close(true);
    }
  });
});

describe("what is shown", () => {
  const seal = (result: Result): string =>
    `under the signed root ${result.journal.seal.root}: read again and intact`;

  it("journalLines: one line for each answer, on the page and in the summary", async () => {
    const result = await resultOf("0.175");
    const lines = journalLines(result);
    expect(lines.slice(0, 3)).toEqual([
      ["spend", "gpt-4o-mini, 2023-11-16 18:00: $0.1497 for 500 calls"],
      [
        "alerts",
        "50% of the run's $0.175: at 18:17:02 by job:call-267#1, with $0.0877 committed, the first of 3 crossings; " +
          "80% of the run's $0.175: at 18:17:41 by job:call-436#1, with $0.1407 committed, the first of 2 crossings",
      ],
      [
        "replay",
        "under a cap of $0.07, 250 admitted calls would have been refused, the first at 18:16:44 (job:call-188#1, " +
          "$0.0007527), and $0.0694 spent",
      ],
    ]);
    expect(lines[3]?.[1]).toContain(`1,500 entries ${seal(result)}`);
    const [html, text] = [page(result), summary(result, "out.html")];
    for (const [, line] of lines) {
      expect(html).toContain(escapeHtml(line));
      expect(text).toContain(line);
    }
  });

  it("journalLines: true of a run that books nothing, and of a long one", async () => {
    const nothing = await resultOf("0");
    expect(journalLines(nothing).map(([, line]) => line)).toEqual([
      "nothing was booked",
      "50% of the run's $0.00: never reached; 80% of the run's $0.00: never reached",
      "under a cap of $0.00, no admitted call would have been refused",
      expect.stringMatching(/^0 entries under the signed root 47DEQpj8HBSa/),
    ]);
    const row = { booked: usd("1"), overrun: usd("0"), calls: 2 };
    const hours = ["00", "01", "02", "03", "04"];
    const spend = hours.map((hour) => ({ ...row, group: { "tag:model": "m", hour: `2026-07-01T${hour}` } }));
    const place = { ...nothing.place, store: "postgres" as const };
    const [first] = journalLines({ ...nothing, place, journal: { ...nothing.journal, spend } });
    expect(first?.[1]).toBe(
      "m, 2026-07-01 00:00: $1.00 for 2 calls; m, 2026-07-01 01:00: $1.00 for 2 calls; " +
        "m, 2026-07-01 02:00: $1.00 for 2 calls; 2 more hours: $2.00 for 4 calls (hours of the server's clock)",
    );
  });

  it("journalJson: money is exact, and the times are those of the trace", async () => {
    const { journal } = await resultOf("0.175");
    expect(JSON.parse(JSON.stringify(journalJson(journal)))).toMatchObject({
      entries: 1500,
      spend: [{ model: "gpt-4o-mini", hour: "2023-11-16T18", calls: 500 }],
      replay: { cap: "0.07", refused: 250, spent: "0.0694467" },
      checkpoint: { size: 1500, root: journal.seal.root, verified: "intact" },
    });
  });
});

it("trialCap: $4 of the default $10", () => {
  expect(trialCap(usd("10"))).toBe(usd("4"));
});
