import type { Setup, Method } from "./setup.ts";
import type { ConformancePart } from "./make-store.ts";

/** A case without a store. */
export interface Definition {
  readonly part: ConformancePart;
  readonly name: string;
  readonly needs: readonly Method[];
  readonly run: (setup: Setup<Method>) => Promise<void>;
}

/** Makes a case; the types let it call only the methods that it needs. */
export function define<const Needs extends Method>(
  part: ConformancePart,
  needs: readonly Needs[],
  name: string,
  run: (setup: Setup<Needs>) => Promise<void>,
): Definition {
  return { part, needs, name, run };
}
