import { type DispatchEvent, type DispatchStore, type ExecutionContext, type Executor } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { work, type WorkOptions, type WorkStore } from "dispatch-kit/worker";
import { afterEach, beforeEach, vi } from "vitest";
import { START } from "../stores/memory/support.ts";

export const NOBODY = { completed: 0, requeued: 0, failed: 0, waiting: 0, given_back: 0, stale: 0 };

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

/** An `onEvent` that keeps the events, and those of one kind. */
export function hearing(): {
  readonly onEvent: (event: DispatchEvent) => void;
  readonly kinds: () => readonly string[];
  readonly heard: <Kind extends DispatchEvent["kind"]>(
    kind: Kind,
  ) => readonly Extract<DispatchEvent, { kind: Kind }>[];
} {
  const events: DispatchEvent[] = [];
  return {
    onEvent: (event) => {
      events.push(event);
    },
    kinds: () => events.map(({ kind }) => kind),
    heard: <Kind extends DispatchEvent["kind"]>(kind: Kind) =>
      events.filter((event): event is Extract<DispatchEvent, { kind: Kind }> => event.kind === kind),
  };
}

/** An `onEvent` that collects the errors of failed calls. */
export function failedCalls(told: unknown[]): (event: DispatchEvent) => void {
  return (event) => {
    if (event.kind === "store_failed") told.push(event.error);
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

/** The reason for which a job's signal aborted, and when. */
export function watching(): {
  readonly aborted: (readonly [reason: unknown, at: number])[];
  readonly executor: (payload: unknown, context: ExecutionContext) => Promise<unknown>;
  readonly end: Pending;
} {
  const aborted: (readonly [unknown, number])[] = [];
  const end = pending();
  return {
    aborted,
    end,
    executor: (_, { signal }) => {
      signal.addEventListener("abort", () => aborted.push([signal.reason, elapsed()]));
      return end.promise;
    },
  };
}
