import type { Hold } from "../budget/contract.ts";
import { epochSeconds } from "../time.ts";
import type { Handle } from "./setup.ts";
import { check, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { asks, capped, counted, micro, upTo } from "./fixtures.ts";
import { START } from "./clock.ts";

const SCOPES = ["run:1", "run:2", "month:1"] as const;
const CAP = 60;

/** Pseudo-random numbers, the same in every run, so that a failure repeats. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // The linear congruential generator of Numerical Recipes; only its high bits are random enough.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type LedgerMethod = "hold" | "settle" | "release" | "expire";

/** Makes a random call about one of twelve holds. */
function operation(store: Handle<LedgerMethod>, next: (below: number) => number): Promise<unknown> {
  const number = next(12);
  const id = `h${number}`;
  const scopes = number % 3 === 0 ? SCOPES : SCOPES.slice(number % 2);
  // A hold that does not exist cannot be settled or released.
  const unlessUnknown = async (call: () => Promise<unknown>): Promise<unknown> => {
    const repeated = await store.hold(asks(id, 10 + number, capped(CAP, ...scopes), 20 + number));
    return repeated.kind === "refused" ? repeated : call();
  };
  switch (next(4)) {
    case 0:
      return unlessUnknown(() => store.settle(id, micro(number)));
    case 1:
      return unlessUnknown(() => store.release(id));
    case 2:
      return store.expire({ limit: 3 });
    default:
      return unlessUnknown(() => Promise.resolve(null));
  }
}

/** Expects that every counter is the sum of its holds and within its cap. */
async function balanced(store: Handle<"getHold" | "usage">, after: string): Promise<readonly Hold[]> {
  const found = await Promise.all(upTo(12).map((number) => store.getHold(`h${number}`)));
  const holds = found.filter((hold) => hold !== null);
  for (const scope of SCOPES) {
    const inScope = holds.filter(({ scopes }) => scopes.some((counter) => counter.scope === scope));
    const sum = (part: (hold: Hold) => bigint): bigint => {
      return inScope.reduce((total, hold) => total + part(hold), 0n);
    };
    const reserved = sum(({ state, amount }) => (state === "open" ? amount : 0n));
    const spent = sum(({ booked }) => booked);
    await counted(after, store, reserved, spent, scope);
    check(`${after}: ${scope} within its cap`, reserved + spent <= CAP, `at most ${CAP}`, reserved + spent);
  }
  return holds;
}

/** Long histories of calls; the counters are checked against the holds. */
export const historyCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "settle", "release", "expire", "usage", "getHold"],
    "history: after each step of concurrent calls, every counter is the sum of its holds, and no cap is exceeded",
    async ({ store, peer, clock }) => {
      const next = numbers(20_261_123);
      for (const step of upTo(40)) {
        clock.now += next(6);
        const calls = upTo(3).map((index) => operation(index === 1 ? peer : store, next));
        await Promise.all(calls);
        await balanced(store, `after step ${step}`);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "expire", "usage", "getHold", "prune"],
    "history: a prune changes no counter, keeps open holds, and pruned ids still answer exists",
    async ({ store, clock }) => {
      const next = numbers(7);
      for (const step of upTo(30)) {
        clock.now = START + step;
        await operation(store, next);
      }
      await store.hold(asks("h11", 1, capped(CAP, "run:3")));
      const holds = await balanced(store, "before the prune");
      const usages = async (): Promise<readonly unknown[]> => {
        const all = await Promise.all(SCOPES.map((scope) => store.usage(scope)));
        return all.map(({ reserved, spent }) => ({ reserved, spent }));
      };
      const before = await usages();
      const closed = holds.filter(({ state }) => state !== "open");
      check("how many holds are closed", closed.length > 0, "some", closed.length);
      const pruned = await store.prune({ before: epochSeconds(START + 3600) });
      same("how many are pruned", pruned.holds, closed.length);
      same("the usage after it", await usages(), before);
      for (const { holdId, amount, scopes, state } of holds) {
        const repeat = await store.hold(
          asks(
            holdId,
            amount,
            scopes.map(({ scope, cap }) => ({ scope, cap })),
          ),
        );
        same(`a repeat of ${holdId}`, repeat, { kind: "exists", state });
      }
      same("the usage after the repeats", await usages(), before);
    },
  ),
];
