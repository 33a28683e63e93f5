import type { ConformancePart, Feature, Method } from "./make-store.ts";
import type { Setup } from "./setup.ts";

/** A case without a store. */
export interface Definition {
  readonly part: ConformancePart;
  readonly name: string;
  readonly needs: readonly Method[];
  /** A store that lacks one of these skips the case. */
  readonly features: readonly Feature[];
  readonly run: (setup: Setup<Method>) => Promise<void>;
}

/** Makes a case; the types let it call only the methods that it needs. */
export function define<const Needs extends Method>(
  part: ConformancePart,
  needs: readonly Needs[],
  name: string,
  run: (setup: Setup<Needs>) => Promise<void>,
  ...features: readonly Feature[]
): Definition {
  return { part, needs, name, features, run };
}

/** Cases that all need these features too. */
export function featured(features: readonly Feature[], cases: readonly Definition[]): readonly Definition[] {
  return cases.map((one) => ({ ...one, features: [...features, ...one.features] }));
}
