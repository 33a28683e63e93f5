import { usd } from "dispatch-kit";
import { type CallLedger, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { LLMGuard } from "llm-spend-guard";
import { do_not_optimize } from "mitata";
import { type Case } from "./measure.ts";

const CALLS = 256;
const AMOUNT = usd("0.18");
const ACTUAL = usd("0.05");
const TOKENS = 500;

const BARE = "the bare call";
export const LEDGER = "hold and settle, no call";
export const WITH_HOLD = "withHold, memory ledger";
const BEYOND = "withHold, ledger that answers at once";
/**
 * It checks, calls, and then counts tokens. We searched in November 2026, in a list of npm packages and in documentation, for
 * budget, spend, cost, cap and guard with LLM, agent and token; there may be other rivals. We also found floe-guard and
 * @mukundakatta/agentbudget, which we could not install, and @reactive-agents/cost, which only works in its agent framework.
 */
const RIVAL = "llm-spend-guard: check, call, count";
const RIVAL_CLIENT = "llm-spend-guard: a wrapped client";

const scopes = [{ scope: "run:1", cap: usd("1000000") }];
const request = (id: number): Parameters<CallLedger["hold"]>[0] => {
  return { holdId: `call-${String(id)}`, amount: AMOUNT, scopes, ttlSeconds: 600 };
};
const returned = { value: "hello", actual: ACTUAL };
const call = (): Promise<typeof returned> => Promise.resolve(returned);

const held = Object.freeze({ kind: "held" as const });
const settled = Object.freeze({
  kind: "settled" as const,
  booked: ACTUAL,
  overrun: usd(0),
  corrected: false,
});
const atOnce: CallLedger = {
  hold: () => held,
  settle: () => settled,
  release: () => ({ kind: "released" }),
  extend: () => held,
};

/** The part of OpenAI's client that the rival uses. */
const answer = { choices: [{ message: { content: "hello" } }], usage: { total_tokens: TOKENS } };
const client = { chat: { completions: { create: () => Promise.resolve(answer) } } };

/** One call after another, with each guard. Each round has a new store, because a store keeps its holds. */
export function withHoldCases(): readonly Case[] {
  const guard = new LLMGuard({ globalBudgetTokens: Number.MAX_SAFE_INTEGER });
  const manager = guard.getBudgetManager();
  const wrapped = guard.wrapOpenAI(client);
  const messages = [{ role: "user", content: "Tell me a story." }];
  let next = 0;
  const cases: Record<string, () => Promise<void>> = {
    [BARE]: async () => {
      for (let at = 0; at < CALLS; at++) do_not_optimize(await call());
    },
    [LEDGER]: async () => {
      const ledger = memoryStore();
      for (let at = 0; at < CALLS; at++) {
        const asked = request(next++);
        do_not_optimize(await ledger.hold(asked));
        do_not_optimize(await ledger.settle(asked.holdId, ACTUAL));
      }
    },
    [WITH_HOLD]: async () => {
      const ledger = memoryStore();
      for (let at = 0; at < CALLS; at++) do_not_optimize(await withHold(ledger, request(next++), call));
    },
    [BEYOND]: async () => {
      for (let at = 0; at < CALLS; at++) do_not_optimize(await withHold(atOnce, request(next++), call));
    },
    [RIVAL]: async () => {
      for (let at = 0; at < CALLS; at++) {
        await manager.checkBudget(TOKENS);
        do_not_optimize(await call());
        await manager.recordUsage(TOKENS);
      }
    },
    [RIVAL_CLIENT]: async () => {
      for (let at = 0; at < CALLS; at++) {
        do_not_optimize(await wrapped.chat({ model: "gpt-4o-mini", messages, max_tokens: TOKENS }));
      }
    },
  };
  return Object.entries(cases).map(([name, run]) => ({ name, calls: CALLS, run }));
}

/** How many of 100 concurrent calls are made: each costs $0.18 or 18 tokens, and the cap is $1 or 100 tokens. */
export async function letThrough(): Promise<Readonly<Record<string, number>>> {
  let ours = 0;
  let theirs = 0;
  const ledger = memoryStore();
  const capped = [{ scope: "run:1", cap: usd("1") }];
  const guarded = (id: number): Promise<unknown> =>
    withHold(ledger, { ...request(id), scopes: capped }, () => {
      ours++;
      return Promise.resolve({ value: null, actual: AMOUNT });
    });
  const manager = new LLMGuard({ globalBudgetTokens: 100 }).getBudgetManager();
  const checked = async (): Promise<void> => {
    await manager.checkBudget(18);
    theirs++;
    await call();
    await manager.recordUsage(18);
  };
  const all = Array.from({ length: 100 }, (_, id) => id);
  await Promise.allSettled(all.map(guarded));
  await Promise.allSettled(all.map(checked));
  return { "dispatch-kit": ours, "llm-spend-guard": theirs };
}
