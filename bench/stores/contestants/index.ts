import type { Contestant } from "../contestant.ts";
import { bare, barest } from "./bare.ts";
import { graphileWorker } from "./graphile-worker.ts";
import { ours } from "./ours.ts";
import { pgBoss } from "./pg-boss.ts";

export { bare, barest, graphileWorker, ours, pgBoss };
export const CONTESTANTS: readonly Contestant[] = [ours, graphileWorker, pgBoss, bare, barest];

export function contestantNamed(name: string): Contestant {
  const found = CONTESTANTS.find((contestant) => contestant.name === name);
  if (found === undefined) throw new Error(`unknown contestant ${name}`);
  return found;
}
