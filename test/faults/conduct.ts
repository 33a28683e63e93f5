import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Acting } from "./acting.ts";
import { Caller } from "./caller.ts";
import { Cast, LOOK } from "./cast.ts";
import { toldViolations } from "./check/told.ts";
import { judge, type Verdict } from "./check/verdict.ts";
import { openStore, type Place } from "./database.ts";
import { Deciding } from "./deciding.ts";
import { hurry } from "./hurry.ts";
import { Journal, readJournals } from "./journal.ts";
import { makePlan, type Plan } from "./plan.ts";
import { readRows, type Rows } from "./rows.ts";
import type { Stage } from "./stage.ts";
import { LANES } from "./terms.ts";
import { witness } from "./witness.ts";
import { Working } from "./working.ts";

/** Milliseconds that the last process has to end everything. */
const LAST = 30_000;
/** Milliseconds that the database may take to let another one write. */
const PATIENCE = 5000;

/** What a seed came to. */
export interface Played extends Verdict {
  readonly seed: number;
  /** What its processes wrote; gone if there is nothing wrong with it. */
  readonly folder: string;
}

/** Runs a seed: its processes and faults, then one process that ends what they left, then the check. */
export async function conduct(stage: Stage, seed: number, broken: string | null = null): Promise<Played> {
  const plan = makePlan(stage.store, seed);
  const folder = mkdtempSync(join(tmpdir(), `dispatch-kit-${stage.store}-${String(seed)}-`));
  const journal = new Journal(folder, "conductor");
  const { place, through } = await stage.open(plan, folder, broken, journal);
  const first = openStore(place, null);
  await first.store.migrate();
  await first.close();
  await witness(place);
  await before(plan, place, folder);
  const start = Date.now() / 1000;
  journal.write({ did: "started", start });
  const cast = new Cast(plan, folder, { ...place, at: through }, place, journal, start);
  const trouble = await cast.play(stage);
  await stage.quiet(place);
  const rows = await alone(plan, place, folder, { name: "last", start }, async ({ deciding }) => {
    await deciding.reopen(LANES);
  });
  await stage.quiet(place);
  const verdict = judge(plan, [...readJournals(folder).values()].flat(), rows);
  await stage.close(place);
  journal.close();
  const violations = [...trouble, ...verdict.violations, ...toldViolations(rows)];
  // What a failed seed wrote stays there to be read.
  if (violations.length === 0 || broken !== null) rmSync(folder, { recursive: true });
  return { ...verdict, violations, seed, folder };
}

/** The cap that is pinned first, and what has ended before the processes start. */
async function before(plan: Plan, place: Place, folder: string): Promise<void> {
  await alone(
    plan,
    place,
    folder,
    { name: "first", start: Date.now() / 1000 },
    async ({ deciding, acting }) => {
      await deciding.change("pin-first");
      const old = { id: -1, others: [] };
      for (const { jobId, isOld } of plan.jobs) {
        if (isOld) await acting.task({ ...old, kind: "submit", subject: jobId });
      }
      for (const { holdId, isOld } of plan.holds) {
        if (isOld) await acting.task({ ...old, kind: "hold", subject: holdId });
      }
    },
  );
}

interface Roles {
  readonly acting: Acting;
  readonly deciding: Deciding;
}

/** A process without faults: takes back what is lost, runs what can be run, and decides about what waits. */
async function alone(
  plan: Plan,
  place: Place,
  folder: string,
  who: { readonly name: string; readonly start: number },
  begin: (roles: Roles) => Promise<void>,
): Promise<Rows> {
  const opened = openStore(place, null);
  const journal = new Journal(folder, who.name);
  const caller = new Caller(plan, opened.store, journal, { ...who, points: null });
  const [acting, working] = [new Acting(caller, false), new Working(caller)];
  const until = performance.now() + LAST;
  try {
    await begin({ acting, deciding: new Deciding(caller) });
    for (;;) {
      let busy = await acting.sweep(0);
      await hurry(place, PATIENCE);
      while (await working.work()) busy = true;
      const rows = await readRows(place);
      for (const { jobId, state } of rows.jobs) {
        if (state === "awaiting_approval") await acting.decide(jobId);
      }
      const open = rows.holds.some(({ state }) => state === "open");
      const live = rows.jobs.some(({ state }) => !["succeeded", "failed", "rejected"].includes(state));
      // What cannot be ended is left to the check.
      if ((!open && !live) || performance.now() > until) return rows;
      if (!busy) await wait(LOOK);
    }
  } catch (error) {
    journal.write({ did: "broke", message: error instanceof Error ? error.message : String(error) });
    return await readRows(place);
  } finally {
    await opened.close();
    journal.close();
  }
}
