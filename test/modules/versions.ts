import { join } from "node:path";
import { readJson, root } from "../runtimes/tools.ts";
import { VERSIONS } from "./typescript.ts";

/** The tools whose version the page names, each with its package. */
const NAMED = { Jest: "jest", "ts-jest": "ts-jest", Vitest: "vitest", esbuild: "esbuild", "Next.js": "next" };

/** What the page says of versions that is not what is installed; `null` if it is right. */
export function wrongVersions(intro: string): string | null {
  const text = intro.replaceAll("\n", " ");
  const versions = ["test/modules", "test/modules/next"].map((folder) => {
    const manifest = readJson(join(root, folder, "package.json")) as Record<string, Record<string, string>>;
    return { ...manifest["dependencies"], ...manifest["devDependencies"] };
  });
  const all = Object.fromEntries(versions.flatMap((version) => Object.entries(version)));
  const named = Object.entries(NAMED).map(([tool, name]) => {
    const [major, minor] = (all[name] ?? "").split(".");
    return `${tool} ${String(major)}.${String(minor)}`;
  });
  const last = VERSIONS.at(-1);
  named.push(`TypeScript ${VERSIONS.slice(0, -1).join(", ")} and ${String(last)}`);
  return named.filter((tool) => !text.includes(tool)).join() || null;
}
