import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { quotedFiles } from "../support/pages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

// Its other blocks run in test/doc-examples.test.ts.
describe("docs/paid-calls.md", () => {
  const page = readFileSync(`${root}docs/paid-calls.md`, "utf8");

  it("quotes the whole of the example that streams, as it is", () => {
    const blocks = quotedFiles(page);
    expect([...blocks.keys()]).toEqual(["examples/calls/openai-stream.ts"]);
    for (const [file, codes] of blocks) {
      expect(codes.join("\n\n")).toBe(readFileSync(root + file, "utf8").trim());
    }
  });

  it("has no block of code that does not run", () => {
    const languages = Array.from(page.matchAll(/^```(\S.*)$/gm), ([, language = ""]) => language);
    expect(languages.length).toBeGreaterThan(4);
    // Of a shell's commands there is one block, which makes a certificate.
    expect(languages.filter((language) => !/^ts(?: file=\S+)?$/.test(language))).toEqual(["sh"]);
  });

  it("links to headings and files that are there", () => {
    const headings = Array.from(page.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    const links = Array.from(page.matchAll(/\]\(([^)]+)\)/g), ([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(10);
    const broken = links.filter((link) =>
      link.startsWith("#") ? !headings.includes(link.slice(1)) : !existsSync(`${root}docs/${link}`),
    );
    expect(broken).toEqual([]);
  });
});
