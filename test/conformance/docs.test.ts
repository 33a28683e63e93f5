import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { conformance } from "dispatch-kit/conformance";
import { describe, expect, it } from "vitest";
import { BROKEN } from "./broken/index.ts";
import { makerOf } from "./makers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cases = `${root}docs/cases.md`;
const list = /(?<=<!-- cases -->\n).*?(?=<!-- \/cases -->)/s;

const titles = { jobs: "Jobs", ledger: "The ledger", both: "Jobs that cost money" } as const;

function escaped(text: string): string {
  return text.replaceAll(/[<>|*_[\]]/g, "\\$&");
}

/** Every case with the stores that it catches, part by part. */
function listed(): string {
  const all = conformance(makerOf());
  const tables = Object.entries(titles).map(([part, title]) => {
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

describe("docs/cases.md", () => {
  it("lists every case with the broken stores that it catches", () => {
    const text = readFileSync(cases, "utf8");
    const expected = text.replace(list, listed);
    // UPDATE_DOCS=1 npx vitest run test/conformance/docs.test.ts
    if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(cases, expected);
    else expect(text).toBe(expected);
  });
});
