import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import type { Kept, Ready } from "./keeper.ts";

export { freePort } from "./ports.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the tests find a PostgreSQL that is theirs. */
    databaseUrl: string;
    /** What the names of their schemas begin with: they are dropped at the end of a run on another's server. */
    schemas: string;
  }
}

/** A real server for the tests, gone when they end; `DATABASE_URL` names another one, on which nothing stays. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // No other run has it.
  const schemas = `t${randomBytes(5).toString("hex")}_`;
  const { url, tmp, stop } = await keep({ databaseUrl: process.env["DATABASE_URL"] ?? null, schemas });
  // Of this process and of those that it starts: what a test that is interrupted leaves there is deleted too.
  process.env["TMPDIR"] = tmp;
  provide("databaseUrl", url);
  provide("schemas", schemas);
  return stop;
}

export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts PostgreSQL in a new folder; it ends with this process at the latest. */
export async function startPostgres(): Promise<Server> {
  return keep({ databaseUrl: null, schemas: "" });
}

/** Starts what keeps a server, or the schemas on one. */
export async function keep(kept: Kept): Promise<Server & Ready> {
  const file = fileURLToPath(new URL("keeper.ts", import.meta.url));
  // In a group of its own: an interrupt at the keyboard is for the tests.
  const keeper = spawn(process.execPath, [file, JSON.stringify(kept)], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(keeper, "exit");
  const failed = ended.then(() => {
    throw new Error("the server of the tests did not start");
  });
  const [line] = (await Promise.race([once(createInterface(keeper.stdout), "line"), failed])) as [string];
  failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    keeper.stdin.end();
    await ended;
  };
  // It is the keeper that tells.
  return { ...(JSON.parse(line) as Ready), stop };
}
