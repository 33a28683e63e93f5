import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DispatchStore } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { sqliteStore } from "dispatch-kit/sqlite";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { bun, installClients } from "../../clients/install.ts";
import { run } from "../../runtimes/tools.ts";
import { free } from "../../stores/memory/support.ts";
import { testCases } from "./cases.ts";
import { type Connection, DRIVERS, type Open } from "./drivers.ts";
import { hookCases } from "./hooks.ts";
import { sqliteMaker } from "./sqlite.ts";

// In one file: they are installed once, before any of them is used, and Bun runs beside this process.
const missing = installClients();
const program = missing === null ? bun() : null;

if (program !== null) testInBun(program);
else skip("sqliteStore on bun:sqlite", missing ?? `no Bun for ${process.platform} ${process.arch} is listed`);

if (missing === null) {
  const makeStore = await sqliteMaker("better-sqlite3");
  afterAll(makeStore.end);
  testCases("sqliteStore on better-sqlite3", makeStore);
  testDurability(await DRIVERS["better-sqlite3"]());
  testTypes();
} else skip("sqliteStore on better-sqlite3, and the types of its clients", missing);

function skip(what: string, reason: string): void {
  console.log(`skipped: ${what}: ${reason}`);
  describe.skip(what, () => {
    it(reason, () => undefined);
  });
}

/** The cases run there, and are told here one by one. */
function testInBun(program: string): void {
  const file = fileURLToPath(new URL("bun-cases.ts", import.meta.url));
  const child = spawn(program, [file], { stdio: ["pipe", "pipe", "inherit"] });
  const told = new Map<string, (error: string | null) => void>();
  const names = namesOfCases();
  const outcomes = names.map((name) => {
    return [name, new Promise<string | null>((resolve) => told.set(name, resolve))] as const;
  });
  const ended = once(child, "exit").then(() => {
    for (const tell of told.values()) tell("Bun has ended without it");
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    // One line for a case, as bun-cases.ts prints it.
    const { name, error } = JSON.parse(line) as { readonly name: string; readonly error: string | null };
    told.get(name)?.(error);
  });
  afterAll(async () => {
    child.stdin.end();
    await ended;
  });
  describe("sqliteStore on bun:sqlite", () => {
    it.each(outcomes)("%s", async (_, outcome) => {
      expect(await outcome).toBeNull();
    });
  });
}

/** The names, which are the same for every maker with every hook. */
function namesOfCases(): readonly string[] {
  const none = (): never => {
    throw new Error("only its names are asked for");
  };
  const makeStore: MakeStore<DispatchStore> = none;
  return [...hookCases(makeStore), ...conformance(makeStore)].map(({ name }) => name);
}

/** Its build lowers `synchronous` to NORMAL for a file that is in WAL, unless the connection has set it. */
function testDurability(open: Open): void {
  const synchronous = (connection: Connection): unknown => connection.prepare("PRAGMA synchronous").all()[0];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  describe("sqliteStore: a file that another connection puts in WAL", () => {
    it("is written as durably as before", async () => {
      const file = join(folder, "jobs.db");
      const [own, other] = [open(file), open(file)];
      const store = sqliteStore(own);
      await store.migrate();
      other.exec("PRAGMA journal_mode = WAL");
      await store.submit(free("j"));
      expect(synchronous(own)).toEqual({ synchronous: 2 });
      for (const connection of [own, other]) connection.close();
    });

    it("is refused within a transaction that would not be written so", async () => {
      const file = join(folder, "jobs.db");
      const own = open(file);
      const store = sqliteStore(own);
      await store.migrate();
      own.exec("PRAGMA journal_mode = WAL");
      const theirs = open(file);
      theirs.exec("BEGIN IMMEDIATE");
      await expect(store.within(theirs).usage("a")).rejects.toThrow("PRAGMA synchronous must be FULL (2)");
      theirs.exec("ROLLBACK");
      for (const connection of [own, theirs]) connection.close();
    });
  });
}

function testTypes(): void {
  it("the clients that are installed here fit the types of the stores", () => {
    const compiler = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
    const project = fileURLToPath(new URL("../../clients/", import.meta.url));
    expect(run(process.execPath, [compiler, "-p", project], { cwd: project })).toEqual({
      ok: true,
      output: "",
    });
  });
}
