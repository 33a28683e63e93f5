import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import { attempts } from "./attempts.ts";
import { decisions } from "./decisions.ts";
import { ledger } from "./ledger.ts";
import { limits } from "./limits.ts";
import type { Raw } from "./raw.ts";
import { statements } from "./statements.ts";

/** Methods in place of the honest ones. */
export type Methods = Partial<DispatchStore>;

/** A plausible mistake in a store, on one of the databases or on both. */
export interface Breaking {
  readonly on?: "postgres" | "sqlite";
  /** What is wrong. */
  readonly wrong: string;
  readonly methods: (store: DispatchStore, raw: Raw) => Methods;
}

export const BROKEN: Readonly<Record<string, Breaking>> = {
  ...ledger,
  ...attempts,
  ...decisions,
  ...limits,
  ...statements,
};

/** A store with a mistake. */
export function breakStore(name: string, store: DispatchStore, raw: Raw): DispatchStore {
  const breaking = BROKEN[name];
  if (!breaking) throw new Error(`there is no broken store ${name}`);
  const methods = breaking.methods(store, raw);
  return new Proxy(store, {
    get: (_, method) => {
      const own: unknown = Reflect.get(methods, method);
      const honest: unknown = Reflect.get(store, method);
      return own ?? (typeof honest === "function" ? (honest.bind(store) as unknown) : honest);
    },
  });
}

/** What is broken on a database. */
export function brokenOn(dialect: "postgres" | "sqlite"): readonly string[] {
  return Object.keys(BROKEN).filter((name) => (BROKEN[name]?.on ?? dialect) === dialect);
}
