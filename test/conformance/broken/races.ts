import { BudgetState, DispatchError, type DispatchStore, type HoldOutcome, HoldState } from "dispatch-kit";
import { capped, micro, MOST } from "../../stores/memory/support.ts";
import { type Methods, turn } from "../makers.ts";
import { type Broken, methods, operations, spend, tables } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

/** Reads a counter, and writes what it makes of it later. */
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

/** Locks names in the order in which they come; one that waits for too long is a deadlock. */
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

/** Calls that are in flight together fail together. */
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
    "races: concurrent holds never pass the cap, and fill it, also the first ever in their scopes",
    "checks first, and counts in another transaction",
    methods((store) => ({
      async hold(request) {
        const usages = await Promise.all(request.scopes.map(({ scope }) => store.usage(scope)));
        await turn();
        const fits = request.scopes.every(({ cap }, index) => {
          return (usages[index]?.committed() ?? 0n) + request.amount <= cap;
        });
        const scopes = capped(MOST, ...request.scopes.map(({ scope }) => scope));
        return store.hold(fits ? { ...request, scopes } : request);
      },
    })),
  ],
  [
    "races: two new scopes, held in opposite orders, are both counted",
    "reads a counter, and writes what it makes of it later",
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
    "races: one id is held once, whoever asks and how often",
    "looks for the id, and inserts it later",
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
    "races: of a settle and a release one is first, and the truth is booked in the end",
    "answers released by the state that it read before",
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
    "races: of a settle and an expiry one is first, and the truth is booked in the end",
    "charges what was open when it looked",
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
    "races: of two settles at different amounts one is booked, and the other a conflict",
    "answers by the state that it read before",
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
    "answers held when the amount has grown since it looked",
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
    "races: calls in flight together are answered each for itself, beside one that is refused for its body",
    "fails every call of a group with the first that fails",
    methods((store) => {
      const together = allOrNone();
      return { hold: (request) => together(store.hold(request)) };
    }),
  ],
  [
    "history: every counter equals its holds, and no cap is passed, after any history of calls in flight together",
    "adds a correction to the charge that it should replace",
    operations((engine, base) => ({
      settle(holdId, actual) {
        const hold = base.hold(holdId);
        if (hold?.state === HoldState.CHARGED) spend(base, hold.scopes, hold.booked);
        return engine.settle(holdId, actual);
      },
    })),
  ],
  [
    "history: a prune moves no money, keeps what is not settled, and its ids still answer exists",
    "forgets the ids too, and admits them again",
    tables((base) => ({
      hold(holdId) {
        const hold = base.hold(holdId);
        return hold?.pruned ? null : hold;
      },
    })),
  ],
];
