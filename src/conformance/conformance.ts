import { callable, listOf, oneOf, optional, read } from "../internal/check.ts";
import { withSetup } from "./setup.ts";
import { CASES } from "./cases.ts";
import { Failure, Skip } from "./check.ts";
import type { Definition } from "./define.ts";
import {
  type ConformancePart,
  type ConformanceStores,
  type Feature,
  FEATURES,
  type MakeStore,
} from "./make-store.ts";

/** How a case ended without a failure; the `reason` says what the store lacks. */
export type ConformanceOutcome =
  { readonly kind: "passed" } | { readonly kind: "skipped"; readonly reason: string };

/** One rule of the contract, for any test runner. */
export interface ConformanceCase {
  /** Unique, as "subject: behaviour". */
  readonly name: string;
  readonly part: ConformancePart;
  /** Makes a store and runs the case on it. Throws an `Error` that says what was expected and what it got. */
  readonly run: () => Promise<ConformanceOutcome>;
}

/** A store that has everything that each of these parts needs. */
type StoreFor<Parts extends ConformancePart> = {
  [Part in Parts]: (store: ConformanceStores[Part]) => void;
}[Parts] extends (store: infer Store) => void
  ? Store
  : never;

/**
 * Returns the contract of the ledger and of the job store as test cases, for stores of your own.
 *
 * Each case makes a fresh store and works with any test runner. A case is skipped if the store lacks an optional method or
 * hook that the case needs, or a feature that `makeStore.lacks` names: it prints the reason through `log` and resolves to
 * it.
 *
 * @param makeStore - makes a fresh, empty store that uses the given clock. Optional hooks make second connections, lost
 *   connections and more, and its `lacks` says what the store leaves out: {@link MakeStore}.
 * @param options - `parts`: which cases; all by default, `["jobs"]` for a store without money, `["ledger"]` for a ledger.
 *   `log`: gets a line for each skipped case; `console.warn` by default.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for an unknown part or feature.
 * @example
 * ```ts
 * const cases = conformance(({ clock, payload }) => memoryStore({ clock, payload }), { parts: ["ledger"] });
 * // With a test runner: for (const { name, run } of cases) test(name, run);
 * for (const { run } of cases) await run();
 * ```
 */
export function conformance<
  Part extends ConformancePart = ConformancePart,
  Store extends StoreFor<Part> = StoreFor<Part>,
>(
  makeStore: MakeStore<Store>,
  options: {
    readonly parts?: readonly Part[] | undefined;
    readonly log?: ((line: string) => unknown) | undefined;
  } = {},
): readonly ConformanceCase[] {
  callable("conformance: makeStore", makeStore);
  const part = oneOf<ConformancePart>({ jobs: "jobs", ledger: "ledger", both: "both" });
  const readers = { parts: optional(listOf(part), null), log: optional(callable, null) };
  const { parts, log } = read("conformance", options, readers);
  const lacks = featuresOf(makeStore.lacks);
  const print =
    log ??
    ((line: unknown): void => {
      console.warn(line);
    });
  const chosen = CASES.filter((definition) => parts?.includes(definition.part) ?? true);
  return Object.freeze(
    chosen.map((definition) => {
      const { name, part } = definition;
      return Object.freeze({ name, part, run: () => runCase(makeStore, lacks, definition, print) });
    }),
  );
}

/** Reads what a store leaves out. */
function featuresOf(lacks: unknown): readonly Feature[] {
  const names = Object.keys(FEATURES).map((name) => [name, name] as const);
  // Its keys are the features.
  const feature = oneOf<Feature>(Object.fromEntries(names) as Record<Feature, Feature>);
  return optional(listOf(feature), [])("conformance: makeStore.lacks", lacks);
}

async function runCase<Store>(
  makeStore: MakeStore<Store>,
  lacks: readonly Feature[],
  { name, needs, features, run }: Definition,
  log: (line: string) => unknown,
): Promise<ConformanceOutcome> {
  try {
    const lacking = features.filter((feature) => lacks.includes(feature));
    if (lacking.length > 0) throw new Skip(`the store lacks ${lacking.join(", ")}`);
    await withSetup(makeStore, { needs, features, lacks }, run);
    return Object.freeze({ kind: "passed" });
  } catch (error) {
    if (!(error instanceof Skip)) throw failure(name, error);
    log(`skipped: ${name}: ${error.message}`);
    return Object.freeze({ kind: "skipped", reason: error.message });
  }
}

/** An unexpected error of the store is a failure of the case too. */
function failure(name: string, error: unknown): Error {
  if (error instanceof Failure) return error;
  const thrown = error instanceof Error ? `${error.name}: ${error.message}` : "what is no error";
  return new Error(`${name}: expected answers; got ${thrown}`, { cause: error });
}
