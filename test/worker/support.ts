import { type DispatchStore, type Executor } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { work, type WorkOptions, type WorkStore } from "dispatch-kit/worker";
import { afterEach, beforeEach, vi } from "vitest";
import { START } from "../stores/memory/support.ts";

export const NOBODY = { completed: 0, requeued: 0, failed: 0, waiting: 0, stale: 0 };

/** No jitter: every wait is as long as it is. */
export const steady = (): number => 0;

/** In every test of a file, time stands still until the test moves it; the store's clock is the same. */
export function fakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: START * 1000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Lets time pass, and all that becomes due meanwhile. */
export async function pass(seconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(seconds * 1000);
}

/** Seconds since the test began. */
export function elapsed(): number {
  return Date.now() / 1000 - START;
}

/** What a store is asked by name, and when. */
export type Asked = readonly [name: string, at: number];

/** A store some of whose methods are the test's, or missing, and what it is asked. */
export function storeWith(
  changed: { readonly [Name in keyof WorkStore]?: WorkStore[Name] | undefined } = {},
): {
  readonly store: DispatchStore;
  readonly asked: Asked[];
  readonly times: (name: string) => readonly number[];
} {
  const memory = memoryStore();
  const asked: Asked[] = [];
  const store = new Proxy(memory, {
    get: (_, name) => {
      const own: unknown = Object.hasOwn(changed, name)
        ? Reflect.get(changed, name)
        : Reflect.get(memory, name);
      if (typeof own !== "function") return own;
      return (...args: readonly unknown[]): unknown => {
        asked.push([String(name), elapsed()]);
        return Reflect.apply(own, memory, args);
      };
    },
  });
  const times = (name: string): readonly number[] =>
    asked.filter(([asked]) => asked === name).map(([, at]) => at);
  return { store, asked, times };
}

/** A worker on a lane, without jitter, and what stops it. */
export function working(
  store: WorkStore,
  executor: Executor,
  options: Partial<WorkOptions<unknown, unknown>> = {},
): { readonly summary: ReturnType<typeof work>; readonly stop: () => ReturnType<typeof work> } {
  const stop = new AbortController();
  const summary = work(store, executor, { lanes: ["text"], signal: stop.signal, random: steady, ...options });
  // Looked at by the test, which may come later than the failure.
  summary.catch(() => undefined);
  return {
    summary,
    stop: () => {
      stop.abort();
      return summary;
    },
  };
}

/** A promise that settles when the test says so. */
export interface Pending {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
}

export function pending(): Pending {
  let resolve: Pending["resolve"] = () => undefined;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
