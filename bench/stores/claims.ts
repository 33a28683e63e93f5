import { epochSeconds, type JobRequest } from "dispatch-kit";
import { postgresStore, type PostgresStore } from "dispatch-kit/postgres";
import type { Pool } from "pg";
import { range, share } from "./contestant.ts";
import { installStore, LANE, paidJob } from "./contestants/ours.ts";
import { median, shuffled, type Spread, spreadOf } from "./numbers.ts";
import { type Bench, poolOf } from "./server.ts";

/** The contents of the tables while a claim is measured. */
export const SHAPES = [
  "waiting",
  "behind finished, vacuumed",
  "behind delayed",
  "claimed without vacuum",
] as const;
export type Shape = (typeof SHAPES)[number];
export const LANES = [1, 4, 16] as const;

/** The time of a claim, by the shape and size of the tables and the number of lanes. */
export interface ClaimTime {
  readonly shape: Shape;
  readonly rows: number;
  readonly lanes: number;
  readonly micros: Spread;
}

const LANE_NAMES = range(0, 16).map((lane) => `${LANE}-${String(lane)}`);
const FAR = epochSeconds(new Date("2099-01-01T00:00:00Z"));
const BATCH = 500;
const CLAIMS = 40;

/** Claims with growing tables of one shape, in one database. */
export function claimTimes(
  bench: Bench,
  shape: Shape,
  sizes: readonly number[],
  repetitions: number,
): Promise<readonly ClaimTime[]> {
  return bench.within(async (url) => {
    await installStore(url);
    const pool = poolOf(url, 4);
    const store = postgresStore(pool);
    if (shape === "claimed without vacuum") await stopVacuum(pool);
    const filler = new Filler(store);
    const times: ClaimTime[] = [];
    let filled = 0;
    for (const rows of sizes) {
      await filler.fill(shape, rows - filled);
      filled = rows;
      // As in real use after many finished jobs: autovacuum runs once a minute.
      if (shape === "behind finished, vacuumed") await pool.query("VACUUM");
      // Jobs to claim, spread over the lanes, so that no measurement runs out of jobs.
      if (shape !== "waiting") await filler.due(2 * repetitions * CLAIMS * LANES.length);
      times.push(...(await timed(store, shape, rows, repetitions)));
    }
    await pool.end();
    return times;
  });
}

/** Switches autovacuum off, because this shape measures a claim without it. */
async function stopVacuum(pool: Pool): Promise<void> {
  for (const table of ["jobs", "holds", "ready", "leases", "scopes"]) {
    await pool.query(`ALTER TABLE dispatch_kit.${table} SET (autovacuum_enabled = off)`);
  }
}

async function timed(
  store: PostgresStore,
  shape: Shape,
  rows: number,
  repetitions: number,
): Promise<readonly ClaimTime[]> {
  const medians = new Map<number, number[]>(LANES.map((lanes) => [lanes, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const lanes of shuffled(LANES)) {
      const micros: number[] = [];
      for (let claim = 0; claim < CLAIMS; claim++) {
        // Other lanes each time, so that none runs out of jobs.
        const names = range(0, lanes).map((lane) => `${LANE}-${String((claim * lanes + lane) % 16)}`);
        const start = performance.now();
        const claimed = await store.claim(names);
        micros.push((performance.now() - start) * 1000);
        if (claimed === null) throw new Error(`${shape}: there is nothing to claim`);
      }
      medians.get(lanes)?.push(median(micros));
    }
  }
  return LANES.map((lanes) => ({ shape, rows, lanes, micros: spreadOf(medians.get(lanes) ?? []) }));
}

/** Fills a store up to a size, with its public methods and in batches. */
class Filler {
  readonly #store: PostgresStore;
  #next = 0;

  constructor(store: PostgresStore) {
    this.#store = store;
  }

  async fill(shape: Shape, rows: number): Promise<void> {
    if (shape === "behind delayed") {
      // Half of them have a higher priority than the due jobs.
      await this.#submit(rows, (number) => ({ runAt: FAR, priority: number % 2 }));
      return;
    }
    await this.due(rows);
    if (shape === "behind finished, vacuumed") await this.#take(rows, true);
    if (shape === "claimed without vacuum") await this.#take(rows, false);
  }

  due(rows: number): Promise<void> {
    return this.#submit(rows, () => ({}));
  }

  async #submit(rows: number, more: (number: number) => Partial<JobRequest<unknown>>): Promise<void> {
    const from = this.#next;
    this.#next += rows;
    await share({ callers: 3, batch: BATCH }, from, from + rows, (start, end) =>
      this.#store.submitMany(
        range(start, end).map((number) =>
          paidJob(number, { lane: `${LANE}-${String(number % 16)}`, ...more(number) }),
        ),
      ),
    );
  }

  async #take(rows: number, completes: boolean): Promise<void> {
    await share({ callers: 3, batch: BATCH }, 0, rows, async (start, end) => {
      const claimed = await this.#store.claimMany(LANE_NAMES, end - start);
      if (completes) await this.#store.completeMany(claimed.map(({ lease }) => ({ lease, result: null })));
    });
  }
}
