import {
  type Awaitable,
  type BudgetState,
  BudgetWindow,
  type EpochSeconds,
  epochSeconds,
  estimateTokens,
  logEgress,
  type MicroCents,
  microCents,
  type ScopeCap,
  selectBackend,
  tokenCost,
  type TokenRates,
} from "dispatch-kit";
import { Agenda } from "./agenda.ts";
import type { Audit } from "./audit.ts";
import type { Guard } from "./guards.ts";
import { answerSeconds, BACKENDS, MAX_OUTPUT_TOKENS, NEEDS } from "./service.ts";
import type { Timeline } from "./timeline.ts";
import type { Call, Trace } from "./trace.ts";

/** The time of a replay: it jumps from event to event. */
export interface SimulatedClock {
  now: EpochSeconds;
}

export interface Replay {
  readonly trace: Trace;
  readonly rates: TokenRates;
  readonly guard: Guard;
  readonly clock: SimulatedClock;
  /** Where the money of a call is held: the run, then the month. */
  readonly scopesAt: (at: EpochSeconds) => readonly [ScopeCap, ScopeCap];
  readonly usage: (scope: string) => Awaitable<BudgetState>;
  readonly audit: Audit;
  readonly timeline: Timeline;
  readonly onProgress: (done: number, total: number) => void;
}

/** What became of the calls of a trace. */
export interface Tally {
  admitted: number;
  refused: number;
  /** A call may be refused by both windows. */
  readonly refusedBy: Record<BudgetWindow, number>;
  firstRefusalAt: EpochSeconds | null;
  /** How often data left, by the records that were made before it did. */
  egress: number;
  /** The upper bounds of all calls, and of those that were admitted. */
  asked: MicroCents;
  promised: MicroCents;
}

/** A call in flight. */
interface Flight {
  readonly call: Call;
  readonly scopes: readonly [ScopeCap, ScopeCap];
}

/**
 * Sends every call of a trace past a guard, in order of time, and lets each answer arrive when it is due:
 * a discrete event simulation, in which hundreds of calls may be in flight and nobody waits.
 */
export async function replay(options: Replay): Promise<Tally> {
  const { trace, rates, guard, clock, scopesAt, audit, timeline, onProgress } = options;
  const tally = emptyTally();
  const inFlight = new Agenda<Flight>();

  const check = async ({ call, scopes: [run, month] }: Flight): Promise<void> => {
    const readings = { run: await options.usage(run.scope), month: await options.usage(month.scope) };
    audit.compare(call, readings);
    timeline.note(clock.now, audit.now());
  };

  const arrive = async (call: Call): Promise<void> => {
    clock.now = call.at;
    const most = estimateTokens(rates, {
      maxInputTokens: call.contextTokens,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
    });
    const { kind, endpoint } = selectBackend(BACKENDS, NEEDS, { allowSdk: true });
    const scopes = scopesAt(call.at);
    const lacking = await guard.admit({ call, backend: kind, most, scopes });
    tally.asked = microCents(tally.asked + most);
    timeline.arrived(call.at, lacking.length === 0);
    if (lacking.length === 0) {
      // The record comes first: without it nothing leaves.
      if (endpoint) logEgress(endpoint, { detail: `call-${call.line}`, log: () => tally.egress++ });
      audit.admitted(call, most);
      tally.admitted++;
      tally.promised = microCents(tally.promised + most);
      inFlight.add(call.at + answerSeconds(call.generatedTokens), { call, scopes });
    } else {
      audit.refused(call);
      tally.refused++;
      tally.firstRefusalAt ??= call.at;
      for (const { scope } of lacking) {
        tally.refusedBy[scope === scopes[0].scope ? BudgetWindow.RUN : BudgetWindow.MONTH]++;
      }
    }
    await check({ call, scopes });
  };

  const finishAllDueBy = async (time: number): Promise<void> => {
    for (let due = inFlight.takeDue(time); due !== null; due = inFlight.takeDue(time)) {
      const { call } = due.event;
      clock.now = epochSeconds(due.at);
      const actual = tokenCost(rates, {
        inputTokens: call.contextTokens,
        outputTokens: call.generatedTokens,
      });
      audit.finished(call, await guard.finish(call, actual));
      await check(due.event);
    }
  };

  for (const [index, call] of trace.calls.entries()) {
    await finishAllDueBy(call.at);
    await arrive(call);
    onProgress(index + 1, trace.calls.length);
  }
  await finishAllDueBy(Infinity);
  return tally;
}

function emptyTally(): Tally {
  const nothing = microCents(0n);
  return {
    admitted: 0,
    refused: 0,
    refusedBy: { [BudgetWindow.RUN]: 0, [BudgetWindow.MONTH]: 0 },
    firstRefusalAt: null,
    egress: 0,
    asked: nothing,
    promised: nothing,
  };
}
