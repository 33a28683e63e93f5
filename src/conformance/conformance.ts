import { callable, listOf, oneOf, optional, read } from "../internal/check.ts";
import { onBench } from "./bench.ts";
import { CASES } from "./cases.ts";
import { Failure, Skip } from "./check.ts";
import type { Definition } from "./define.ts";
import type { ConformancePart, ConformanceStores, MakeStore } from "./make-store.ts";

/** How a case ended that did not fail: `skipped` says what the store lacks for it. */
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

/** What a store must be for these parts: everything that each of them asks for. */
type StoreFor<Parts extends ConformancePart> = {
  [Part in Parts]: (store: ConformanceStores[Part]) => void;
}[Parts] extends (store: infer Store) => void
  ? Store
  : never;

/**
 * The contract of the ledger and of the job store as cases, for stores of your own.
 *
 * Each case makes a fresh store and needs nothing of a test runner. One that a store cannot run, for want of an
 * optional method or hook, is skipped: it prints the reason through `log` and resolves to it.
 *
 * @param makeStore - makes a fresh, empty store each time, whose time is the clock's; its optional hooks give
 *   the cases second connections, lost ones, and an end: {@link MakeStore}.
 * @param options - `parts`: which cases, all of them by default; a store of jobs alone takes `["jobs"]`, a
 *   ledger `["ledger"]`. `log`: where the reason of a skip goes, `console.warn` by default.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a part that there is not.
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
  const print =
    log ??
    ((line: unknown): void => {
      console.warn(line);
    });
  const chosen = CASES.filter((definition) => parts?.includes(definition.part) ?? true);
  return Object.freeze(
    chosen.map((definition) => {
      const { name, part } = definition;
      return Object.freeze({ name, part, run: () => runCase(makeStore, definition, print) });
    }),
  );
}

async function runCase<Store>(
  makeStore: MakeStore<Store>,
  { name, needs, run }: Definition,
  log: (line: string) => unknown,
): Promise<ConformanceOutcome> {
  try {
    await onBench(makeStore, needs, run);
    return Object.freeze({ kind: "passed" });
  } catch (error) {
    if (!(error instanceof Skip)) throw failure(name, error);
    log(`skipped: ${name}: ${error.message}`);
    return Object.freeze({ kind: "skipped", reason: error.message });
  }
}

/** What a store throws that should have answered is a failure of the case too. */
function failure(name: string, error: unknown): Error {
  if (error instanceof Failure) return error;
  const thrown = error instanceof Error ? `${error.name}: ${error.message}` : "what is no error";
  return new Error(`${name}: expected answers; got ${thrown}`, { cause: error });
}
