// One process of a seed: it works through its agenda and through the queue until its input ends.
import { setTimeout as wait } from "node:timers/promises";
import { Acting } from "./acting.ts";
import { Caller } from "./caller.ts";
import { openStore, type Place } from "./database.ts";
import { Journal } from "./journal.ts";
import { makePlan } from "./plan.ts";
import { Points } from "./points.ts";
import { OLDER } from "./terms.ts";
import { Working } from "./working.ts";

/** What the process is told, as JSON. */
export interface Orders {
  readonly place: Place;
  readonly seed: number;
  readonly folder: string;
  readonly actor: number;
  /** When the seed began, in seconds since 1970. */
  readonly start: number;
  /** Which process of this actor it is, from 0. */
  readonly life: number;
  /** The tasks that those before it have done. */
  readonly done: readonly number[];
  /** How many faults those before it have suffered. */
  readonly suffered: number;
}

const orders = JSON.parse(process.argv[2] ?? "") as Orders;
const plan = makePlan(orders.place.store, orders.seed);
const name = `${String(orders.actor)}-${String(orders.life)}`;
const journal = new Journal(orders.folder, name);
const { agenda, faults } = plan.actors[orders.actor] ?? { agenda: [], faults: [] };
const points = new Points(faults, orders.suffered, journal);
const opened = openStore(orders.place, points, orders.actor === OLDER);
const caller = new Caller(plan, opened.store, journal, { name, start: orders.start, points });
const acting = new Acting(caller, orders.life === 0);
const working = new Working(caller);

let ending = false;
process.stdin.on("end", () => {
  ending = true;
});
process.stdin.resume();

/** How often a task is looked at for which it is too early. */
const LOOKS = 40;

const left = agenda.filter(({ id }) => !orders.done.includes(id)).map((task) => ({ task, looks: 0 }));

/** Does a task; if it is too early for it, it comes again after all others. */
async function attempt(next: (typeof left)[number]): Promise<void> {
  if (await acting.task(next.task)) return;
  if (++next.looks < LOOKS) left.push(next);
  else acting.done(next.task.id);
  await wait(10);
}

/** A task, a job, or a look after the others; with nothing to do, a short rest. */
async function live(): Promise<void> {
  for (let turn = 0; !ending; turn++) {
    const next = turn % 3 < 2 ? left.shift() : undefined;
    if (next) await attempt(next);
    else if (!(await working.work()) && !(await acting.sweep())) await wait(15);
  }
}

try {
  // Together in one process, so that their calls travel together.
  await Promise.all([live(), live()]);
  await opened.close();
} catch (error) {
  journal.write({ did: "broke", message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
process.exit();
