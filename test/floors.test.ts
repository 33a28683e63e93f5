import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
// @ts-expect-error -- the lint configuration is plain JavaScript
import { FLOORS as table } from "../eslint.config.js";

const FLOORS = table as Readonly<Record<string, readonly string[]>>;
const root = fileURLToPath(new URL("..", import.meta.url));

/** Each source file with what it imports, types included: lint's own search for circles leaves these out. */
function importsOf(): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
  return new Map(
    sources.map((file) => {
      const found = readFileSync(`${root}src/${file}`, "utf8").matchAll(/\bfrom "(\.[^"]+\.ts)"/g);
      return [file, Array.from(found, ([, path = ""]) => normalize(join(dirname(file), path)))];
    }),
  );
}

/** A path of imports that comes back to where it began; `null` if there is none. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of imports.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found !== null) return found;
    }
    done.add(file);
    return null;
  };
  for (const file of imports.keys()) {
    const found = visit(file, []);
    if (found !== null) return found;
  }
  return null;
}

describe("the floors of src", () => {
  it("have a row for every folder and file", () => {
    const names = readdirSync(`${root}src`).filter((name) => !name.endsWith(".d.ts"));
    expect(Object.keys(FLOORS).sort()).toEqual(names.sort());
  });

  it("go down only: no row names one that stands below it", () => {
    const order = Object.keys(FLOORS);
    for (const [floor, below] of Object.entries(FLOORS)) {
      for (const each of below)
        expect(order.indexOf(each), `${floor} imports ${each}`).toBeLessThan(order.indexOf(floor));
    }
  });

  it("are shown in ARCHITECTURE.md as they are", () => {
    const page = readFileSync(`${root}ARCHITECTURE.md`, "utf8");
    const rows = page.matchAll(/^\| `([^`]+)` +\| ((?:`[^`]+`(?:, )?)+|nothing) +\|$/gm);
    const shown = Array.from(rows, ([, name = "", below = ""]) => [
      name,
      below === "nothing" ? [] : below.replaceAll("`", "").split(", "),
    ]);
    expect(Object.fromEntries(shown)).toEqual(FLOORS);
  });
});

describe("the imports of src", () => {
  it("make no circle, types included", () => {
    expect(circleIn(importsOf())).toBeNull();
  });

  it("would be found if they did", () => {
    const circle = circleIn(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    );
    expect(circle).toEqual(["b", "c", "b"]);
  });
});
