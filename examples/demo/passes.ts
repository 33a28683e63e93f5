import { type BudgetCap, type EpochSeconds, formatUsd, runAndMonth, type ScopeCap } from "dispatch-kit";
import { Audit } from "./audit.ts";
import { type Ground, inMemory, type PassName, type Place, type Store } from "./ground.ts";
import { type Guard, naiveGuard, RUN_ID, settlingGuard } from "./guards.ts";
import { historyOf, remembering } from "./history.ts";
import type { Listing } from "./price.ts";
import { replay, type SimulatedClock, stepOf, type Tally, timeOf } from "./replay.ts";
import { answerSteps, MAX_OUTPUT_TOKENS } from "./service.ts";
import { Timeline } from "./timeline.ts";
import type { Call, Trace } from "./trace.ts";

const GUARDS: Readonly<Record<PassName, (ground: Ground) => Guard>> = {
  naive: naiveGuard,
  settled: settlingGuard,
};

/** The result of a pass; money in micro-cents. */
export interface Pass extends Tally {
  readonly name: PassName;
  /** The number of egress records, one for each call that is sent. */
  readonly egress: number;
  /** The ledger's sums at the end. */
  readonly held: bigint;
  readonly spent: bigint;
  /** The provider's bill for all calls, whatever the ledger has booked. */
  readonly trueCost: bigint;
  readonly heldPeak: bigint;
  readonly committedPeak: bigint;
  readonly inFlightPeak: number;
  /** The number of the audit's checks. */
  readonly checks: number;
  readonly timeline: Timeline;
  /** Its store, whose journal can still be read. */
  readonly ground: Ground;
  /** How many calls an earlier, killed process had decided. */
  readonly remembered: number;
  /** Wall time. */
  readonly seconds: number;
}

/** The most slots of a timeline: more would not be visible on a wide page. */
const SLOTS = 480;

/**
 * Replays a trace with one of the guards, on its own store, checked by an audit. A killed pass is resumed from its store.
 *
 * @param options - `wrap` replaces the guard's store, so that tests can break it.
 * @throws AuditFailure at the first event after which a cap is exceeded or the sums differ.
 */
export async function runPass(options: {
  readonly name: PassName;
  readonly trace: Trace;
  readonly listing: Listing;
  readonly cap: BudgetCap;
  readonly place?: Place;
  readonly onProgress?: (done: number, total: number) => void;
  readonly wrap?: (store: Store) => Store;
}): Promise<Pass> {
  const { name, trace, listing, cap, place = inMemory(), onProgress = () => undefined, wrap } = options;
  const started = performance.now();
  const clock: SimulatedClock = { now: trace.calls[0].at, step: -1 };
  const ground = await place.open(name, clock);
  const { store, notes } = ground;
  const step = (call: Call): number => stepOf(trace, call);
  const history = await historyOf(ground, name, trace, step);
  const audit = new Audit({
    pass: name,
    runCapUsd: formatUsd(cap.run),
    monthCapUsd: formatUsd(cap.month),
    prices: listing.listed,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
  });
  const timeline = new Timeline(clock.now, endOf(trace), SLOTS);
  const guard = place.guard?.(name) ?? GUARDS[name]({ ...ground, store: wrap ? wrap(store) : store });
  const tally = await replay({
    trace,
    rates: listing.rates,
    model: listing.model,
    guard: remembering(guard, history, () => clock.step),
    ground,
    clock,
    lastStepBefore: history.lastStep,
    scopesAt: scopesUnder(cap),
    usage: (scope) => store.usage(scope),
    audit,
    timeline,
    onProgress,
  });
  timeline.close();
  const { held, spent, trueCost } = audit.now();
  return {
    name,
    ...tally,
    egress: notes.read("egress").size,
    held,
    spent,
    trueCost,
    ...audit.figures(),
    timeline,
    ground,
    remembered: trace.calls.filter((call) => step(call) <= history.lastStep).length,
    seconds: (performance.now() - started) / 1000,
  };
}

/** When the last call is answered. */
function endOf(trace: Trace): EpochSeconds {
  const ends = trace.calls.map((call) => stepOf(trace, call) + answerSteps(call.generatedTokens));
  return timeOf(
    trace,
    ends.reduce((last, end) => Math.max(last, end)),
  );
}

/** The scopes of the run and of the month, made once a month. They have no end, since on a server's clock it is past. */
function scopesUnder(cap: BudgetCap): (at: EpochSeconds) => readonly [ScopeCap, ScopeCap] {
  const made = new Map<string, readonly [ScopeCap, ScopeCap]>();
  return (at) => {
    const month = new Date(at * 1000).toISOString().slice(0, "2023-11".length);
    const known = made.get(month);
    if (known) return known;
    const [run, { scope, cap: monthCap }] = runAndMonth({ runId: RUN_ID, at, cap, timeZone: "UTC" });
    const scopes = [run, { scope, cap: monthCap }] as const;
    made.set(month, scopes);
    return scopes;
  };
}
