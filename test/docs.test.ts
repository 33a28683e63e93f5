import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { quotedFiles } from "./support/pages.ts";

// The blocks of code themselves run in test/doc-examples.test.ts.

const root = fileURLToPath(new URL("..", import.meta.url));
const docs = readdirSync(`${root}docs`).filter((file) => file.endsWith(".md"));
const pages = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
  ...docs.map((file) => `docs/${file}`),
];

const read = (page: string): string => readFileSync(root + page, "utf8");

/** Pages have their own indentation: a block may be part of a file. */
const unindented = (code: string): string => code.replaceAll(/^ +/gm, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): readonly string[] {
  return Array.from(read(page).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** The links of a page that lead to no file, or to no heading of one. */
function brokenLinks(page: string): readonly string[] {
  const prose = read(page).replaceAll(/^```.*?^```/gms, "");
  const links = Array.from(prose.matchAll(/\]\((?!https?:)([^)\s]+)\)/g), ([, link = ""]) => link);
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(root + target)) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

describe.each(pages)("%s", (page) => {
  it("links to files and headings that exist", () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it("can be read in one go", () => {
    expect(read(page).split("\n").length - 1).toBeLessThanOrEqual(page === "README.md" ? 250 : 300);
  });

  it("quotes files as they are", () => {
    for (const [file, codes] of quotedFiles(read(page))) {
      for (const code of codes) expect(unindented(read(file))).toContain(unindented(code));
    }
  });
});

describe("docs", () => {
  it("are all linked from the README", () => {
    expect(docs.filter((file) => !read("README.md").includes(`(docs/${file})`))).toEqual([]);
  });

  it("are checked by what finds a link that leads nowhere", () => {
    expect(anchorsOf("docs/stores.md")).toContain("within-your-own-transaction");
  });
});
