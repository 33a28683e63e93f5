import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildOnce, path, traceText } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-resume-"));
const small = join(folder, "small.csv");
const file = (name: string): string => join(folder, name);

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Loaded before the demo: the process kills itself before, or just after, its nth commit. */
function killedAt(commit: number, when: "before" | "after"): readonly string[] {
  const code = `
    import { DatabaseSync } from "node:sqlite";
    const { exec } = DatabaseSync.prototype;
    let commits = 0;
    DatabaseSync.prototype.exec = function (sql) {
      const isIt = sql === "COMMIT" && ++commits === ${String(commit)};
      if (isIt && ${String(when === "before")}) process.kill(process.pid, "SIGKILL");
      exec.call(this, sql);
      if (isIt) process.kill(process.pid, "SIGKILL");
    };`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
}

function start(name: string, preload: readonly string[] = [], args: readonly string[] = []): ChildProcess {
  const own = ["--db", file(`${name}.sqlite`), "--out", file(`${name}.html`), "--trace", small];
  const all = [...preload, path("examples/demo/main.ts"), "--json", "--cap", "0.12", ...own, ...args];
  return spawn(process.execPath, all);
}

async function ended(child: ChildProcess): Promise<Ended> {
  if (!child.stdout || !child.stderr) throw new Error("the demo has no output");
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { code, signal, stdout, stderr };
}

async function demo(...args: Parameters<typeof start>): Promise<Ended> {
  return ended(start(...args));
}

/** What a run has found out, without how long it took and what it could look at. */
function answerOf({ stdout }: Ended): unknown {
  const { passes, trace, cap, model } = JSON.parse(stdout) as Record<string, Record<string, object>>;
  const facts = Object.values(passes ?? {}).map((pass) => ({ ...pass, seconds: 0, rememberedCalls: 0 }));
  return { facts, trace, cap, model };
}

function drawingsOf(name: string): readonly string[] {
  return readFileSync(file(`${name}.html`), "utf8").match(/<svg[^]*?<\/svg>/g) ?? [];
}

// Outside of a test runner the demo imports the built package, and Node has to strip its types.
describe.skipIf(!process.features.typescript)("a run in a SQLite file (on a Node that strips types)", () => {
  let whole: Ended;
  beforeAll(async () => {
    writeFileSync(small, traceText(600));
    buildOnce();
    whole = await demo("whole");
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("demo: an uninterrupted run admits some, refuses some, and remembers nothing", () => {
    expect(whole).toMatchObject({ code: 0 });
    const { passes } = JSON.parse(whole.stdout) as { passes: Record<string, Record<string, number>> };
    expect(passes["settled"]?.["refused"]).toBeGreaterThan(0);
    expect(passes["settled"]?.["admitted"]).toBeGreaterThan(100);
    expect(passes["settled"]?.["rememberedCalls"]).toBe(0);
  });

  // The naive pass has some 50 commits, the settled one as many.
  it.each([
    [1, "before"],
    [2, "after"],
    [40, "before"],
    [62, "after"],
    [90, "before"],
  ] as const)(
    "demo: killed at commit %i, %s it, and started again: the same answer",
    async (commit, when) => {
      const name = `killed-${String(commit)}-${when}`;
      expect(await demo(name, killedAt(commit, when))).toMatchObject({ signal: "SIGKILL", stdout: "" });
      const again = await demo(name);
      expect(again).toMatchObject({ code: 0 });
      if (commit > 1) expect(again.stderr).toContain("resuming the run in");
      expect(answerOf(again)).toEqual(answerOf(whole));
      expect(drawingsOf(name)).toEqual(drawingsOf("whole"));
    },
  );

  it("demo: killed again and again, it comes to the same answer", async () => {
    for (const commit of [30, 15, 25, 10]) {
      expect(await demo("often", killedAt(commit, "after"))).toMatchObject({ signal: "SIGKILL" });
    }
    expect(answerOf(await demo("often"))).toEqual(answerOf(whole));
  });

  it("demo: what has ended starts anew, and so does another input", async () => {
    const again = await demo("whole");
    expect(again.stderr).not.toContain("resuming");
    expect(answerOf(again)).toEqual(answerOf(whole));
    await demo("other", killedAt(40, "after"));
    const other = await demo("other", [], ["--cap", "0.3"]);
    expect([other.code, other.stderr.includes("resuming")]).toEqual([0, false]);
    await demo("other", killedAt(40, "after"));
    const fresh = await demo("other", [], ["--fresh"]);
    expect([fresh.code, fresh.stderr.includes("resuming")]).toEqual([0, false]);
  });

  it("demo: a file of something else is left alone", async () => {
    writeFileSync(file("letter.sqlite"), "Dear Sir or Madam, ".repeat(100));
    const { code, stderr } = await demo("letter");
    expect([code, stderr]).toEqual([2, `demo: ${file("letter.sqlite")}: file is not a database\n`]);
    expect(readFileSync(file("letter.sqlite"), "utf8")).toMatch(/^Dear Sir/);
  });
});
