import { randomUUID } from "node:crypto";
import { PgBoss } from "pg-boss";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { cancelPaid, type PaidQueue, sendPaid, workPaid } from "../../examples/pg-boss/paid-queue.ts";
import { AttemptFailed, holdIdOf, runAttempt } from "../../examples/queue-budget/attempt.ts";
import { cents, type Fixture, fixtureOn } from "./queue-support.ts";

let fixture: Fixture;
let paid: PaidQueue;

beforeAll(async () => {
  fixture = await fixtureOn("pgboss");
  const boss = new PgBoss({
    connectionString: fixture.url,
    schedule: false,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
  });
  boss.on("error", () => undefined);
  await boss.start();
  paid = { boss, store: fixture.store, queue: "mail", deadLetter: "dead-mail", budget: fixture.budget };
  await boss.createQueue("dead-mail");
});
afterAll(async () => {
  await paid.boss.stop({ graceful: false });
  await fixture.drop();
});
beforeEach(async () => {
  await paid.boss.createQueue("mail", { retryLimit: 1, retryDelay: 0, expireInSeconds: 1 });
});
afterEach(async () => {
  await paid.boss.offWork("mail");
  await paid.boss.offWork("dead-mail");
  await paid.boss.deleteQueue("mail");
  // What a test has spent is not what the next one is about.
  await fixture.pool.query("TRUNCATE dispatch_kit.holds, dispatch_kit.scopes");
});

const send = (id: string): ReturnType<typeof sendPaid> =>
  fixture.within("COMMIT", (client) => sendPaid(client, paid, id, { to: "you" }));

const holdOf = async (id: string, attempt = 1): Promise<unknown> => {
  const hold = await fixture.store.getHold(holdIdOf(id, attempt));
  return hold && { state: hold.state, booked: hold.booked };
};

const stateOf = async (id: string): Promise<string | undefined> =>
  (await paid.boss.findJobs("mail", { id }))[0]?.state;

const settled = (count: number): unknown => ({ state: "settled", booked: cents(count) });

describe("sendPaid (pg-boss)", () => {
  it("sendPaid: a refused job is not in the queue", async () => {
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    expect([await send(first), await send(second)]).toMatchObject([{ kind: "held" }, { kind: "held" }]);
    expect(await send(third)).toMatchObject({ kind: "refused" });
    expect([await stateOf(first), await stateOf(third)]).toEqual(["created", undefined]);
    expect(await fixture.usage()).toEqual([20n, 0n]);
  });

  it("sendPaid: a transaction that is rolled back leaves neither job nor hold", async () => {
    const id = randomUUID();
    const told = await fixture.within("ROLLBACK", (client) => sendPaid(client, paid, id, {}));
    expect(told).toEqual({ kind: "held" });
    expect([await stateOf(id), await holdOf(id)]).toEqual([undefined, null]);
    expect(await fixture.usage()).toEqual([0n, 0n]);
  });

  it("sendPaid: sent twice, it is one job and one hold", async () => {
    const id = randomUUID();
    await send(id);
    expect(await send(id)).toEqual({ kind: "exists", state: "open" });
    expect((await paid.boss.findJobs("mail")).length).toBe(1);
    expect(await fixture.usage()).toEqual([10n, 0n]);
  });
});

describe("workPaid (pg-boss)", () => {
  it("workPaid: a completed job is settled at its true cost", async () => {
    const id = randomUUID();
    await send(id);
    await workPaid(paid, () => Promise.resolve({ value: {}, cost: cents(3) }));
    await vi.waitFor(async () => {
      expect(await stateOf(id)).toBe("completed");
    }, 10_000);
    expect(await holdOf(id)).toEqual(settled(3));
    expect(await fixture.usage()).toEqual([0n, 3n]);
  });

  it("workPaid: each attempt has its own hold, and a dead job leaves none open", async () => {
    const id = randomUUID();
    await send(id);
    const failures = [new AttemptFailed("busy", cents(1)), new Error("lost in the middle")];
    await workPaid(paid, () => Promise.reject(failures.shift() ?? new Error("a third attempt")));
    await vi.waitFor(async () => {
      expect(await stateOf(id)).toBe("failed");
    }, 10_000);
    // The first has told its cost; the second is charged in full.
    expect([await holdOf(id, 1), await holdOf(id, 2)]).toEqual([settled(1), settled(10)]);
    expect(await fixture.usage()).toEqual([0n, 11n]);
  });

  it("workPaid: a retry without room spends nothing", async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    await send(id);
    await send(other);
    await paid.boss.cancel("mail", other);
    let calls = 0;
    await workPaid(paid, () => {
      calls++;
      return Promise.reject(new Error("no"));
    });
    await vi.waitFor(async () => {
      expect(await stateOf(id)).toBe("failed");
    }, 10_000);
    // The other job's hold, and the first attempt's charge, leave no room for a second.
    expect([calls, await holdOf(id, 2)]).toEqual([1, null]);
  });

  it("workPaid: a job whose process was lost is dead in the end, and its hold charged in full", async () => {
    const id = randomUUID();
    await fixture.within("COMMIT", (client) => sendPaid(client, paid, id, {}, { retryLimit: 0 }));
    // A process that takes the job and dies: nobody ever reports.
    expect((await paid.boss.fetch("mail"))[0]?.id).toBe(id);
    await workPaid(paid, () => Promise.reject(new Error("nobody should run it again")));
    await vi.waitFor(
      async () => {
        expect(await holdOf(id)).toEqual(settled(10));
      },
      { timeout: 15_000, interval: 250 },
    );
    expect([await stateOf(id), await fixture.usage()]).toEqual(["failed", [0n, 10n]]);
  });

  it("runAttempt: a process that dies before it settles is charged at the ttl, and a late truth corrects it", async () => {
    const id = randomUUID();
    await send(id);
    let finish: (done: { value: null; cost: ReturnType<typeof cents> }) => void = () => undefined;
    const running = runAttempt(fixture.store, paid.budget, id, 1, () => {
      return new Promise<{ value: null; cost: ReturnType<typeof cents> }>((resolve) => {
        finish = resolve;
      });
    });
    await vi.waitFor(() => {
      expect(finish.length).toBe(1);
    });
    fixture.ahead = 3600 + 60;
    expect((await fixture.store.expire()).charged).toMatchObject([
      { holdId: holdIdOf(id, 1), amount: cents(10) },
    ]);
    fixture.ahead = 0;
    expect(await fixture.usage()).toEqual([0n, 10n]);
    finish({ value: null, cost: cents(4) });
    await running;
    expect([await holdOf(id), await fixture.usage()]).toEqual([settled(4), [0n, 4n]]);
  });
});

describe("cancelPaid (pg-boss)", () => {
  const cancel = (id: string): Promise<void> =>
    fixture.within("COMMIT", (client) => cancelPaid(client, paid, id));

  it("cancelPaid: the money of a job that never began comes back", async () => {
    const id = randomUUID();
    await send(id);
    await cancel(id);
    expect(await stateOf(id)).toBe("cancelled");
    expect(await holdOf(id)).toEqual({ state: "released", booked: 0n });
    expect(await fixture.usage()).toEqual([0n, 0n]);
  });

  it("cancelPaid: one that runs keeps its hold until it tells", async () => {
    const id = randomUUID();
    await send(id);
    await paid.boss.fetch("mail");
    await cancel(id);
    expect([await stateOf(id), await fixture.usage()]).toEqual(["cancelled", [10n, 0n]]);
    await runAttempt(fixture.store, paid.budget, id, 1, () =>
      Promise.resolve({ value: null, cost: cents(2) }),
    );
    expect(await fixture.usage()).toEqual([0n, 2n]);
  });
});
