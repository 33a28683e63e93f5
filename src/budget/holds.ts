import { DispatchError } from "../errors.ts";
import { orNull, outOfRange, wholeFrom } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { anyAmount, ledgerAmount } from "../money/amount.ts";
import { formatUsd, type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import { instant, type Instant } from "../time.ts";
import {
  type CorrectOutcome,
  type HoldOutcome,
  type HoldRequest,
  HoldState,
  type ReleaseOutcome,
  type SettleOutcome,
} from "./contract.ts";
import type { HeldScope } from "./scopes.ts";

/** The error for an id that was never held. */
export function unknownHold(holdId: string): DispatchError {
  return new DispatchError("hold_unknown", `there is no hold ${quote(holdId)}`, { subject: holdId });
}

/** The part of a hold that decides what happens to it: a row of a store. */
export interface HoldRow {
  readonly holdId: string;
  /** What was asked for first; with the scopes' names, the identity of the request. */
  readonly asked: MicroCents;
  /** The extensions since, in order. */
  readonly steps: readonly MicroCents[];
  readonly scopes: readonly HeldScope[];
  readonly state: HoldState;
  /** Booked as spent: 0 while open or released. */
  readonly booked: MicroCents;
  /** What it was resolved as before it was settled or corrected; `open` if it was not. */
  readonly settledFrom: HoldState;
  /** Whether a person has corrected what is booked. */
  readonly corrected: boolean;
  /** What was settled before the first correction; `null` if nothing was. */
  readonly firstSettled: MicroCents | null;
}

/** What is set aside for a hold, extensions included. */
export function heldAmount(hold: HoldRow): MicroCents {
  return microCents(hold.steps.reduce<bigint>((sum, by) => sum + by, hold.asked));
}

/** Whether an open hold is to be charged; at the very second of its expiry it is. One that never expires has `null`. */
export function isHoldDue(expiresAt: Instant | null, now: Instant): boolean {
  const end = orNull(instant)("isHoldDue: expiresAt", expiresAt);
  return end !== null && instant("isHoldDue: now", now) >= end;
}

/** What of a booked amount nobody had set aside. */
export function overrunOf(booked: bigint, setAside: bigint): MicroCents {
  const over = anyAmount("overrunOf: booked", booked) - anyAmount("overrunOf: setAside", setAside);
  // Stryker disable next-line EqualityOperator: of two that are equal the difference is 0
  return microCents(over > 0n ? over : 0n);
}

/** A hold's next row, and what it adds to `reserved` and `spent` in each of its scopes. */
export interface HoldMove<Row extends HoldRow = HoldRow> {
  readonly row: Row;
  readonly reserved: bigint;
  readonly spent: bigint;
}

function moved<Row extends HoldRow>(hold: Row, to: HoldState, booked: MicroCents): HoldMove<Row> {
  const reserved = hold.state === HoldState.OPEN ? 0n - heldAmount(hold) : 0n;
  // Only what is open is released or charged.
  const row = { ...hold, state: to, booked, settledFrom: hold.state };
  return { row, reserved, spent: booked - hold.booked };
}

/**
 * What a repeated `hold` answers: `exists`, whatever its caps and ttl, and it admits nothing.
 *
 * @throws DispatchError `hold_conflict` if the amount or the scopes' names are others.
 */
export function repeatHold(hold: HoldRow, request: Pick<HoldRequest, "amount" | "scopes">): HoldOutcome {
  const before = scopeNames(hold.scopes);
  const now = scopeNames(request.scopes);
  // Compared whole: what a message shows of a name is cut.
  if (hold.asked === request.amount && JSON.stringify(before) === JSON.stringify(now)) {
    return outcome({ kind: "exists", state: hold.state });
  }
  const shown = (amount: MicroCents, names: readonly string[]): string =>
    `$${formatUsd(amount)} in ${names.map(quote).join(", ")}`;
  throw holdConflict(hold.holdId, shown(hold.asked, before), shown(request.amount, now));
}

function scopeNames(scopes: readonly { readonly scope: string }[]): readonly string[] {
  return scopes.map(({ scope }) => scope).sort();
}

function holdConflict(holdId: string, before: string, now: string): DispatchError {
  const message = `hold ${quote(holdId)} was made for ${before}; asked now: ${now}`;
  return new DispatchError("hold_conflict", message, { subject: holdId });
}

/** What `settle` does; `move` is `null` where nothing moves: a repeat, or a conflict. */
export function settleHold<Row extends HoldRow>(
  hold: Row,
  actual: MicroCents,
): { outcome: SettleOutcome; move: HoldMove<Row> | null } {
  const booked = ledgerAmount("settle: actual", actual);
  const settled = hold.state === HoldState.SETTLED;
  const first = hold.corrected ? hold.firstSettled : hold.booked;
  if (settled && first !== booked) {
    return { outcome: outcome({ kind: "conflict", booked: hold.booked }), move: null };
  }
  const from = settled ? hold.settledFrom : hold.state;
  const overrun = overrunOf(booked, setAside(hold));
  return {
    outcome: outcome({ kind: "settled", booked, overrun, corrected: from !== HoldState.OPEN }),
    move: settled ? null : moved(hold, HoldState.SETTLED, booked),
  };
}

/** What `correct` does: a person replaces what is booked for a closed hold. An open hold stays as it is. */
export function correctHold<Row extends HoldRow>(
  hold: Row,
  actual: MicroCents,
): { outcome: CorrectOutcome; move: HoldMove<Row> | null } {
  const to = ledgerAmount("correct: actual", actual);
  if (hold.state === HoldState.OPEN) return { outcome: outcome({ kind: "open" }), move: null };
  const settled = hold.state === HoldState.SETTLED;
  const { row, reserved, spent } = moved(hold, HoldState.SETTLED, to);
  return {
    outcome: outcome({ kind: "corrected", from: hold.booked, to, overrun: overrunOf(to, setAside(hold)) }),
    move: {
      row: {
        ...row,
        settledFrom: settled ? hold.settledFrom : hold.state,
        corrected: true,
        firstSettled: hold.corrected || !settled ? hold.firstSettled : hold.booked,
      },
      reserved,
      spent,
    },
  };
}

/** What was set aside for a hold when its cost was told: nothing after a release. */
function setAside(hold: HoldRow): bigint {
  const from = hold.state === HoldState.SETTLED ? hold.settledFrom : hold.state;
  return from === HoldState.RELEASED ? 0n : heldAmount(hold);
}

/** Whether a hold was charged in full, also if its cost was told or corrected since. */
export function wasCharged({ state, settledFrom }: HoldRow): boolean {
  return state === HoldState.CHARGED || settledFrom === HoldState.CHARGED;
}

/** What was booked when a job's hold was closed, without a later correction. */
export function firstBooking(hold: HoldRow): MicroCents {
  if (wasCharged(hold)) return heldAmount(hold);
  return hold.corrected ? (hold.firstSettled ?? microCents(0n)) : hold.booked;
}

/** What `release` does; a settled or charged hold stays as it is. */
export function releaseHold<Row extends HoldRow>(
  hold: Row,
): { outcome: ReleaseOutcome; move: HoldMove<Row> | null } {
  switch (hold.state) {
    case HoldState.OPEN:
      return {
        outcome: outcome({ kind: "released" }),
        move: moved(hold, HoldState.RELEASED, microCents(0n)),
      };
    case HoldState.RELEASED:
      return { outcome: outcome({ kind: "released" }), move: null };
    default:
      return { outcome: outcome({ kind: "closed", as: hold.state }), move: null };
  }
}

/** Charges an open hold in full. */
export function chargeHold<Row extends HoldRow>(hold: Row): HoldMove<Row> {
  return moved(hold, HoldState.CHARGED, heldAmount(hold));
}

/** Checks what `extend` is given, before a store looks at the hold. */
export function extension(by: MicroCents, step: number): { readonly by: MicroCents; readonly step: number } {
  return { by: ledgerAmount("extend: by", by), step: wholeFrom(1)("extend: step", step) };
}

/**
 * What `extend` does before it looks for room: the row it would become, or the answer to a repeat.
 *
 * @throws DispatchError `hold_conflict` if the step was made with another amount.
 * @throws RangeError for a step that leaves one out, or an amount out of range.
 */
export function extendHold<Row extends HoldRow>(hold: Row, by: MicroCents, step: number): Row | HoldOutcome {
  const { by: checked, step: nth } = extension(by, step);
  const made = hold.steps[nth - 1];
  if (made !== undefined && made !== checked) {
    const of = (amount: MicroCents): string => `$${formatUsd(amount)} in step ${nth}`;
    throw holdConflict(hold.holdId, of(made), of(checked));
  }
  if (made !== undefined || hold.state !== HoldState.OPEN) {
    return outcome({ kind: "exists", state: hold.state });
  }
  const next = hold.steps.length + 1;
  if (nth !== next) throw outOfRange("extend: step", `the next one, ${next}`, nth);
  const row = { ...hold, steps: [...hold.steps, checked] };
  ledgerAmount("extend: the extended amount", heldAmount(row));
  return row;
}
