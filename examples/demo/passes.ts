import {
  type BudgetCap,
  type DispatchStore,
  type EpochSeconds,
  epochSeconds,
  formatUsd,
  runAndMonth,
  type ScopeCap,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { Audit } from "./audit.ts";
import { type Answer, type Guard, naiveGuard, type Prompt, settlingGuard } from "./guards.ts";
import type { Listing } from "./price.ts";
import { replay, type SimulatedClock, type Tally } from "./replay.ts";
import { answerSeconds, MAX_OUTPUT_TOKENS } from "./service.ts";
import { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";

/** The two ways in which the same hour is spent. */
export type PassName = "naive" | "settled";

type Store = DispatchStore<Prompt, Answer>;

const GUARDS: Readonly<Record<PassName, (store: Store) => Guard>> = {
  naive: naiveGuard,
  settled: settlingGuard,
};

/** What a pass was about, and what came of it; money in micro-cents. */
export interface Pass extends Tally {
  readonly name: PassName;
  /** What the ledger has in the end. */
  readonly held: bigint;
  readonly spent: bigint;
  /** What the provider bills for it, whatever the ledger has. */
  readonly trueCost: bigint;
  readonly heldPeak: bigint;
  readonly committedPeak: bigint;
  readonly inFlightPeak: number;
  /** How many times the audit has compared something. */
  readonly checks: number;
  readonly timeline: Timeline;
  /** Wall time. */
  readonly seconds: number;
}

/** At most so many slots of a timeline: more would not show on a wide page. */
const SLOTS = 480;

/**
 * Replays a trace past one of the guards, on a store of its own, under the eyes of an audit.
 *
 * @param options - `wrap` puts something between the guard and its store: how the tests break one.
 * @throws AuditFailure at the first event after which a cap is exceeded or the sums do not agree.
 */
export async function runPass(options: {
  readonly name: PassName;
  readonly trace: Trace;
  readonly listing: Listing;
  readonly cap: BudgetCap;
  readonly onProgress?: (done: number, total: number) => void;
  readonly wrap?: (store: Store) => Store;
}): Promise<Pass> {
  const { name, trace, listing, cap, onProgress = () => undefined, wrap } = options;
  const clock: SimulatedClock = { now: trace.calls[0].at };
  const store = memoryStore<Prompt, Answer>({ clock: () => clock.now });
  await store.migrate();
  const audit = new Audit({
    pass: name,
    runCapUsd: formatUsd(cap.run),
    monthCapUsd: formatUsd(cap.month),
    prices: listing.listed,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
  });
  const timeline = new Timeline(clock.now, endOf(trace), SLOTS);
  const started = performance.now();
  const tally = await replay({
    trace,
    rates: listing.rates,
    guard: GUARDS[name](wrap ? wrap(store) : store),
    clock,
    scopesAt: scopesUnder(cap),
    usage: (scope) => store.usage(scope),
    audit,
    timeline,
    onProgress,
  });
  const seconds = (performance.now() - started) / 1000;
  timeline.close();
  const { held, spent, trueCost } = audit.now();
  return { name, ...tally, held, spent, trueCost, ...audit.figures(), timeline, seconds };
}

/** When the last answer is there. */
function endOf(trace: Trace): EpochSeconds {
  const ends = trace.calls.map(({ at, generatedTokens }) => at + answerSeconds(generatedTokens));
  return epochSeconds(ends.reduce((last, end) => Math.max(last, end)));
}

/** The scopes of the run and of the month; the same ones until the month is over. */
function scopesUnder(cap: BudgetCap): (at: EpochSeconds) => readonly [ScopeCap, ScopeCap] {
  let scopes: readonly [ScopeCap, ScopeCap] | null = null;
  return (at) => {
    if (scopes === null || at >= (scopes[1].until ?? -Infinity)) {
      scopes = runAndMonth({ runId: "replay", at, cap, timeZone: "UTC" });
    }
    return scopes;
  };
}
