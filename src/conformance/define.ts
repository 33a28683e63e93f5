import type { Bench, Method } from "./bench.ts";
import type { ConformancePart } from "./make-store.ts";

/** A case before it is given a store. */
export interface Definition {
  readonly part: ConformancePart;
  readonly name: string;
  readonly needs: readonly Method[];
  readonly run: (bench: Bench<Method>) => Promise<void>;
}

/** A case of a part: the methods that it calls, its name, and what it does. */
export function define<const Needs extends Method>(
  part: ConformancePart,
  needs: readonly Needs[],
  name: string,
  run: (bench: Bench<Needs>) => Promise<void>,
): Definition {
  return { part, needs, name, run };
}
