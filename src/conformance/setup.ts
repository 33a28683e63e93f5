import type { Awaitable } from "../internal/awaitable.ts";
import type { DispatchStore } from "../dispatch/contract.ts";
import { callable } from "../internal/check.ts";
import { Failure, fail, Skip } from "./check.ts";
import { type Feature, FEATURES, type MakeStore, type Method } from "./make-store.ts";
import { type Clock, manualClock } from "./clock.ts";

/** The methods that a case needs, and no other. */
export type Handle<Needs extends Method> = Pick<DispatchStore, Needs>;

/** The parser of payloads that the store was given. */
export interface Parser {
  /** Whether the store has called it. */
  used: boolean;
  /** A payload that it refuses. */
  refuses: string | null;
  /** The message of the error that it throws for it. */
  message: string;
}

/** What a case gets: a fresh store with its own clock, and ways to disturb it. */
export interface Setup<Needs extends Method> {
  readonly store: Handle<Needs>;
  /** A second handle on the same database; `store` itself if there is none. */
  readonly peer: Handle<Needs>;
  readonly clock: Clock;
  readonly parser: Parser;
  /** Whether a connection can be cut. */
  readonly canCut: boolean;
  /** Makes a call on a connection that is cut, and returns the error that it threw. */
  cut(when: "before" | "after", call: (store: Handle<Needs>) => Awaitable<unknown>): Promise<unknown>;
  /** Makes a call that commits but whose answer is lost. */
  lost(call: (store: Handle<Needs>) => Awaitable<unknown>): Promise<void>;
  /** Runs calls inside a caller's transaction, and then rolls it back. */
  rolledBack(use: (inside: Handle<Needs>) => Promise<void>): Promise<void>;
  /** Closes a job's hold directly in the database. */
  closeHold(holdId: string): Promise<void>;
  /** Ends the case as skipped. */
  skip(reason: string): never;
}

/** What a case needs of a store, and what the store lacks. */
interface Terms {
  readonly needs: readonly Method[];
  readonly features: readonly Feature[];
  readonly lacks: readonly Feature[];
}

/** Makes a store, runs a case on it, and closes all handles. */
export async function withSetup<Store>(
  makeStore: MakeStore<Store>,
  terms: Terms,
  run: (setup: Setup<Method>) => Promise<void>,
): Promise<void> {
  const clock = manualClock();
  const handles: Store[] = [];
  const kept = (handle: Store): Store => {
    if (!handles.includes(handle)) handles.push(handle);
    return handle;
  };
  const parser: Parser = { used: false, refuses: null, message: "the case refuses this payload" };
  const payload = (value: unknown): unknown => {
    parser.used = true;
    if (value === parser.refuses && value !== null) throw new TypeError(parser.message);
    return value;
  };
  const store = kept(await makeStore({ clock, payload }));
  try {
    await run(await setupOf(makeStore, store, { clock, parser }, terms, kept));
  } catch (error) {
    // An error of `close` must not hide the case's own error.
    await closeAll(makeStore, handles).catch(() => undefined);
    throw error;
  }
  await closeAll(makeStore, handles);
}

async function setupOf<Store>(
  makeStore: MakeStore<Store>,
  store: Store,
  given: Pick<Setup<Method>, "clock" | "parser">,
  terms: Terms,
  kept: (handle: Store) => Store,
): Promise<Setup<Method>> {
  const asHandle = (handle: Store): Handle<Method> => withMethods(handle, terms);
  const own = asHandle(store);
  const peer = makeStore.peer ? asHandle(kept(await makeStore.peer(store))) : own;
  const setup: Setup<Method> = {
    store: own,
    peer,
    ...given,
    canCut: makeStore.cut !== undefined,
    async cut(when, call) {
      if (!makeStore.cut) throw new Skip("makeStore.cut is not given");
      const handle = asHandle(kept(await makeStore.cut(store, when)));
      try {
        await call(handle);
      } catch (error) {
        return error;
      }
      return fail(`a call whose connection is cut ${when} its commit`, "it to throw", "an answer");
    },
    async lost(call) {
      if (makeStore.cut) await setup.cut("after", call);
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
  return setup;
}

/** The methods that a case needs; each returns a promise, even if the store's method does not. */
function withMethods(store: unknown, { needs, features, lacks }: Terms): Handle<Method> {
  const methodOf = (name: Method): unknown => {
    return typeof store === "object" && store !== null ? Reflect.get(store, name) : null;
  };
  const missing = needs.filter((name) => typeof methodOf(name) !== "function");
  const undeclared = features.filter((feature) => FEATURES[feature].some((name) => missing.includes(name)));
  if (undeclared.length > 0) throw new Failure(toImplement(missing, undeclared));
  if (missing.length > 0) throw new Skip(`the store has no ${missing.join(", ")}`);
  const methods = needs.map((name) => {
    const method = callable(name, methodOf(name)).bind(store);
    const call = async (...args: readonly unknown[]): Promise<unknown> => await method(...args);
    const endsNone = name === "recoverStale" && lacks.includes("deadlines");
    return [
      name,
      endsNone ? async (...args: readonly unknown[]) => withEnded(await call(...args)) : call,
    ] as const;
  });
  // It has exactly the methods in `needs`, and the types let the case call no other.
  return Object.fromEntries(methods) as unknown as Handle<Method>;
}

/** The answer of a recovery with its `ended`, which a store without deadlines may leave out. */
function withEnded(answer: unknown): unknown {
  const isWithout = typeof answer === "object" && answer !== null && !Object.hasOwn(answer, "ended");
  return isWithout ? { ...answer, ended: [] } : answer;
}

function toImplement(missing: readonly Method[], features: readonly Feature[]): string {
  const declared = features.map((feature) => `"${feature}"`).join(", ");
  return `${missing.join(", ")}: expected a method; got none: implement it, or declare makeStore.lacks: [${declared}]`;
}

/** The store itself is closed last, because the other handles may use what it owns. */
async function closeAll<Store>(makeStore: MakeStore<Store>, handles: readonly Store[]): Promise<void> {
  for (const handle of [...handles].reverse()) await makeStore.close?.(handle);
}
