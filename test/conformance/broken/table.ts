import type { Defect, Methods } from "../makers.ts";
import type { DispatchStore } from "dispatch-kit";

/** A case, a store that breaks its rule and how. */
export type Broken = readonly [name: string, how: string, defect: Defect];

/** A store some of whose methods are wrong. */
export function methods(change: (store: DispatchStore, clock: () => number) => Methods): Defect {
  return { methods: change };
}
