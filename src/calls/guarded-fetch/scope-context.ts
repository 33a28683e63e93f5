import { scopeCaps } from "../../budget/hold-request.ts";
import type { Tags } from "../../budget/contract.ts";
import type { ScopeCap } from "../../budget/scopes.ts";

/** The scopes and tags of everything that a function does. */
export interface RunContext {
  readonly scopes: readonly ScopeCap[];
  readonly tags: Tags;
}

/** The part of Node's `AsyncLocalStorage` that is used here. */
interface Storage {
  readonly run: <Result>(context: RunContext, fn: () => Result) => Result;
  readonly getStore: () => RunContext | undefined;
}

interface AsyncHooks {
  readonly AsyncLocalStorage: new () => Storage;
}

/**
 * A storage that follows asynchronous calls, or `null` where the runtime has none. It is not imported, so that the
 * package loads in browsers and on Workers without `nodejs_compat`.
 */
export function contextStorage(): Storage | null {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (id: string) => Partial<AsyncHooks> | undefined };
  };
  const found = process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
  return found === undefined ? null : new found();
}

/** Scopes and caps, or none: a run may add some. */
export function someScopes(what: string, value: unknown): readonly ScopeCap[] {
  return Array.isArray(value) && value.length === 0 ? [] : scopeCaps(what, value);
}
