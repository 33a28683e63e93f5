import { BudgetState, DispatchError, type DispatchStore, type HoldOutcome, HoldState } from "dispatch-kit";
import { capped, micro, MOST } from "../../stores/memory/support.ts";
import { type Methods, turn } from "../makers.ts";
import { type Broken, methods, operations, spend, tables } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

/** Reads a counter and writes the sum later, so that it loses updates. */
function losesUpdates(store: DispatchStore): Methods {
  const reserved = new Map<string, bigint>();
  return {
    async hold(request) {
      const answer = await store.hold(request);
      const read = request.scopes.map(({ scope }) => [scope, reserved.get(scope) ?? 0n] as const);
      await turn();
      if (answer.kind === "held") {
        for (const [scope, before] of read) reserved.set(scope, before + request.amount);
      }
      return answer;
    },
    async usage(scope) {
      const { spent } = await store.usage(scope);
      return new BudgetState({ reserved: micro(reserved.get(scope) ?? 0n), spent });
    },
  };
}

/** Locks names in the given order; a lock that waits too long counts as a deadlock. */
export function locksInOrder(): <Answer>(
  names: readonly string[],
  call: () => Promise<Answer>,
) => Promise<Answer> {
  const locked = new Set<string>();
  return async (names, call) => {
    const mine: string[] = [];
    try {
      for (const name of names) {
        for (let waited = 0; locked.has(name); waited++) {
          if (waited === 200) throw new DispatchError("store_failed", "deadlock detected");
          await turn();
        }
        locked.add(name);
        mine.push(name);
        await turn();
      }
      return await call();
    } finally {
      for (const name of mine) locked.delete(name);
    }
  };
}

/** If one of several concurrent calls fails, all fail. */
export function allOrNone(): <Answer>(call: Promise<Answer>) => Promise<Answer> {
  let together: Promise<unknown>[] = [];
  return async (call) => {
    together.push(call);
    await turn();
    await Promise.all(together).finally(() => {
      together = [];
    });
    return call;
  };
}

export const brokenRaces: readonly Broken[] = [
  [
    "races: concurrent holds fill the cap and never exceed it, also in new scopes",
    "checks in one transaction and reserves in another",
    methods((store) => ({
      async hold(request) {
        const usages = await Promise.all(request.scopes.map(({ scope }) => store.usage(scope)));
        await turn();
        const fits = request.scopes.every(({ cap }, index) => {
          return (usages[index]?.committed() ?? 0n) + request.amount <= (cap ?? 0n);
        });
        const scopes = capped(MOST, ...request.scopes.map(({ scope }) => scope));
        return store.hold(fits ? { ...request, scopes } : request);
      },
    })),
  ],
  [
    "races: two new scopes, held in opposite orders, are both counted",
    "reads a counter and writes the sum later",
    methods(losesUpdates),
  ],
  [
    "races: opposite orders of scopes never deadlock",
    "locks scopes in the order of the request",
    methods((store) => {
      const locking = locksInOrder();
      return {
        hold: (request) =>
          locking(
            request.scopes.map(({ scope }) => scope),
            () => store.hold(request),
          ),
      };
    }),
  ],
  [
    "races: concurrent requests with one id make one hold",
    "looks the id up and inserts it later",
    methods((store) => ({
      async hold(request) {
        const known = await store.getHold(request.holdId);
        await turn();
        const answer = await store.hold(request);
        return known ? answer : HELD;
      },
    })),
  ],
  [
    "races: a settlement against a release: in either order the actual cost is booked in the end",
    "answers by a state that it read earlier",
    methods((store) => ({
      async release(holdId) {
        const hold = await store.getHold(holdId);
        await turn();
        const answer = await store.release(holdId);
        return hold?.state === HoldState.OPEN ? { kind: "released" } : answer;
      },
    })),
  ],
  [
    "races: a settlement against an expiry: in either order the actual cost is booked in the end",
    "charges holds that were open when it read them",
    methods((store, clock) => {
      const ids = new Set<string>();
      return {
        hold(request) {
          ids.add(request.holdId);
          return store.hold(request);
        },
        async expire(options) {
          const holds = await Promise.all([...ids].map((id) => store.getHold(id)));
          await turn();
          await store.expire(options);
          const over = holds.filter((hold) => {
            return hold?.state === HoldState.OPEN && hold.expiresAt !== null && hold.expiresAt <= clock();
          });
          const charged = over.map((hold) => ({ holdId: hold?.holdId ?? "", amount: micro(10) }));
          return { charged, more: false };
        },
      };
    }),
  ],
  [
    "races: of two settlements with different amounts, one is booked and the other is a conflict",
    "answers by a state that it read earlier",
    methods((store) => ({
      async settle(holdId, actual) {
        const hold = await store.getHold(holdId);
        await turn();
        const answer = await store.settle(holdId, actual);
        if (hold?.state !== HoldState.OPEN) return answer;
        return { kind: "settled", booked: actual, overrun: micro(0), corrected: false };
      },
    })),
  ],
  [
    "races: a step of an extension is applied once",
    "answers held if the amount has grown since it was read",
    methods((store) => ({
      async extend(holdId, by, step) {
        const before = await store.getHold(holdId);
        await turn();
        const answer = await store.extend(holdId, by, step);
        const after = await store.getHold(holdId);
        return before?.amount === after?.amount ? answer : HELD;
      },
    })),
  ],
  [
    "races: concurrent calls get their own answers, although one of them is a conflict",
    "fails every call of a group if one fails",
    methods((store) => {
      const together = allOrNone();
      return { hold: (request) => together(store.hold(request)) };
    }),
  ],
  [
    "history: after each step of concurrent calls, every counter is the sum of its holds, and no cap is exceeded",
    "adds a correction to the charge instead of replacing it",
    operations((engine, base) => ({
      settle(holdId, actual) {
        const hold = base.hold(holdId);
        if (hold?.state === HoldState.CHARGED) spend(base, hold.scopes, hold.booked);
        return engine.settle(holdId, actual);
      },
    })),
  ],
  [
    "history: a prune changes no counter, keeps open holds, and pruned ids still answer exists",
    "deletes the ids too, and admits them again",
    tables((base) => ({
      hold(holdId) {
        const hold = base.hold(holdId);
        return hold?.pruned ? null : hold;
      },
    })),
  ],
];
