import { type BudgetLedger, DispatchError, epochSeconds, type MicroCents, usd } from "dispatch-kit";
import type { CallLedger } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

export const scopes = [{ scope: "run:1", cap: usd("1") }];
export const request = { holdId: "call-1", amount: usd("0.18"), scopes, ttlSeconds: 60 };
export const actual = usd("0.05");

export async function committed(ledger: BudgetLedger): Promise<{ reserved: MicroCents; spent: MicroCents }> {
  const { reserved, spent } = await ledger.usage("run:1");
  return { reserved, spent };
}

/** The error that something rejects with. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it did not throw");
    },
    (error: unknown) => error,
  );
}

/** A store whose time is moved by hand. */
export function ledgerAt(start = 1_795_392_000): {
  ledger: ReturnType<typeof memoryStore>;
  wait: (seconds: number) => void;
} {
  let now = start;
  const ledger = memoryStore({ clock: () => epochSeconds(now) });
  return { ledger, wait: (seconds) => (now += seconds) };
}

/** The ledger, with one of its methods as it is when the database is gone. */
export function without(ledger: CallLedger, ...methods: readonly (keyof CallLedger)[]): CallLedger {
  const down = () => Promise.reject(new DispatchError("store_failed", "the database is gone"));
  const kept: CallLedger = {
    hold: (asked) => ledger.hold(asked),
    settle: (holdId, cost) => ledger.settle(holdId, cost),
    release: (holdId) => ledger.release(holdId),
    extend: (holdId, by, step) => ledger.extend(holdId, by, step),
  };
  return { ...kept, ...Object.fromEntries(methods.map((method) => [method, down])) };
}
