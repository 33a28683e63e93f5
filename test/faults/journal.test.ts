import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Journal, readJournals } from "./journal.ts";

it("readJournals: a line that is still being written is not read yet", () => {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-journal-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const journal = new Journal(folder, "0-0");
  journal.write({ did: "task", id: 1 });
  journal.close();
  appendFileSync(join(folder, "0-0.jsonl"), '{"did":"ta');
  expect(readJournals(folder).get("0-0")).toMatchObject([{ did: "task", id: 1 }]);
});
