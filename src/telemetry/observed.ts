import { callable, isObject, wrongType } from "../internal/check.ts";
import { monotonicSeconds } from "../internal/timers.ts";
import { epochSeconds } from "../time.ts";
import { askedOf } from "./asked.ts";
import { type Ended, type Operation, operationOf } from "./operation.ts";

/** What {@link observed} calls. */
export interface StoreHooks {
  /**
   * Is told of each call of a method, once it has answered or thrown and before its caller hears of it. What it throws or
   * rejects with is ignored, and nothing waits for its promise.
   */
  readonly onOperation: (operation: Operation) => unknown;
}

/**
 * The same store, whose methods tell a hook what they did.
 *
 * Every method is told of, also those of a store of your own; one that the store leaves out is left out here too. Answers and
 * errors pass unchanged, a method that answers without a promise still does, and each method runs on the store itself. The
 * store that `within` returns is observed too.
 *
 * @param store - any store of this library, or your own `BudgetLedger` or `JobStore`.
 * @param hooks - your own function, or what {@link otel} has made.
 * @returns an object of the store's class, with the same members as `store` has now.
 * @throws TypeError if the store is no object or `onOperation` is no function.
 * @example
 * ```ts
 * const told: unknown[] = [];
 * const store = observed(memoryStore(), {
 *   onOperation: ({ name, outcome, holdId, amount }) => told.push([name, outcome, holdId, amount]),
 * });
 * const scopes = [{ scope: runScope("42"), cap: usd("1") }];
 * await store.hold({ holdId: "call-1", amount: usd("0.18"), scopes, ttlSeconds: 60 });
 * await store.settle("call-1", usd("0.05"));
 * told; // => [["hold", "held", "call-1", 18000000n], ["settle", "settled", "call-1", 5000000n]]
 * ```
 */
export function observed<Store extends object>(store: Store, hooks: StoreHooks): Store {
  if (!isObject(store)) throw wrongType("observed: store", "a store", store);
  if (!isObject(hooks)) throw wrongType("observed: hooks", "an object", hooks);
  const onOperation = callable("observed: hooks.onOperation", hooks.onOperation);
  const watch: Watch = { store, onOperation, methods: new Map() };
  const view = {};
  Reflect.setPrototypeOf(view, Reflect.getPrototypeOf(store));
  for (const key of membersOf(store)) {
    const get = (): unknown => memberOf(watch, key, Reflect.get(store, key));
    Object.defineProperty(view, key, { get, enumerable: true, configurable: true });
  }
  // It has every member of the store.
  return view as Store;
}

interface Watch extends StoreHooks {
  readonly store: object;
  /** By the store's own method, so that each is the same at every look. */
  readonly methods: Map<unknown, unknown>;
}

/** The names of a store's members, its classes' included. */
function membersOf(store: object): ReadonlySet<PropertyKey> {
  const members = new Set<PropertyKey>();
  let owner: object | null = store;
  while (owner !== null) {
    const next: object | null = Reflect.getPrototypeOf(owner);
    // Every realm's Object.prototype has the prototype null.
    if (owner === store || next !== null) for (const key of Reflect.ownKeys(owner)) members.add(key);
    owner = next;
  }
  members.delete("constructor");
  return members;
}

function memberOf(watch: Watch, key: PropertyKey, value: unknown): unknown {
  if (typeof value !== "function") return value;
  const known = watch.methods.get(value);
  if (known !== undefined) return known;
  const method = methodOf(watch, String(key), callable("observed: method", value));
  watch.methods.set(value, method);
  return method;
}

function methodOf(
  { store, onOperation }: Watch,
  name: string,
  method: (...args: readonly unknown[]) => unknown,
): unknown {
  return (...args: readonly unknown[]): unknown => {
    const startedAt = epochSeconds(Date.now() / 1000);
    const start = monotonicSeconds();
    let ended: Ended;
    try {
      ended = { answer: Reflect.apply(method, store, args) };
    } catch (error) {
      ended = { error };
    }
    // Read only after the store has: a getter may have another value each time, and the caller may reuse its objects.
    const asked = askedOf(name, args);
    const tell = (end: Ended): void => {
      const call = { name, startedAt, seconds: monotonicSeconds() - start, ...asked };
      quietly(() => onOperation(operationOf(call, end)));
    };
    if ("answer" in ended) {
      const { answer } = ended;
      if (isPromise(answer)) return settled(answer, tell);
      if (isStore(answer)) return observed(answer, { onOperation });
    }
    tell(ended);
    if ("error" in ended) throw ended.error;
    return ended.answer;
  };
}

async function settled(answering: PromiseLike<unknown>, tell: (ended: Ended) => void): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await answering;
  } catch (error) {
    tell({ error });
    throw error;
  }
  tell({ answer });
  return answer;
}

/** Calls a hook, and neither waits for it nor fails with it. */
function quietly(call: () => unknown): void {
  (async () => {
    await call();
  })().catch(() => undefined);
}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return hasMethod(answer, "then");
}

/** Whether an answer is itself a store, such as that of `within`. */
function isStore(answer: unknown): answer is object {
  return hasMethod(answer, "hold");
}

function hasMethod(answer: unknown, name: string): boolean {
  try {
    return isObject(answer) && typeof Reflect.get(answer, name) === "function";
  } catch {
    // A getter has thrown, which is nothing to the caller.
    return false;
  }
}
