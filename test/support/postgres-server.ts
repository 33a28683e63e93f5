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
    /** The URL of the PostgreSQL server for the tests. */
    databaseUrl: string;
    /** The prefix of the tests' schemas, which are dropped at the end of a run on a given server. */
    schemas: string;
  }
}

/** Starts a real server for the tests, and stops it at the end. If `DATABASE_URL` names a server, the tests use that and leave nothing on it. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // Unique to this run.
  const schemas = `t${randomBytes(5).toString("hex")}_`;
  const { url, tmp, stop } = await keep({ databaseUrl: process.env["DATABASE_URL"] ?? null, schemas });
  // For this process and its children, so that files of an interrupted test are deleted too.
  process.env["TMPDIR"] = tmp;
  provide("databaseUrl", url);
  provide("schemas", schemas);
  return stop;
}

export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts PostgreSQL in a new folder; it ends at the latest with this process. */
export async function startPostgres(): Promise<Server> {
  return keep({ databaseUrl: null, schemas: "" });
}

/** Starts the keeper of a server, or of the schemas on a given one. */
export async function keep(kept: Kept): Promise<Server & Ready> {
  const file = fileURLToPath(new URL("keeper.ts", import.meta.url));
  // In its own process group, so that an interrupt at the keyboard only reaches the tests.
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
  // The keeper sends it.
  return { ...(JSON.parse(line) as Ready), stop };
}
