import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../examples/demo/failure.ts";
import { BUNDLED_TRACE, HELP, readOptions } from "../../examples/demo/options.ts";
import { buildOnce, HEADER, path, traceText } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-demo-"));
const small = join(folder, "small.csv");
const out = join(folder, "deep", "demo.html");

function demo(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [path("examples/demo/main.ts"), ...args], { encoding: "utf8" });
}

describe("readOptions", () => {
  it("readOptions: a cap of $10 for the run, and the bundled trace", () => {
    const { cap, model, trace, json } = readOptions([]);
    expect([cap.toJSON(), model, trace, json]).toEqual([
      { run: "10.00", month: "250.00" },
      "gpt-4o-mini",
      BUNDLED_TRACE,
      false,
    ]);
    expect(existsSync(trace)).toBe(true);
  });

  it("readOptions: every option has a line in the help", () => {
    const { place, ...others } = readOptions([]);
    expect(place).toMatchObject({ kind: "sqlite", isFresh: false });
    const options = [...Object.keys(others), "db", "fresh", "memory", "postgres", "workers"];
    for (const option of options) expect(HELP).toContain(`--${option} `);
  });

  it.each([
    [["--cap", "ten"], '--cap must be plain decimal dollars such as 10 or 12.50; got "ten"'],
    [["--cap="], '--cap must be plain decimal dollars such as 10 or 12.50; got ""'],
    [["--cap", "0.123456789"], '--cap must be plain decimal dollars such as 10 or 12.50; got "0.123456789"'],
    [["--cap=-1"], '--cap must be from 0 to 1,000,000,000 dollars; got "-1"'],
    [["--cap", "1000000000.01"], '--cap must be from 0 to 1,000,000,000 dollars; got "1000000000.01"'],
    [["--cap"], "Option '--cap <value>' argument missing; --help lists the options"],
    [["--cap", "-5"], "Option '--cap' argument is ambiguous; --help lists the options"],
    [["--json=yes"], "Option '--json' does not take an argument; --help lists the options"],
    [["--model", " "], "--model is empty"],
    [["--db", ""], "--db is empty"],
    [["--memory", "--fresh"], "--fresh cannot be used with --memory"],
    [["--postgres", "postgres://h/d", "--db", "x"], "--db cannot be used with --postgres"],
    [
      ["--workers", "4"],
      "--workers cannot be used with a SQLite file, which has one process; use --postgres URL",
    ],
    [["--postgres", "secret"], "--postgres must be a URL such as postgres://user@localhost:5432/database"],
    [
      ["--postgres", "postgres://h/d", "--workers", "65"],
      '--workers must be a whole number from 1 to 64; got "65"',
    ],
    [
      ["trace.csv"],
      "Unexpected argument 'trace.csv'. This command does not take positional arguments; --help lists the options",
    ],
  ])("readOptions: %j is refused in one line", (args, message) => {
    expect(() => readOptions(args)).toThrow(new InputError(message));
  });
});

// Outside of a test runner the demo imports the built package, and Node has to strip its types.
describe.skipIf(!process.features.typescript)("main.ts (on a Node that strips types)", () => {
  beforeAll(() => {
    writeFileSync(small, traceText(200));
    buildOnce();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("main: --json has the result and nothing else on stdout", () => {
    const { status, stdout, stderr } = demo(
      "--memory",
      "--json",
      "--trace",
      small,
      "--cap",
      "0.05",
      "--out",
      out,
    );
    expect([status, stderr.split("\n").length]).toEqual([0, 5]);
    expect(JSON.parse(stdout)).toMatchObject({
      trace: { file: small, calls: 200 },
      model: { name: "gpt-4o-mini" },
      cap: { run: "0.05", month: "250.00" },
      capNeverExceeded: true,
      page: out,
    });
    expect(readFileSync(out, "utf8")).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  });

  it("main: the summary names the page, on stdout", () => {
    const { status, stdout, stderr } = demo("--memory", "--trace", small, "--out", out);
    expect(status).toBe(0);
    expect(stdout).toContain(`page: ${out}`);
    expect(stderr).toBe(
      [
        "without settlement: 110 of 200 calls",
        "without settlement: 200 of 200 calls",
        "with settlement: 110 of 200 calls",
        "with settlement: 200 of 200 calls",
        "",
      ].join("\n"),
    );
  });

  it("main: an option that is none is one line and exit code 2", () => {
    expect(demo("--bogus")).toMatchObject({
      status: 2,
      stdout: "",
      stderr: "demo: Unknown option '--bogus'; --help lists the options\n",
    });
  });

  it("main: a check that fails is exit code 1, and there is no result", () => {
    // Loaded before the demo: an audit that agrees with no ledger.
    const audit = pathToFileURL(path("examples/demo/audit.ts")).href;
    const disagree = `import { Audit, AuditFailure } from ${JSON.stringify(audit)};
      Audit.prototype.compare = () => { throw new AuditFailure("they differ"); };`;
    const preload = `data:text/javascript,${encodeURIComponent(disagree)}`;
    const args = [
      "--import",
      preload,
      path("examples/demo/main.ts"),
      "--memory",
      "--json",
      "--trace",
      small,
      "--out",
      out,
    ];
    expect(spawnSync(process.execPath, args, { encoding: "utf8" })).toMatchObject({
      status: 1,
      stdout: "",
      stderr: "demo: they differ\n",
    });
  });

  it("main: a bad row is named by file and line", () => {
    const bad = join(folder, "bad.csv");
    writeFileSync(bad, `${HEADER}\n2023-11-16 18:15:46,1,x\n`);
    expect(demo("--memory", "--trace", bad)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: `demo: ${bad}:2: GeneratedTokens "x": not a whole number of tokens\n`,
    });
  });
});
