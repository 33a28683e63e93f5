import { type EpochSeconds, epochSeconds, usd } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { service } from "../../examples/calls/hono.ts";
import { withProvider } from "./support.ts";

const { at } = withProvider();
const pool = new pg.Pool({ connectionString: inject("databaseUrl"), max: 4 });
let now: EpochSeconds;
// A day that is over for the store takes no more calls: it and the service go by one clock.
const store = postgresStore(pool, { schema: `hono_${String(process.pid)}`, clock: () => now });

beforeAll(() => store.migrate());
afterAll(() => pool.end());

const noon = (day: string): EpochSeconds => epochSeconds(new Date(`${day}T12:00:00Z`));

/** Two services, as two processes would have them, on one database. */
async function ask(user: string | null, id?: string, which = 0): Promise<Response | undefined> {
  const options = {
    ledger: store,
    endpoint: at().endpoint(),
    now: () => now,
    userOf: (request: Request) => request.headers.get("x-user"),
  };
  const app = [service(options), service(options)][which];
  const headers = {
    ...(user !== null && { "x-user": user }),
    ...(id !== undefined && { "idempotency-key": id }),
  };
  return app?.request("/ask", { method: "POST", body: "Tell me a story.", headers });
}

/** How each was answered. */
async function statuses(asked: readonly ReturnType<typeof ask>[]): Promise<readonly (number | undefined)[]> {
  return (await Promise.all(asked)).map((answer) => answer?.status).sort();
}

describe("examples/calls/hono", () => {
  it("is answered, and each counts in the user's day and in everybody's month", async () => {
    now = noon("2026-10-01");
    const answer = await ask("ann", "1");
    expect(answer?.status).toBe(200);
    expect(await answer?.json()).toEqual({
      kind: "done",
      value: "Once upon a time",
      settlement: "actual",
      booked: "0.0000042",
      overrun: "0.00",
    });
    expect(await store.usage("user:ann:day:2026-10-01")).toMatchObject({
      reserved: 0n,
      spent: usd("0.0000042"),
    });
    expect(await store.usage("month:2026-10")).toMatchObject({ reserved: 0n, spent: usd("0.0000042") });
    expect((await ask(null))?.status).toBe(401);
  });

  it("the same request twice is one call", async () => {
    now = noon("2026-10-02");
    const seen = at().seen.length;
    expect(await statuses([ask("ann", "2", 0), ask("ann", "2", 1)])).toEqual([200, 409]);
    expect((await ask("ann", "2"))?.status).toBe(409);
    expect(at().seen.length).toBe(seen + 1);
  });

  it("a user's day is used up, another user's and the next day's are not, and then everybody's month is", async () => {
    now = noon("2026-11-01");
    // Each costs as much as is held for it: $0.00030495, so three fit into a day's $0.001, and eight into $0.0025.
    Object.assign(at().script, { input: 33, output: 500 });
    const seen = at().seen.length;
    const five = (user: string) => Array.from({ length: 5 }, (_, index) => ask(user, undefined, index % 2));
    expect(await statuses(five("ann"))).toEqual([200, 200, 200, 429, 429]);
    expect(await statuses(five("bob"))).toEqual([200, 200, 200, 429, 429]);
    now = noon("2026-11-02");
    expect(await statuses([...five("ann"), ...five("bob")])).toEqual([
      200,
      200,
      ...Array<number>(8).fill(429),
    ]);
    expect(at().seen.length).toBe(seen + 8);
    const answer = await ask("eve");
    expect(await answer?.json()).toEqual({
      kind: "refused",
      lacking: [{ scope: "month:2026-11", by: "0.00024455", until: 1_796_079_600 }],
    });
    expect(await store.usage("month:2026-11")).toMatchObject({ reserved: 0n, spent: usd("0.0024396") });
    now = noon("2026-12-01");
    expect((await ask("eve"))?.status).toBe(200);
  });
});
