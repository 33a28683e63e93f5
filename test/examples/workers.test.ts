import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { usd } from "dispatch-kit";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { buildOnce, path, traceText } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-workers-"));
const small = join(folder, "small.csv");

type Facts = Readonly<Record<string, unknown>>;

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

/** Loaded into the demo and, by fork, into its workers: one of them kills itself when it has told of its third job. */
function oneWorkerDies(): readonly string[] {
  const once = join(folder, "died");
  const code = `
    import { mkdirSync } from "node:fs";
    if (process.send) {
      const send = process.send.bind(process);
      let booked = 0;
      process.send = (message, ...rest) => {
        if (message.kind === "booked" && ++booked === 3) {
          let isFirst = true;
          try { mkdirSync(${JSON.stringify(once)}); } catch { isFirst = false; }
          if (isFirst) process.kill(process.pid, "SIGKILL");
        }
        return send(message, ...rest);
      };
    }`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
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
    const killed = await demo(oneWorkerDies(), "--postgres", inject("databaseUrl"));
    const { lostAttempts, lostCharged, ...settled } = killed.settled;
    const { lostAttempts: none, ...whole } = inMemory.settled;
    expect([killed.naive, none, settled["unanswered"]]).toEqual([inMemory.naive, 0, 0]);
    expect(lostAttempts).toBeGreaterThan(0);
    const money = (facts: Facts, name: string): bigint => usd(String(facts[name]));
    // All are answered at their true cost, and the lost attempts are charged on top.
    expect(money(settled, "spent") - money(whole, "spent")).toBe(usd(String(lostCharged)));
    for (const name of ["admitted", "refused", "refusedBy", "egressRecords", "upperBoundsAdmitted"]) {
      expect(settled[name]).toEqual(whole[name]);
    }
  });
});
