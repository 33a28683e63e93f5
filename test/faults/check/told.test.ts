import { describe, expect, it } from "vitest";
import type { HoldRow, JobRow, Rows, ToldRow } from "../rows.ts";
import { toldViolations } from "./told.ts";

type Told = ToldRow["entries"][number];

const row = (place: number, before: ToldRow["before"], ...entries: readonly Told[]): ToldRow => {
  return { place, before, entries };
};
const scopes = [["run", "100"]] as const;

const journal = [
  row(1, { run: "0" }, { kind: "held", opened: ["h", "10"], moved: "10", scopes }),
  row(
    2,
    { run: "10" },
    {
      kind: "submitted",
      job: "j",
      attempt: 0,
      state: "queued",
      opened: ["job:j#1", "5"],
      moved: "5",
      scopes,
    },
    { kind: "settled", closed: ["h", "10", "4"], moved: "-6", scopes },
  ),
  row(4, {}, { kind: "claimed", job: "j", attempt: 1, state: "running" }),
];

// What the check does not read is left out.
const rows = {
  journal,
  scopes: [{ scope: "run", reserved: 5n, spent: 4n }],
  holds: [
    { holdId: "h", held: 10n, booked: 4n, state: "settled" },
    { holdId: "job:j#1", held: 5n, booked: 0n, state: "open" },
  ] as unknown as readonly HoldRow[],
  jobs: [{ jobId: "j", state: "running", tried: 1 }] as unknown as readonly JobRow[],
} as unknown as Rows;

describe("the check of the journal", () => {
  it("finds nothing where the tables are what it tells", () => {
    expect(toldViolations(rows)).toEqual([]);
  });

  it.each([
    [
      "a move without an entry",
      { journal: journal.slice(0, 2) },
      "job j: the journal says {state:queued,attempt:0}",
    ],
    [
      "an entry twice",
      { journal: [...journal, row(9, { run: "10" })] },
      "run had committed 9, and it says 10",
    ],
    [
      "entries in another order",
      { journal: [journal[1], journal[0], journal[2]] },
      "run had committed 0, and it says 10",
    ],
    [
      "an entry without a move",
      { holds: rows.holds.slice(1) },
      "hold h: the journal says {held:10,booked:4,isOpen:false}, the table none",
    ],
    [
      "another counter",
      { scopes: [{ scope: "run", reserved: 5n, spent: 5n }] },
      "scope run: the journal says 9, the table 10",
    ],
  ])("finds %s", (_, changed, violation) => {
    const found = toldViolations({ ...rows, ...changed } as Rows);
    expect(found.join("\n")).toContain(violation);
  });
});
