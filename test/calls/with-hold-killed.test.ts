import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { epochSeconds, usd } from "dispatch-kit";
import { withHold } from "dispatch-kit/calls";
import { sqliteStore } from "dispatch-kit/sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { actual, committed, request } from "./with-hold-support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("withHold: the process is killed", () => {
  it("in the middle of its call: charged at the ttl, corrected by a late truth, and never called again", async () => {
    const file = join(folder, "ledger.db");
    const script = fileURLToPath(new URL("with-hold-killed.child.ts", import.meta.url));
    const child = spawn(process.execPath, [script, file], { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    expect(said.toString()).toBe("called\n");
    child.kill("SIGKILL");
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);

    let later = 0;
    const clock = () => epochSeconds(Date.now() / 1000 + later);
    const database = new DatabaseSync(file, { timeout: 5000 });
    const ledger = sqliteStore(database, { clock });
    expect(await committed(ledger)).toEqual({ reserved: usd("0.18"), spent: 0n });
    const again = await withHold(ledger, request, () => {
      throw new Error("called again");
    });
    expect(again).toMatchObject({ kind: "exists", state: "open" });
    expect(await ledger.expire()).toMatchObject({ charged: [] });

    later = 61;
    expect(await ledger.expire()).toMatchObject({ charged: [{ holdId: "call-1", amount: usd("0.18") }] });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.18") });
    expect(await ledger.settle("call-1", actual)).toMatchObject({
      kind: "settled",
      booked: actual,
      overrun: 0n,
      corrected: true,
    });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: actual });
    database.close();
  });
});
