import { type DispatchStore, isDispatchError, DispatchError } from "dispatch-kit";
import type { MakeStore } from "dispatch-kit/conformance";
import { engine } from "../../src/stores/engine/engine.ts";
import type { Tables } from "../../src/stores/engine/tables.ts";
import { MemoryTables } from "../../src/stores/memory/tables.ts";
import type { Operations } from "../../src/stores/operations.ts";
import { Store } from "../../src/stores/door.ts";
import { OverlaidTables } from "./overlay.ts";

export type Methods = Partial<DispatchStore>;
type Parsers = ConstructorParameters<typeof Store<unknown, unknown>>[1];

/** What is wrong with a store. */
export interface Defect {
  /** Methods in place of the honest ones, which they are given. */
  readonly methods?: (store: DispatchStore, clock: () => number) => Methods;
  /** The same below the door: what the engine of the store keeps its records with. */
  readonly tables?: (tables: Tables) => Partial<Tables>;
  /** The same between the two. */
  readonly operations?: (engine: Operations, tables: Tables) => Partial<Operations>;
  /** What a cut connection throws. */
  readonly cutError?: () => Error | null;
  /** Calls inside a transaction that is rolled back stay, or take those beside them along. */
  readonly rollsBack?: "nothing" | "everything";
}

/** An object whose methods are another's, but for some. */
export function but<Target extends object>(target: Target, changed: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_, name) => {
      const own: unknown = Reflect.get(changed, name);
      if (own !== undefined) return own;
      const method: unknown = Reflect.get(target, name);
      return typeof method === "function" ? (method.bind(target) as unknown) : method;
    },
  });
}

/** A store that is alone on its tables, and what a test does to it behind its back. */
interface Made {
  readonly engine: Operations;
  readonly inside: () => DispatchStore;
  readonly joined: { current: Tables | null };
}

/** Makes stores on the engine of the memory store with a defect, and with every hook. */
export function makerOf(defect: Defect = {}): MakeStore<DispatchStore> {
  const made = new Map<DispatchStore, Made>();
  const make: MakeStore<DispatchStore> = ({ clock, payload }) => {
    const parsers: Parsers = { payload, result: (value) => value };
    const memory = new MemoryTables(clock);
    const joined: Made["joined"] = { current: null };
    const operationsOn = (tables: Tables): Operations => {
      const changed = defect.tables ? but(tables, defect.tables(tables)) : tables;
      const honest = engine(changed);
      return defect.operations ? but(honest, defect.operations(honest, changed)) : honest;
    };
    const storeOn = (tables: () => Tables): DispatchStore => {
      const door = new Store(
        async (run) => run(operationsOn(tables())),
        parsers,
        () => undefined,
      );
      return defect.methods ? but<DispatchStore>(door, defect.methods(door, clock)) : door;
    };
    const store = storeOn(() => joined.current ?? memory);
    const inside = (): DispatchStore => {
      const overlay = new OverlaidTables(memory);
      if (defect.rollsBack === "everything") joined.current = overlay;
      return storeOn(() => (defect.rollsBack === "nothing" ? memory : overlay));
    };
    made.set(store, { engine: engine(memory), inside, joined });
    return store;
  };
  return Object.assign(make, {
    peer: (store: DispatchStore) => store,
    cut: (store: DispatchStore, when: "before" | "after") => cutOff(store, when, defect.cutError),
    async rolledBack(store: DispatchStore, use: (inside: DispatchStore) => Promise<void>) {
      const of = made.get(store);
      if (!of) throw new Error("a store of another maker");
      await use(of.inside());
      of.joined.current = null;
    },
    async closeHold(store: DispatchStore, holdId: string) {
      await made.get(store)?.engine.release(holdId);
    },
  });
}

/** A handle each of whose calls loses its connection. */
export function cutOff(
  store: DispatchStore,
  when: "before" | "after",
  error: () => Error | null = () => new DispatchError("outcome_unknown", `cut ${when} the commit`),
): DispatchStore {
  return new Proxy(store, {
    get: (_, name) => {
      const method: unknown = Reflect.get(store, name);
      if (typeof method !== "function") return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const answer: unknown = when === "after" ? await Reflect.apply(method, store, args) : null;
        const thrown = error();
        if (thrown !== null) throw thrown;
        return answer;
      };
    },
  });
}

/** Lets every other call that is on its way go first. */
export async function turn(): Promise<void> {
  for (let times = 0; times < 8; times++) await Promise.resolve();
}

/** What a call answers, or something else if it throws a code of this library. */
export async function orElse<Answer>(call: Promise<Answer>, other: Answer): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (isDispatchError(error)) return other;
    throw error;
  }
}
