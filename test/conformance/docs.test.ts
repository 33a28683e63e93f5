import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { conformance } from "dispatch-kit/conformance";
import { describe, expect, it } from "vitest";
import { quotedFiles } from "../support/pages.ts";
import { BROKEN } from "./broken/index.ts";
import { makerOf } from "./makers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/stores.md`;
const list = /(?<=<!-- cases -->\n).*?(?=<!-- \/cases -->)/s;

const titles = { jobs: "Jobs", ledger: "The ledger", both: "Jobs that cost money" } as const;

function escaped(text: string): string {
  return text.replaceAll(/[<>|*_[\]]/g, "\\$&");
}

/** Every case with the stores that it catches, part by part. */
function listed(): string {
  const cases = conformance(makerOf());
  const tables = Object.entries(titles).map(([part, title]) => {
    const rows = cases
      .filter((one) => one.part === part)
      .map(({ name }) => {
        const hows = BROKEN.filter(([caught]) => caught === name).map(([, how]) => how);
        return `| ${escaped(name)} | ${escaped(hows.join("; or "))} |`;
      });
    return `\n### ${title}\n\n| case | catches a store that |\n| --- | --- |\n${rows.join("\n")}\n`;
  });
  return `${tables.join("")}\n`;
}

describe("docs/stores.md", () => {
  it("lists every case with the broken stores that it catches", () => {
    const text = readFileSync(page, "utf8");
    const expected = text.replace(list, listed);
    // UPDATE_DOCS=1 npx vitest run test/conformance/docs.test.ts
    if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(page, expected);
    else expect(text).toBe(expected);
  });

  it("quotes files as they are, and the whole of the stores that it shows how to write", () => {
    const blocks = quotedFiles(readFileSync(page, "utf8"));
    const stores = ["ledger", "jobs", "ledger.cases"].map((name) => `examples/own-store/${name}.ts`);
    expect([...blocks.keys()]).toEqual([...stores, "test/examples/own-store.test.ts"]);
    for (const [file, codes] of blocks) {
      const source = readFileSync(root + file, "utf8");
      for (const code of codes) expect(source).toContain(code);
    }
    for (const file of stores) {
      expect(blocks.get(file)?.join("\n\n")).toBe(readFileSync(root + file, "utf8").trim());
    }
  });
});
