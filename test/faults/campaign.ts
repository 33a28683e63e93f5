import type { Seen } from "./check/verdict.ts";
import { conduct, type Played } from "./conduct.ts";
import type { StoreName } from "./plan.ts";
import { postgresStage } from "./postgres-stage.ts";
import { sqliteStage, type Stage } from "./stage.ts";

export async function stageOf(store: StoreName): Promise<Stage> {
  return store === "sqlite" ? sqliteStage() : await postgresStage(store);
}

/** What a row of seeds on one store has shown. */
export interface Summary {
  readonly played: number;
  readonly counted: number;
  readonly failed: readonly number[];
  readonly seen: Readonly<Record<keyof Seen, number>>;
}

/** How many seeds are played for each that has to count, at most. */
const PATIENCE = 3;

/** Plays one seed after another until so many have counted. */
export async function campaign(
  store: StoreName,
  terms: { readonly from: number; readonly seeds: number; readonly jobs: number },
  told: (played: Played) => void,
): Promise<Summary> {
  let next = terms.from;
  let counted = 0;
  const played: Played[] = [];
  const lane = async (): Promise<void> => {
    const stage = await stageOf(store);
    try {
      while (counted < terms.seeds && next < terms.from + PATIENCE * terms.seeds) {
        const one = await conduct(stage, next++);
        played.push(one);
        if (one.counts) counted++;
        told(one);
      }
    } finally {
      await stage.stop();
    }
  };
  await Promise.all(Array.from({ length: terms.jobs }, lane));
  const seen: Record<string, number> = {};
  for (const one of played) {
    for (const [name, times] of Object.entries(one.seen)) seen[name] = (seen[name] ?? 0) + Number(times);
  }
  return {
    played: played.length,
    counted,
    failed: played.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed),
    // Each seed has all of them.
    seen: seen as Summary["seen"],
  };
}

/** In how many seeds a broken store is caught. */
export const WITHIN = 20;

/** The first seed that catches a broken store; `null` if none of {@link WITHIN} does. */
export async function caught(stage: Stage, broken: string, from: number): Promise<Played | null> {
  for (let seed = from; seed < from + WITHIN; seed++) {
    const played = await conduct(stage, seed, broken);
    if (played.violations.length > 0) return played;
  }
  return null;
}
