import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { usd } from "dispatch-kit";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { buildOnce, path, traceText } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-workers-"));
const small = join(folder, "small.csv");

type Facts = Readonly<Record<string, unknown>>;

/** What a lost worker does not change. */
const UNCHANGED = ["admitted", "refused", "refusedBy", "egressRecords", "upperBoundsAdmitted"];

/** The passes of a run in JSON, without how long they took. */
async function demo(
  preload: readonly string[],
  ...args: readonly string[]
): Promise<Record<"naive" | "settled", Facts>> {
  const own = ["--json", "--trace", small, "--out", join(folder, "demo.html")];
  const child = spawn(process.execPath, [...preload, path("examples/demo/main.ts"), ...own, ...args]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === "") throw new Error(stderr);
  const { passes } = JSON.parse(stdout) as { passes: Record<"naive" | "settled", Facts> };
  const timeless = (pass: Facts): Facts => ({ ...pass, seconds: 0 });
  return { naive: timeless(passes.naive), settled: timeless(passes.settled) };
}

/** Loaded into the demo and, by fork, into its workers: when one has told of its third job, it does this to itself. */
function atThirdJob(does: string): readonly string[] {
  const once = join(mkdtempSync(join(folder, "once-")), "done");
  const code = `
    import { mkdirSync, writeFileSync } from "node:fs";
    if (process.send) {
      const send = process.send.bind(process);
      let booked = 0;
      process.send = (message, ...rest) => {
        if (message.kind === "booked" && ++booked === 3) {
          let isFirst = true;
          try { mkdirSync(${JSON.stringify(once)}); } catch { isFirst = false; }
          if (isFirst) { ${does} }
        }
        return send(message, ...rest);
      };
    }`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
}

/** Waits for a worker that has stopped itself, and lets it go on once others have its jobs. */
async function wakeZombie(pidFile: string): Promise<void> {
  await vi.waitFor(
    () => {
      expect(readFileSync(pidFile, "utf8")).not.toBe("");
    },
    { timeout: 20_000 },
  );
  const client = new Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  try {
    const taken = "SELECT 1 FROM dispatch_kit_demo_settled.jobs WHERE 'taken' = ANY (ends) LIMIT 1";
    const isTaken = async (): Promise<void> => {
      expect((await client.query(taken)).rowCount).toBe(1);
    };
    await vi.waitFor(isTaken, { timeout: 20_000 });
  } finally {
    await client.end();
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGCONT");
  }
}

describe.skipIf(!process.features.typescript)("four worker processes on PostgreSQL", () => {
  beforeAll(() => {
    writeFileSync(small, traceText(300));
    buildOnce();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("demo: they come to the answer that one process in memory comes to, and leave nothing behind", async () => {
    const inMemory = await demo([], "--memory", "--cap", "0.07");
    expect(inMemory.settled["refused"]).toBeGreaterThan(0);
    const url = inject("databaseUrl");
    expect(await demo([], "--postgres", url, "--workers", "4", "--cap", "0.07")).toEqual(inMemory);
    expect(readFileSync(join(folder, "demo.html"), "utf8")).toContain("PostgreSQL, 5 processes");
    const client = new Client({ connectionString: url });
    await client.connect();
    const left = "SELECT 1 FROM pg_namespace WHERE nspname LIKE 'dispatch_kit_demo%'";
    expect((await client.query(left)).rows).toEqual([]);
    await client.end();
  });

  it("demo: a killed worker changes nothing but what is charged in full and reported", async () => {
    const inMemory = await demo([], "--memory");
    const killed = await demo(
      atThirdJob(`process.kill(process.pid, "SIGKILL")`),
      "--postgres",
      inject("databaseUrl"),
    );
    const { lostAttempts, lostCharged, ...settled } = killed.settled;
    const { lostAttempts: none, ...whole } = inMemory.settled;
    expect([killed.naive, none, settled["unanswered"]]).toEqual([inMemory.naive, 0, 0]);
    expect(lostAttempts).toBeGreaterThan(0);
    const money = (facts: Facts, name: string): bigint => usd(String(facts[name]));
    // All are answered at their true cost, and the lost attempts are charged on top.
    expect(money(settled, "spent") - money(whole, "spent")).toBe(usd(String(lostCharged)));
    for (const name of UNCHANGED) expect(settled[name]).toEqual(whole[name]);
  });

  it("demo: a worker that stops beyond its lease and goes on is charged once for what it ran, at its true cost", async () => {
    const inMemory = await demo([], "--memory");
    const pidFile = join(folder, "zombie");
    const stops = `writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); process.kill(process.pid, "SIGSTOP")`;
    const [zombie] = await Promise.all([
      demo(atThirdJob(stops), "--postgres", inject("databaseUrl")),
      wakeZombie(pidFile),
    ]);
    const { settled } = zombie;
    const whole = inMemory.settled;
    expect([zombie.naive, settled["unanswered"], settled["heldAtTheEnd"]]).toEqual([
      inMemory.naive,
      0,
      "0.00",
    ]);
    // It has run what others ran again. Both are booked, and what it reported late has corrected its charges.
    const money = (name: string): bigint => usd(String(settled[name]));
    expect(money("spent")).toBeGreaterThan(usd(String(whole["spent"])));
    expect([settled["lostAttempts"], money("lostCharged")]).toEqual([0, 0n]);
    for (const name of UNCHANGED) expect(settled[name]).toEqual(whole[name]);
  });
});
