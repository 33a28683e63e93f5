import type { Bench, Method } from "./bench.ts";
import type { ConformancePart } from "./make-store.ts";

/** A case before it is given a store. */
export interface Definition {
  readonly part: ConformancePart;
  readonly name: string;
  readonly needs: readonly Method[];
  readonly run: (bench: Bench<Method>) => Promise<void>;
  readonly payload: (value: unknown) => unknown;
}

/**
 * A case of a part: the methods that it calls, its name, and what it does.
 *
 * @param payload - how the case's store reads its payloads; as they are, if it is left out.
 */
export function define<const Needs extends Method>(
  part: ConformancePart,
  needs: readonly Needs[],
  name: string,
  run: (bench: Bench<Needs>) => Promise<void>,
  payload: (value: unknown) => unknown = (value) => value,
): Definition {
  return { part, needs, name, run, payload };
}
