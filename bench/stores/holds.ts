import { usd } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import type { Pool } from "pg";
import { share } from "./contestant.ts";
import { installStore } from "./contestants/ours.ts";
import { type Bench, poolOf } from "./server.ts";

/** The two contestants that hold money under one cap. */
export const HOLDERS = ["dispatch-kit", "bare single-row UPDATE"] as const;
export type Holder = (typeof HOLDERS)[number];

type Hold = (number: number) => Promise<void>;

const cap = usd("1000000");
const amount = usd("0.01");

/** This library: a hold with an id under a cap, which is safe to repeat. */
function ours(pool: Pool): Hold {
  const store = postgresStore(pool);
  return async (number) => {
    const request = {
      holdId: `call-${String(number)}`,
      amount,
      scopes: [{ scope: "hot", cap }],
      ttlSeconds: 600,
    };
    const { kind } = await store.hold(request);
    if (kind !== "held") throw new Error(`a hold was ${kind}`);
  };
}

/** The least work for a cap: a counter that grows if there is room, without any record of the holds. */
function bare(pool: Pool): Hold {
  return async () => {
    const { rowCount } = await pool.query(
      "UPDATE dispatch_kit.scopes SET reserved = reserved + $1::bigint WHERE scope = 'hot' AND reserved + spent + $1 <= $2",
      [String(amount), String(cap)],
    );
    if (rowCount !== 1) throw new Error("the cap had no room");
  };
}

/** Holds per second on one busy cap, each contestant in its own database. */
export function holdsPerSecond(
  bench: Bench,
  holder: Holder,
  callers: number,
  holds: number,
): Promise<number> {
  return bench.within(async (url) => {
    await installStore(url);
    const pool = poolOf(url, callers);
    await pool.query("INSERT INTO dispatch_kit.scopes (scope) VALUES ('hot')");
    const hold = holder === "dispatch-kit" ? ours(pool) : bare(pool);
    const start = performance.now();
    await share({ callers, batch: 1 }, 0, holds, hold);
    const seconds = (performance.now() - start) / 1000;
    await pool.end();
    return holds / seconds;
  });
}
