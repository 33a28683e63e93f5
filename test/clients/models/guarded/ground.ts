import assert from "node:assert/strict";
import { ExternalEndpoint, type MicroCents, runScope, SecretRef, usd } from "dispatch-kit";
import { type GuardedFetch, guardedFetch, type GuardEvent, type GuardOptions } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import type { Stage } from "../bare.ts";
import type { Calls } from "../client.ts";
import type { Fetch } from "../fetch.ts";
import { COSTS, PRICES } from "./prices.ts";

export const SCOPE = runScope("1");
export const SECRET = "sk-of-the-endpoint";

/** An event of a kind. */
export type Told<Kind extends GuardEvent["kind"]> = Extract<GuardEvent, { readonly kind: Kind }>;

/** A client behind a guard, and what both have done. */
export interface Ground {
  readonly calls: Calls;
  /** The guard as the client is given it. */
  readonly fetch: Fetch;
  readonly guard: GuardedFetch;
  readonly ledger: ReturnType<typeof memoryStore>;
  readonly told: <Kind extends GuardEvent["kind"]>(kind: Kind) => readonly Told<Kind>[];
  /** How many requests the client has made. */
  readonly asked: () => number;
  /** Waits until everything is booked, and asserts what the scope has. */
  readonly assertBooked: (expected: { readonly spent: number; readonly open?: number }) => Promise<void>;
}

/** Puts a guard between a client and its provider. */
export function ground({ client, fetch }: Stage, options: Partial<GuardOptions> = {}): Ground {
  const ledger = memoryStore();
  const events: GuardEvent[] = [];
  const { name, baseUrl } = client.provider;
  const guard = guardedFetch({
    ledger,
    prices: PRICES,
    endpoint: new ExternalEndpoint({ name, baseUrl, secret: new SecretRef("KEY") }),
    scopes: [{ scope: SCOPE, cap: usd(1) }],
    env: { KEY: SECRET },
    log: () => null,
    fetch,
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  let asked = 0;
  const counting: Fetch = (input, init) => {
    asked++;
    return guard(input, init);
  };
  const told: Ground["told"] = (kind) =>
    events.filter((event): event is Told<typeof kind> => event.kind === kind);
  return {
    calls: client.make(counting),
    fetch: counting,
    guard,
    ledger,
    told,
    asked: () => asked,
    assertBooked: async ({ spent, open = 0 }) => {
      await guard.settled();
      const held = told("held").slice(0, 1);
      const reserved = held.reduce((sum, { amount }) => sum + amount * BigInt(open), 0n);
      const usage = await ledger.usage(SCOPE);
      assert.deepEqual([usage.reserved, usage.spent], [reserved, BigInt(spent)], "reserved and spent");
    },
  };
}

/** The cost of a model's report, in micro-cents. */
export function costOf(model: string): number {
  const cost = COSTS[model];
  if (cost === undefined) throw new RangeError(`no cost of ${model} is known`);
  return cost;
}

/** The bound of one call of the client. */
export async function boundOfCall(stage: Stage): Promise<MicroCents> {
  const { calls, told } = ground(stage);
  stage.server.behave(() => ({ does: "answer" }));
  await calls.call();
  const [held] = told("held");
  assert.ok(held !== undefined, "nothing was held");
  return held.amount;
}
