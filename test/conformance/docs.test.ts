import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { conformance, type ConformancePart } from "dispatch-kit/conformance";
import { describe, expect, it } from "vitest";
import { BROKEN } from "./broken/index.ts";
import { makerOf } from "./makers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const list = /(?<=<!-- cases -->\n).*?(?=<!-- \/cases -->)/s;

/** The parts that each page lists, and their titles. */
const PAGES: Readonly<Record<string, readonly (readonly [part: ConformancePart, title: string])[]>> = {
  "docs/cases.md": [
    ["jobs", "Jobs"],
    ["ledger", "The ledger"],
  ],
  "docs/paid-cases.md": [["both", "Jobs that cost money"]],
};

/** Every part once: a part that no page lists would be missing here. */
const PARTS: Readonly<Record<ConformancePart, true>> = { jobs: true, ledger: true, both: true };

function escaped(text: string): string {
  return text.replaceAll(/[<>|*_[\]]/g, "\\$&");
}

/** Every case of a page with the stores that it catches, part by part. */
function listed(page: string): string {
  const all = conformance(makerOf());
  const tables = (PAGES[page] ?? []).map(([part, title]) => {
    const rows = all
      .filter((one) => one.part === part)
      .map(({ name }) => {
        const hows = BROKEN.filter(([caught]) => caught === name).map(([, how]) => how);
        return `| ${escaped(name)} | ${escaped(hows.join("; or "))} |`;
      });
    return `\n### ${title}\n\n| case | catches a store that |\n| --- | --- |\n${rows.join("\n")}\n`;
  });
  return `${tables.join("")}\n`;
}

describe("the pages of cases", () => {
  it.each(Object.keys(PAGES))(
    "%s lists every case of its parts with the broken stores that it catches",
    (page) => {
      const text = readFileSync(root + page, "utf8");
      expect(text).toMatch(list);
      const expected = text.replace(list, () => listed(page));
      // UPDATE_DOCS=1 npx vitest run test/conformance/docs.test.ts
      if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(root + page, expected);
      else expect(text).toBe(expected);
    },
  );

  it("have every part between them, once", () => {
    const parts = Object.values(PAGES).flatMap((page) => page.map(([part]) => part));
    expect([...parts].sort()).toEqual(Object.keys(PARTS).sort());
  });
});
