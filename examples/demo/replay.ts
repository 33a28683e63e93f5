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
import type { Ground } from "./ground.ts";
import { callId, type Guard, type Incident } from "./guards.ts";
import { answerSteps, BACKENDS, MAX_OUTPUT_TOKENS, NEEDS, STEP_SECONDS, TEXT_ONLY } from "./service.ts";
import type { Timeline } from "./timeline.ts";
import type { Call, Trace } from "./trace.ts";

/** The time of a replay: it jumps from step to step. */
export interface SimulatedClock {
  now: EpochSeconds;
  step: number;
}

export interface Replay {
  readonly trace: Trace;
  readonly rates: TokenRates;
  readonly guard: Guard;
  readonly ground: Ground;
  readonly clock: SimulatedClock;
  /** Steps up to this one were taken before, and what the ledger said after each is gone; -1 if there are none. */
  readonly lastStepBefore: number;
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
  /** Attempts that were lost with their workers, what was charged in full for them, and calls never answered. */
  lost: number;
  lostCharged: MicroCents;
  unanswered: number;
  /** The upper bounds of all calls, and of those that were admitted. */
  asked: MicroCents;
  promised: MicroCents;
}

/** The step in which a call is decided: the first that begins when it is there. */
export function stepOf(trace: Trace, call: Call): number {
  return Math.ceil((call.at - trace.calls[0].at) / STEP_SECONDS);
}

/** When a step is taken. */
export function timeOf(trace: Trace, step: number): EpochSeconds {
  return epochSeconds(trace.calls[0].at + step * STEP_SECONDS);
}

/**
 * Sends every call of a trace past a guard, in order of time, and lets each answer arrive when it is due:
 * a simulation in steps, in which many calls may be in flight and nobody waits.
 */
export async function replay(options: Replay): Promise<Tally> {
  const { trace, rates, guard, ground, clock, scopesAt, audit, timeline, onProgress } = options;
  const tally = emptyTally();
  const inFlight = new Agenda<Call>();

  const finish = async (answered: readonly Call[]): Promise<void> => {
    const costs = answered.map((call) => ({
      call,
      actual: tokenCost(rates, { inputTokens: call.contextTokens, outputTokens: call.generatedTokens }),
    }));
    const amounts = await guard.finish(costs);
    const booked = new Map(answered.map((call, index) => [call, amounts[index] ?? null]));
    const incidents = new Map<Call, Incident[]>();
    for (const incident of (await guard.incidents?.(false)) ?? []) {
      incidents.set(incident.call, [...(incidents.get(incident.call) ?? []), incident]);
    }
    const end = (call: Call): void => {
      const amount = booked.get(call) ?? null;
      if (amount === "lost") tally.unanswered++;
      else audit.finished(call, amount);
    };
    // What was lost was taken back last, when all others had answered.
    for (const call of answered) if (!incidents.has(call)) end(call);
    const lost = [...incidents.keys()].sort((a, b) => Number(booked.has(b)) - Number(booked.has(a)));
    for (const call of lost) {
      hear(incidents.get(call));
      if (booked.has(call)) end(call);
    }
  };

  const hear = (incidents: readonly Incident[] = []): void => {
    for (const { kind, call, booked } of incidents) {
      if (kind === "retried") audit.admitted(call, booked);
      else audit[kind](call, booked);
      if (kind === "retried") continue;
      const sign = kind === "lost" ? 1 : -1;
      tally.lost += sign;
      tally.lostCharged = microCents(tally.lostCharged + BigInt(sign) * boundOf(call));
    }
  };

  const boundOf = (call: Call): MicroCents =>
    estimateTokens(rates, {
      ...TEXT_ONLY,
      maxInputTokens: call.contextTokens,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
    });

  const admit = async (calls: readonly Call[]): Promise<void> => {
    const { kind, endpoint } = selectBackend(BACKENDS, NEEDS, { allowSdk: true });
    const requests = calls.map((call) => {
      return { call, backend: kind, most: boundOf(call), scopes: scopesAt(call.at) };
    });
    const answers = await guard.admit(requests);
    for (const [index, { call, most, scopes }] of requests.entries()) {
      const lacking = answers[index] ?? null;
      tally.asked = microCents(tally.asked + most);
      timeline.arrived(call.at, lacking?.length === 0);
      if (lacking?.length === 0) {
        // The record comes first, in the transaction that holds: without it nothing leaves.
        const write = (line: string): void => {
          if (clock.step > options.lastStepBefore) ground.notes.write("egress", call.line, line);
        };
        if (endpoint) logEgress(endpoint, { detail: callId(call), log: write });
        audit.admitted(call, most);
        tally.admitted++;
        tally.promised = microCents(tally.promised + most);
        inFlight.add(clock.step + answerSteps(call.generatedTokens), call);
      } else {
        const isRun = ({ scope }: { readonly scope: string }): boolean => scope === scopes[0].scope;
        const told = lacking?.map((each) => (isRun(each) ? BudgetWindow.RUN : BudgetWindow.MONTH)) ?? null;
        for (const window of audit.refused(call, told)) tally.refusedBy[window]++;
        tally.refused++;
        tally.firstRefusalAt ??= call.at;
      }
    }
  };

  const check = async (call: Call): Promise<void> => {
    if (clock.step >= options.lastStepBefore) {
      const [run, month] = scopesAt(call.at);
      const compare = async (): Promise<void> => {
        const readings = await Promise.all([options.usage(run.scope), options.usage(month.scope)]);
        audit.compare(call, { run: readings[0], month: readings[1] });
      };
      try {
        await compare();
      } catch (difference) {
        // Somebody else's doing, which is accounted for like everything else? Then the sums agree.
        const incidents = await guard.incidents?.(true);
        if (!incidents?.length) throw difference;
        hear(incidents);
        await compare();
      }
    }
    timeline.note(clock.now, audit.now());
  };

  let decided = 0;
  for (;;) {
    const next = trace.calls[decided];
    const step = Math.min(next ? stepOf(trace, next) : Infinity, inFlight.nextAt);
    if (step === Infinity) return tally;
    clock.step = step;
    clock.now = timeOf(trace, step);
    const answered = inFlight.takeDue(step);
    const from = decided;
    while (decided < trace.calls.length && isDue(trace, trace.calls[decided], step)) decided++;
    const calls = trace.calls.slice(from, decided);
    const act = async (): Promise<void> => {
      if (answered.length > 0) await finish(answered);
      if (calls.length > 0) await admit(calls);
      for (const call of lastOfEachMonth([...answered, ...calls])) await check(call);
    };
    // What is known already needs no store, until its last step is checked against it.
    await (step >= options.lastStepBefore ? ground.together(act) : act());
    onProgress(decided, trace.calls.length);
  }
}

function isDue(trace: Trace, call: Call | undefined, step: number): boolean {
  return call !== undefined && stepOf(trace, call) <= step;
}

/** One call of each month among them: all that were touched are to be checked. */
function lastOfEachMonth(calls: readonly Call[]): Iterable<Call> {
  return new Map(calls.map((call) => [call.timestamp.slice(0, "2023-11".length), call])).values();
}

function emptyTally(): Tally {
  const nothing = microCents(0n);
  return {
    admitted: 0,
    refused: 0,
    refusedBy: { [BudgetWindow.RUN]: 0, [BudgetWindow.MONTH]: 0 },
    firstRefusalAt: null,
    lost: 0,
    lostCharged: nothing,
    unanswered: 0,
    asked: nothing,
    promised: nothing,
  };
}
