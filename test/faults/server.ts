import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../support/ports.ts";
import { binaries } from "./binaries.ts";
import type { Crash } from "./agendas.ts";

const READY = "ready to accept connections";
/** Milliseconds in which it must be there, also after a crash on a busy machine. */
const START = 60_000;

/** A PostgreSQL server to be crashed: fsync and synchronous_commit are on, as is their default. */
export class Server {
  readonly #postgres: string;
  readonly #folder: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(postgres: string, folder: string, port: number) {
    this.#postgres = postgres;
    this.#folder = folder;
    this.port = port;
  }

  static async start(version: "16" | "18"): Promise<Server> {
    const { initdb, postgres } = await binaries(version);
    const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
    chmodSync(folder, 0o755);
    const data = join(folder, "data");
    mkdirSync(data);
    const { uid, gid } = user();
    if (uid !== undefined && gid !== undefined) chownSync(data, uid, gid);
    const flags = ["--username=postgres", "--auth=trust", "--locale=C", "--encoding=UTF8"];
    execFileSync(initdb, [`--pgdata=${data}`, ...flags], { ...user(), stdio: "ignore" });
    const server = new Server(postgres, folder, await freePort());
    process.once("exit", server.#abandon);
    await server.#up();
    return server;
  }

  get url(): string {
    return this.urlAt(this.port);
  }

  urlAt(port: number): string {
    return `postgres://postgres@127.0.0.1:${String(port)}/postgres`;
  }

  /** `immediate` is PostgreSQL's own word: no checkpoint, and what is not in its log is gone. */
  async crash(how: Exclude<Crash["how"], "backend">): Promise<void> {
    await this.#down(how === "immediate" ? "SIGQUIT" : "SIGKILL");
    await this.#up();
  }

  async stop(): Promise<void> {
    await this.#down("SIGINT");
    rmSync(this.#folder, { recursive: true });
    process.off("exit", this.#abandon);
  }

  /** Nothing stays behind when the process is interrupted, shared memory neither. */
  readonly #abandon = (): void => {
    this.#process?.kill("SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true });
  };

  async #down(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    running.kill(signal);
    await gone;
  }

  /** A killed server's own children may outlive it for a moment, and keep the next one out. */
  async #up(): Promise<void> {
    const until = performance.now() + START;
    for (;;) {
      const said: string[] = [];
      const started = spawn(
        this.#postgres,
        [
          "-D",
          join(this.#folder, "data"),
          "-p",
          String(this.port),
          "-k",
          "",
          "-c",
          "listen_addresses=127.0.0.1",
        ],
        { ...user(), stdio: ["ignore", "ignore", "pipe"] },
      );
      this.#process = started;
      const ready = new Promise<boolean>((resolve) => {
        started.stderr.on("data", (text: Buffer) => {
          said.push(text.toString());
          if (said.join("").includes(READY)) resolve(true);
          if (said.length > 100) said.shift();
        });
        started.on("exit", () => {
          resolve(false);
        });
      });
      if (await ready) return;
      if (performance.now() > until) throw new Error(`PostgreSQL does not start: ${said.join("")}`);
      await wait(20);
    }
  }
}

/** As root the server runs as somebody who owns nothing else. */
function user(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
