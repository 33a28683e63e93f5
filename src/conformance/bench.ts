import type { Awaitable } from "../budget/ledger.ts";
import type { DispatchStore } from "../dispatch/store.ts";
import { type EpochSeconds, epochSeconds } from "../time.ts";
import { fail, Skip } from "./check.ts";
import type { MakeStore } from "./make-store.ts";
import { START } from "./given.ts";

/** A method that a case may need. */
export type Method = Exclude<keyof DispatchStore, "migrate">;

/** The methods that a case needs, whose answers may be promises. */
export type Handle<Needs extends Method> = {
  readonly [Name in Needs]: DispatchStore[Name] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Awaitable<Answer>
    : never;
};

/** A clock that stands still until a case moves it. */
export interface Clock {
  (): EpochSeconds;
  now: number;
}

/** What a case is given: a fresh store on a clock of its own, and ways to disturb it. */
export interface Bench<Needs extends Method> {
  readonly store: Handle<Needs>;
  /** A second handle on the same database; the same one if there is no other. */
  readonly peer: Handle<Needs>;
  readonly clock: Clock;
  /** Whether a connection can be cut. */
  readonly canCut: boolean;
  /** Makes a call on a connection that is cut, and gives what it threw. */
  cut(when: "before" | "after", call: (store: Handle<Needs>) => Awaitable<unknown>): Promise<unknown>;
  /** A call that commits, and whose answer never arrives. */
  lost(call: (store: Handle<Needs>) => Awaitable<unknown>): Promise<void>;
  /** Runs calls inside a transaction of the caller's, which is then rolled back. */
  rolledBack(use: (inside: Handle<Needs>) => Promise<void>): Promise<void>;
  /** Closes a job's hold behind the store's back. */
  closeHold(holdId: string): Promise<void>;
  /** Ends the case: the store cannot run it. */
  skip(reason: string): never;
}

function manualClock(): Clock {
  const clock: Clock = Object.assign(() => epochSeconds(clock.now), { now: START });
  return clock;
}

/** Makes a store, runs a case on it, and closes every handle that was made. */
export async function onBench<Store>(
  makeStore: MakeStore<Store>,
  needs: readonly Method[],
  payload: (value: unknown) => unknown,
  run: (bench: Bench<Method>) => Promise<void>,
): Promise<void> {
  const clock = manualClock();
  const handles: Store[] = [];
  const kept = (handle: Store): Store => {
    if (!handles.includes(handle)) handles.push(handle);
    return handle;
  };
  const store = kept(await makeStore({ clock, payload }));
  try {
    await run(await benchOf(makeStore, store, clock, needs, kept));
  } catch (error) {
    // The case's own error is the one to see.
    await closeAll(makeStore, handles).catch(() => undefined);
    throw error;
  }
  await closeAll(makeStore, handles);
}

async function benchOf<Store>(
  makeStore: MakeStore<Store>,
  store: Store,
  clock: Clock,
  needs: readonly Method[],
  kept: (handle: Store) => Store,
): Promise<Bench<Method>> {
  const asHandle = (handle: Store): Handle<Method> => withMethods(handle, needs);
  const own = asHandle(store);
  const peer = makeStore.peer ? asHandle(kept(await makeStore.peer(store))) : own;
  const bench: Bench<Method> = {
    store: own,
    peer,
    clock,
    canCut: makeStore.cut !== undefined,
    async cut(when, call) {
      if (!makeStore.cut) throw new Skip("makeStore.cut is not given");
      const handle = asHandle(kept(await makeStore.cut(store, when)));
      try {
        await call(handle);
      } catch (error) {
        return error;
      }
      throw new Error(
        `a call whose connection is cut ${when} its commit: expected it to throw; got an answer`,
      );
    },
    async lost(call) {
      if (makeStore.cut) await bench.cut("after", call);
      else await call(own);
    },
    async rolledBack(use) {
      if (!makeStore.rolledBack) throw new Skip("makeStore.rolledBack is not given");
      await makeStore.rolledBack(store, (inside) => use(asHandle(inside)));
    },
    async closeHold(holdId) {
      if (!makeStore.closeHold) throw new Skip("makeStore.closeHold is not given");
      await makeStore.closeHold(store, holdId);
    },
    skip(reason) {
      throw new Skip(reason);
    },
  };
  return bench;
}

function withMethods(store: unknown, needs: readonly Method[]): Handle<Method> {
  const has = (name: Method): boolean => {
    return typeof store === "object" && store !== null && typeof Reflect.get(store, name) === "function";
  };
  const missing = needs.filter((name) => !has(name));
  if (missing.length > 0) throw new Skip(`the store has no ${missing.join(", ")}`);
  // It has the methods that the case needs, and the case's type lets it call no other.
  return store as Handle<Method>;
}

/** The store itself last: it may own what the others use. */
async function closeAll<Store>(makeStore: MakeStore<Store>, handles: readonly Store[]): Promise<void> {
  for (const handle of [...handles].reverse()) await makeStore.close?.(handle);
}
