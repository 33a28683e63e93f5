import { type BudgetCap, BudgetWindow, formatUsd, type MicroCents } from "dispatch-kit";
import type { PlaceDescription } from "./ground.ts";
import type { JournalFacts } from "./journal.ts";
import { journalJson } from "./journal-text.ts";
import type { Pass } from "./passes.ts";
import type { Listing } from "./price.ts";
import { LATENCY, MAX_OUTPUT_TOKENS, STEP_SECONDS } from "./service.ts";
import type { Trace } from "./trace.ts";

/** The data of a report or a page. */
export interface Result {
  readonly trace: Trace;
  readonly listing: Listing;
  readonly cap: BudgetCap;
  readonly naive: Pass;
  readonly settled: Pass;
  /** What the journal of the pass with settlement tells. */
  readonly journal: JournalFacts;
  readonly place: PlaceDescription;
}

/** The smaller cap: every call is held against both. */
export function tightest(cap: BudgetCap): { readonly window: BudgetWindow; readonly amount: MicroCents } {
  const window = cap.month < cap.run ? BudgetWindow.MONTH : BudgetWindow.RUN;
  return { window, amount: cap.forWindow(window) };
}

/** The decisions of this process in both passes, and their wall time, audits included. */
export function speed({ naive, settled }: Pick<Result, "naive" | "settled">): {
  decisions: number;
  seconds: number;
  perSecond: number;
} {
  const of = ({ admitted, refused, remembered }: Pass): number => admitted + refused - remembered;
  const decisions = of(naive) + of(settled);
  const seconds = naive.seconds + settled.seconds;
  return { decisions, seconds, perSecond: Math.round(decisions / seconds) };
}

/** The result for programs; amounts are exact decimal strings of dollars. */
export function resultJson(result: Result, page: string): Record<string, unknown> {
  const { trace, listing, cap, naive, settled, journal, place } = result;
  const calls = trace.calls;
  return {
    trace: { file: trace.file, calls: calls.length, from: calls[0].timestamp, to: calls.at(-1)?.timestamp },
    model: { name: listing.model, provider: listing.provider, source: listing.source, rates: listing.rates },
    cap,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    latency: { ...LATENCY, assumed: true },
    stepSeconds: STEP_SECONDS,
    place,
    passes: { naive: passJson(naive), settled: passJson(settled) },
    journal: journalJson(journal),
    // A failed audit throws, so there is a result only if no cap was exceeded.
    capNeverExceeded: true,
    checks: naive.checks + settled.checks,
    ...speed(result),
    page,
  };
}

function passJson(pass: Pass): Record<string, unknown> {
  return {
    admitted: pass.admitted,
    refused: pass.refused,
    refusedBy: pass.refusedBy,
    firstRefusalAt: pass.firstRefusalAt === null ? null : new Date(pass.firstRefusalAt * 1000).toISOString(),
    lostAttempts: pass.lost,
    lostCharged: formatUsd(pass.lostCharged),
    unanswered: pass.unanswered,
    egressRecords: pass.egress,
    inFlightPeak: pass.inFlightPeak,
    upperBoundsAsked: formatUsd(pass.asked),
    upperBoundsAdmitted: formatUsd(pass.promised),
    heldPeak: formatUsd(pass.heldPeak),
    committedPeak: formatUsd(pass.committedPeak),
    heldAtTheEnd: formatUsd(pass.held),
    spent: formatUsd(pass.spent),
    trueCost: formatUsd(pass.trueCost),
    rememberedCalls: pass.remembered,
    seconds: pass.seconds,
  };
}
