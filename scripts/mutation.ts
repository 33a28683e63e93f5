/**
 * `npm run test:mutation` runs Stryker on the pure core, in two slices.
 *
 * Code that only runs while a module loads (a table, a pattern) belongs to no single test, so its mutants need the whole
 * suite. The first slice has all other mutants, each with the tests that reach it. The second slice has these mutants.
 * Options are Stryker's: `npm run test:mutation -- --mutate 'src/money/*.ts'`, or `--incremental` to continue from the last
 * run.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly location: { readonly start: Place; readonly end: Place };
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly statusReason?: string;
}

interface Found extends Mutant {
  readonly file: string;
}

interface Config {
  readonly jsonReporter: { readonly fileName: string };
  readonly thresholds: { readonly break: number };
}

const CONFIG = "stryker.config.json";
const STATIC = { config: ".cache/stryker-static.json", report: "reports/mutation/static.json" };
const CAUGHT = ["Killed", "Timeout"];
const MISSED = ["Survived", "NoCoverage"];

const config = JSON.parse(readFileSync(CONFIG, "utf8")) as Config;

const first = stryker(config.jsonReporter.fileName, CONFIG, ...process.argv.slice(2));
const mutants = [...first.filter((mutant) => !isStatic(mutant)), ...slice(first.filter(isStatic))];
const score = report(mutants);
if (!(score >= config.thresholds.break)) process.exitCode = 1;

/**
 * Runs Stryker and reads its report. The exit code is ignored, because it compares one slice with the threshold, which is
 * for both slices together. Without a report, Stryker has failed, and this throws.
 */
function stryker(path: string, ...args: readonly string[]): readonly Found[] {
  rmSync(path, { force: true });
  const { error } = spawnSync("stryker", ["run", ...args], { stdio: "inherit" });
  if (error) throw error;
  const { files } = JSON.parse(readFileSync(path, "utf8")) as {
    files: Record<string, { mutants: readonly Mutant[] }>;
  };
  return Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file })),
  );
}

/** Other ignored mutants are marked in the source, with a reason. */
function isStatic({ status, statusReason }: Mutant): boolean {
  return status === "Ignored" && statusReason?.startsWith("Static mutant") === true;
}

/** Tests the mutants that the first slice left out, each with the whole suite. */
function slice(wanted: readonly Found[]): readonly Found[] {
  if (wanted.length === 0) return [];
  mkdirSync(".cache", { recursive: true });
  const lines = wanted.map(({ file, location: { start, end } }) => `${file}:${start.line}-${end.line}`);
  writeFileSync(
    STATIC.config,
    JSON.stringify({
      ...config,
      mutate: [...new Set(lines)],
      ignoreStatic: false,
      reporters: ["progress-append-only", "json"],
      jsonReporter: { fileName: STATIC.report },
    }),
  );
  const tested = stryker(STATIC.report, STATIC.config);
  const keys = new Set(wanted.map(keyOf));
  return tested.filter((mutant) => keys.has(keyOf(mutant)));
}

function keyOf({ file, location, mutatorName, replacement }: Found): string {
  return JSON.stringify([file, location, mutatorName, replacement]);
}

/** Prints the results by file and the missed mutants; returns the share of caught mutants, in percent. */
function report(all: readonly Found[]): number {
  const counted = (of: readonly Found[], statuses: readonly string[]): number =>
    of.filter(({ status }) => statuses.includes(status)).length;
  const row = (name: string, of: readonly Found[]): string => {
    const cells = [["Killed"], ["Timeout"], ["Survived"], ["NoCoverage"], ["Ignored"]].map((statuses) =>
      String(counted(of, statuses)).padStart(10),
    );
    return `${name.padEnd(30)}${percent(of).toFixed(2).padStart(8)}${cells.join("")}`;
  };
  const percent = (of: readonly Found[]): number => {
    const caught = counted(of, CAUGHT);
    return (caught / (caught + counted(of, MISSED))) * 100;
  };
  console.log(`\n${"".padEnd(30)}   score    killed   timeout  survived  no cover     named`);
  for (const file of new Set(all.map((mutant) => mutant.file))) {
    console.log(
      row(
        file,
        all.filter((mutant) => mutant.file === file),
      ),
    );
  }
  console.log(row("all", all));
  for (const { file, location, mutatorName, replacement, status } of all) {
    if (!MISSED.includes(status)) continue;
    const place = `${file}:${location.start.line}:${location.start.column}`;
    console.log(`${status}: ${place} ${mutatorName} ${JSON.stringify(replacement ?? "")}`);
  }
  return percent(all);
}
