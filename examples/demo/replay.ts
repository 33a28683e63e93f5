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

/** The simulated time of a replay, which moves in steps. */
export interface SimulatedClock {
  now: EpochSeconds;
  step: number;
}

export interface Replay {
  readonly trace: Trace;
  readonly rates: TokenRates;
  readonly model: string;
  readonly guard: Guard;
  readonly ground: Ground;
  readonly clock: SimulatedClock;
  /** The last step of a killed run, before which the ledger cannot be checked any more; -1 if there was none. */
  readonly lastStepBefore: number;
  /** The scopes of a call: the run, then the month. */
  readonly scopesAt: (at: EpochSeconds) => readonly [ScopeCap, ScopeCap];
  readonly usage: (scope: string) => Awaitable<BudgetState>;
  readonly audit: Audit;
  readonly timeline: Timeline;
  readonly onProgress: (done: number, total: number) => void;
}

/** The outcomes of the calls of a trace. */
export interface Tally {
  admitted: number;
  refused: number;
  /** Both windows may refuse the same call. */
  readonly refusedBy: Record<BudgetWindow, number>;
  firstRefusalAt: EpochSeconds | null;
  /** Attempts that were lost with their workers, their charges in full, and calls that were never answered. */
  lost: number;
  lostCharged: MicroCents;
  unanswered: number;
  /** The sums of the upper bounds of all calls, and of the admitted ones. */
  asked: MicroCents;
  promised: MicroCents;
}

/** The step that decides a call: the first one that begins at or after its arrival. */
export function stepOf(trace: Trace, call: Call): number {
  return Math.ceil((call.at - trace.calls[0].at) / STEP_SECONDS);
}

/** The time of a step. */
export function timeOf(trace: Trace, step: number): EpochSeconds {
  return epochSeconds(trace.calls[0].at + step * STEP_SECONDS);
}

/**
 * Asks a guard about every call of a trace, in order of time, and finishes each call when its answer is due. It simulates
 * the time in steps, so many calls can be in flight without waiting.
 */
export async function replay(options: Replay): Promise<Tally> {
  const { trace, rates, model, guard, ground, clock, scopesAt, audit, timeline, onProgress } = options;
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
    // Lost attempts come last: they were recovered after all other calls were answered.
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
      return { call, backend: kind, model, most: boundOf(call), scopes: scopesAt(call.at) };
    });
    const answers = await guard.admit(requests);
    for (const [index, { call, most, scopes }] of requests.entries()) {
      const lacking = answers[index] ?? null;
      tally.asked = microCents(tally.asked + most);
      timeline.arrived(call.at, lacking?.length === 0);
      if (lacking?.length === 0) {
        // The record is written first, in the transaction of the hold: nothing may be sent without it.
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
        // A slow worker may have corrected a charge meanwhile; with that correction the sums must be equal.
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
    // Steps of the killed run need no store, except the last one, which is checked against it.
    await (step >= options.lastStepBefore ? ground.together(act) : act());
    onProgress(decided, trace.calls.length);
  }
}

function isDue(trace: Trace, call: Call | undefined, step: number): boolean {
  return call !== undefined && stepOf(trace, call) <= step;
}

/** The last call of each month: every changed month must be checked. */
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
