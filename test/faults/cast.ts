import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Orders } from "./actor.ts";
import { instantViolations } from "./check/money.ts";
import { toldViolations } from "./check/told.ts";
import type { Place } from "./database.ts";
import { hurry } from "./hurry.ts";
import { type Entry, type Journal, readJournals } from "./journal.ts";
import type { Plan } from "./plan.ts";
import { readRows } from "./rows.ts";
import type { Stage } from "./stage.ts";
import { TTL_SECONDS } from "./terms.ts";

/** Milliseconds between two looks at what the processes wrote. */
export const LOOK = 25;
/** How many of them come between two audits of the rows. */
const AUDIT = 10;
/** When they are told to end, whatever is left of their agendas: the rest is done by the last process. */
const ENOUGH = 6000;
/** When they must have ended. */
const HANGS = 60_000;
/** Compiled once, for all that come later. */
const CACHE = fileURLToPath(new URL("../../.cache/node", import.meta.url));

interface Live {
  readonly actor: number;
  /** Which process of this actor it is. */
  readonly age: number;
  readonly name: string;
  readonly child: ChildProcess;
  readonly complaints: string[];
  exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** When it was seen to have stopped. */
  stoppedAt: number | null;
}

/** The processes of a seed, and whoever continues, replaces and ends them. */
export class Cast {
  readonly #plan: Plan;
  readonly #folder: string;
  /** The way that faults are on, and the one that they are not on. */
  readonly #place: Place;
  readonly #direct: Place;
  readonly #journal: Journal;
  readonly #start: number;
  readonly #lives: Live[] = [];
  readonly #started = performance.now();
  #ending = false;

  /** @param start - when the seed began, in seconds since 1970. */
  constructor(plan: Plan, folder: string, place: Place, direct: Place, journal: Journal, start: number) {
    this.#plan = plan;
    this.#folder = folder;
    this.#place = place;
    this.#direct = direct;
    this.#journal = journal;
    this.#start = start;
  }

  /** Until all have ended; what went wrong with the processes themselves. */
  async play(stage: Stage): Promise<readonly string[]> {
    this.#plan.actors.forEach((_, actor) => {
      this.#spawn(actor, []);
    });
    let crash = this.#plan.crash;
    const seen: string[] = [];
    for (let turn = 1; this.#lives.some(({ exit }) => exit === null); turn++) {
      if (turn % AUDIT === 0) seen.push(...(await this.#audit()));
      await wait(LOOK);
      const journals = readJournals(this.#folder);
      const lines = [...journals.values()].reduce((sum, { length }) => sum + length, 0);
      if (crash && lines >= crash.afterLines) {
        this.#journal.write({ did: "crash", how: crash.how });
        await stage.crash(crash.how, this.#place);
        crash = null;
      }
      for (const life of this.#lives) this.#tend(life, journals);
      const age = performance.now() - this.#started;
      if (!this.#ending && (age > ENOUGH || this.#isDone(journals))) this.#end();
      if (age > HANGS) {
        for (const { child, exit } of this.#lives) if (exit === null) child.kill("SIGKILL");
        return [...seen, `the processes did not end within ${String(HANGS / 1000)} s`];
      }
    }
    const broke = this.#lives.flatMap(({ name, exit, complaints }) => {
      if (exit?.signal === "SIGKILL" || exit?.code === 0) return [];
      // What it knew of its end it has written down.
      if (complaints.length === 0) return [];
      return [`process ${name} ended with ${String(exit?.code ?? exit?.signal)}: ${complaints.join("")}`];
    });
    return [...seen, ...broke];
  }

  /** The rows as they are at one instant, unless the database is away or kept by a process that is stopped. */
  async #audit(): Promise<readonly string[]> {
    // What cannot be changed now is changed the next time.
    await hurry(this.#direct, LOOK).catch(() => undefined);
    try {
      const rows = await readRows(this.#direct, LOOK);
      this.#journal.write({ did: "audit" });
      const violations = [...instantViolations(this.#plan, rows), ...toldViolations(rows)];
      return violations.map((violation) => `meanwhile ${violation}`);
    } catch {
      return [];
    }
  }

  #spawn(actor: number, before: readonly Entry[]): void {
    const life = this.#lives.filter((one) => one.actor === actor).length;
    const orders: Orders = {
      place: this.#place,
      seed: this.#plan.seed,
      folder: this.#folder,
      actor,
      start: this.#start,
      life,
      done: before.flatMap((entry) => (entry.did === "task" ? [entry.id] : [])),
      suffered: before.filter(({ did }) => did === "fault").length,
    };
    const script = fileURLToPath(new URL("actor.ts", import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify(orders)], {
      stdio: ["pipe", "ignore", "pipe"],
      // Without what a test runner adds for its own workers.
      env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: CACHE },
    });
    const name = `${String(actor)}-${String(life)}`;
    const live: Live = { actor, age: life, name, child, complaints: [], exit: null, stoppedAt: null };
    // One that is stopped does not see that its input has ended.
    const abandon = (): boolean => child.kill("SIGKILL");
    process.once("exit", abandon);
    child.stderr.on("data", (text: Buffer) => live.complaints.push(text.toString()));
    // Its end may come between the look and the writing.
    child.stdin.on("error", () => undefined);
    child.on("close", (code, signal) => {
      live.exit = { code, signal };
      process.off("exit", abandon);
    });
    if (this.#ending) child.stdin.end();
    this.#lives.push(live);
  }

  /** Continues a process that is stopped, and replaces one that was killed. */
  #tend(life: Live, journals: ReadonlyMap<string, readonly Entry[]>): void {
    const entries = journals.get(life.name) ?? [];
    if (life.exit) {
      const isLast = !this.#lives.some(({ actor, age }) => actor === life.actor && age > life.age);
      if (isLast && life.exit.signal === "SIGKILL" && !this.#ending) {
        const before = this.#lives.filter(({ actor }) => actor === life.actor);
        this.#spawn(
          life.actor,
          before.flatMap(({ name }) => journals.get(name) ?? []),
        );
      }
      return;
    }
    const last = entries.filter((entry) => entry.did === "fault" || entry.did === "continued").at(-1);
    if (last?.did !== "fault" || last.act !== "stop") {
      life.stoppedAt = null;
      return;
    }
    life.stoppedAt ??= performance.now();
    if (this.#isOver(life, last.index, entries, journals)) life.child.kill("SIGCONT");
  }

  /** Whether a stopped process is to be continued: someone has taken its attempt from it, or it is time. */
  #isOver(
    life: Live,
    fault: number,
    entries: readonly Entry[],
    journals: ReadonlyMap<string, readonly Entry[]>,
  ): boolean {
    const stopped = performance.now() - (life.stoppedAt ?? 0);
    const running = new Set<string>();
    for (const entry of entries) {
      if (entry.did === "answer" && entry.call === "claim")
        running.add(`${entry.subject}#${String(entry.attempt)}`);
      if (entry.did === "report") running.delete(`${entry.job}#${String(entry.attempt)}`);
    }
    const taken = [...journals.values()]
      .flat()
      .some(
        (entry) =>
          entry.did === "answer" &&
          entry.call === "recoverStale" &&
          (entry.answer["attempts"] as readonly { jobId: string; attempt: number }[]).some(
            ({ jobId, attempt }) => running.has(`${jobId}#${String(attempt)}`),
          ),
      );
    const ttl = TTL_SECONDS * 1000;
    // Inside a transaction of SQLite it keeps all others out; and at the end there may be no others.
    const at = this.#plan.actors[life.actor]?.faults[fault]?.at;
    return taken || stopped > (at === "sql" || this.#ending || running.size === 0 ? 1.5 * ttl : 8 * ttl);
  }

  #isDone(journals: ReadonlyMap<string, readonly Entry[]>): boolean {
    const done = new Set(
      [...journals.values()].flat().flatMap((entry) => (entry.did === "task" ? [entry.id] : [])),
    );
    const tasks = this.#plan.actors.flatMap(({ agenda }) => agenda);
    return tasks.every(({ id }) => done.has(id)) && this.#lives.every(({ stoppedAt }) => stoppedAt === null);
  }

  #end(): void {
    this.#ending = true;
    for (const { child } of this.#lives) child.stdin?.end();
  }
}
