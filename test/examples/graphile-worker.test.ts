import { randomUUID } from "node:crypto";
import { Logger, makeWorkerUtils, runOnce } from "graphile-worker";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  addPaid,
  chargeDeadJobs,
  type PaidTask,
  paidTask,
  removePaid,
} from "../../examples/graphile-worker/paid-task.ts";
import { AttemptFailed, holdIdOf, runAttempt } from "../../examples/queue-budget/attempt.ts";
import { cents, type Fixture, fixtureOn } from "./queue-support.ts";

let fixture: Fixture;
let paid: PaidTask;
const logger = new Logger(() => () => undefined);

beforeAll(async () => {
  fixture = await fixtureOn("graphile");
  paid = { store: fixture.store, task: "mail", budget: fixture.budget, schema: "graphile_worker" };
  const utils = await makeWorkerUtils({ pgPool: fixture.pool, logger });
  await utils.migrate();
  await utils.release();
});
afterAll(async () => {
  await fixture.drop();
});
afterEach(async () => {
  // What a test has spent is not what the next one is about.
  await fixture.pool.query(`TRUNCATE dispatch_kit.holds, dispatch_kit.scopes;
    DELETE FROM graphile_worker._private_jobs`);
});

const add = (id: string, maxAttempts?: number): ReturnType<typeof addPaid> =>
  fixture.within("COMMIT", (client) => addPaid(client, paid, id, { to: "you" }, maxAttempts));

const holdOf = async (id: string, attempt = 1): Promise<unknown> => {
  const hold = await fixture.store.getHold(holdIdOf(id, attempt));
  return hold && { state: hold.state, booked: hold.booked };
};

const settled = (count: number): unknown => ({ state: "settled", booked: cents(count) });

async function queued(): Promise<readonly unknown[]> {
  const jobs = "SELECT key, attempts FROM graphile_worker.jobs ORDER BY id";
  return (await fixture.pool.query<{ key: string; attempts: number }>(jobs)).rows;
}

/** Works on what is due now, until there is none. */
async function workOnce(call: Parameters<typeof paidTask>[1]): Promise<void> {
  await runOnce({ pgPool: fixture.pool, taskList: { mail: paidTask(paid, call) }, logger });
}

/** What Graphile Worker itself does later: every job is due now, once it has written down how its run has ended. */
async function dueNow(): Promise<void> {
  const running = "SELECT FROM graphile_worker._private_jobs WHERE locked_at IS NOT NULL";
  await expect.poll(async () => (await fixture.pool.query(running)).rowCount, { timeout: 10_000 }).toBe(0);
  await fixture.pool.query("UPDATE graphile_worker._private_jobs SET run_at = now() - interval '1 second'");
}

describe("addPaid (Graphile Worker)", () => {
  it("addPaid: a refused job is not in the queue", async () => {
    expect([await add("a"), await add("b")]).toMatchObject([{ kind: "held" }, { kind: "held" }]);
    expect(await add("c")).toMatchObject({ kind: "refused" });
    expect(await queued()).toEqual([
      { key: "a", attempts: 0 },
      { key: "b", attempts: 0 },
    ]);
    expect(await fixture.usage()).toEqual([20n, 0n]);
  });

  it("addPaid: a transaction that is rolled back leaves neither job nor hold", async () => {
    const told = await fixture.within("ROLLBACK", (client) => addPaid(client, paid, "a", {}));
    expect(told).toEqual({ kind: "held" });
    expect([await queued(), await holdOf("a")]).toEqual([[], null]);
    expect(await fixture.usage()).toEqual([0n, 0n]);
  });

  it("addPaid: added twice, it is one job and one hold", async () => {
    await add("a");
    expect(await add("a")).toEqual({ kind: "exists", state: "open" });
    expect([(await queued()).length, await fixture.usage()]).toEqual([1, [10n, 0n]]);
  });
});

describe("paidTask (Graphile Worker)", () => {
  it("paidTask: a completed job is settled at its true cost", async () => {
    await add("a");
    await workOnce(() => Promise.resolve({ value: null, cost: cents(3) }));
    expect([await queued(), await holdOf("a"), await fixture.usage()]).toEqual([[], settled(3), [0n, 3n]]);
  });

  it("paidTask: each attempt has its own hold, and a dead job leaves none open", async () => {
    const id = randomUUID();
    await add(id, 2);
    const failures = [new AttemptFailed("busy", cents(1)), new Error("lost in the middle")];
    const call = (): Promise<never> => Promise.reject(failures.shift() ?? new Error("a third attempt"));
    await workOnce(call);
    await dueNow();
    await workOnce(call);
    await dueNow();
    await workOnce(call);
    expect(await queued()).toEqual([{ key: id, attempts: 2 }]);
    // The first has told its cost; the second is charged in full.
    expect([await holdOf(id, 1), await holdOf(id, 2), await holdOf(id, 3)]).toEqual([
      settled(1),
      settled(10),
      null,
    ]);
    expect(await fixture.usage()).toEqual([0n, 11n]);
  });

  it("paidTask: a retry without room spends nothing", async () => {
    await add("a", 2);
    await add("b", 2);
    let calls = 0;
    const call = (): Promise<never> => {
      calls++;
      return Promise.reject(new Error("no"));
    };
    await workOnce(call);
    await dueNow();
    await workOnce(call);
    // Two charges of the full amount leave no room for a third.
    expect([calls, await holdOf("a", 2), await fixture.usage()]).toEqual([2, null, [0n, 20n]]);
  });

  it("chargeDeadJobs: a job whose last process was lost is charged in full, and only then", async () => {
    await add("a", 1);
    // A process that takes the job and dies: nobody ever reports.
    await fixture.pool.query(
      `UPDATE graphile_worker._private_jobs SET attempts = 1, locked_at = now(), locked_by = 'lost'`,
    );
    await chargeDeadJobs(fixture.pool, paid);
    expect(await holdOf("a")).toEqual({ state: "open", booked: 0n });
    await fixture.pool.query(
      "UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '4 hours 1 second'",
    );
    await chargeDeadJobs(fixture.pool, paid);
    await chargeDeadJobs(fixture.pool, paid);
    expect([await holdOf("a"), await fixture.usage()]).toEqual([settled(10), [0n, 10n]]);
  });

  it("expire: a process that dies before it settles is charged at the ttl, and a late truth corrects it", async () => {
    await add("a");
    fixture.ahead = 3600 + 60;
    expect((await fixture.store.expire()).charged).toMatchObject([{ amount: cents(10) }]);
    fixture.ahead = 0;
    await runAttempt(fixture.store, paid.budget, "a", 1, () =>
      Promise.resolve({ value: null, cost: cents(4) }),
    );
    expect([await holdOf("a"), await fixture.usage()]).toEqual([settled(4), [0n, 4n]]);
  });
});

describe("removePaid (Graphile Worker)", () => {
  const remove = (id: string): Promise<void> =>
    fixture.within("COMMIT", (client) => removePaid(client, paid, id));

  it("removePaid: the money of a job that never began comes back", async () => {
    await add("a");
    await remove("a");
    expect([await queued(), await holdOf("a")]).toEqual([[], { state: "released", booked: 0n }]);
    expect(await fixture.usage()).toEqual([0n, 0n]);
  });

  it("removePaid: one that runs keeps its hold until it tells", async () => {
    await add("a");
    await workOnce(async () => {
      await remove("a");
      expect(await fixture.usage()).toEqual([10n, 0n]);
      return { value: null, cost: cents(2) };
    });
    expect([await holdOf("a"), await fixture.usage()]).toEqual([settled(2), [0n, 2n]]);
  });

  it("removePaid: an unknown job is no error", async () => {
    await remove("nobody");
    expect(await fixture.usage()).toEqual([0n, 0n]);
  });
});
