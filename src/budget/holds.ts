import { DispatchError } from "../errors.ts";
import { anyAmount, ledgerAmount } from "../money/amount.ts";
import {
  duration,
  identifier,
  listOf,
  nameUpTo,
  orNull,
  outOfRange,
  read,
  type Reader,
  wholeFrom,
} from "../internal/check.ts";
import { readAny } from "../internal/value.ts";
import { outcome } from "../money/outcome.ts";
import { quote } from "../internal/text.ts";
import { formatUsd, type MicroCents, microCents } from "../money/micro-cents.ts";
import { type Instant, instant } from "../time.ts";
import {
  type HoldOutcome,
  type HoldRequest,
  HoldState,
  type Lacking,
  type ReleaseOutcome,
  type SettleOutcome,
} from "./contract.ts";
import type { HeldScope, ScopeCap } from "./scopes.ts";

const JOB_PREFIX = "job:";

/** The hold of a job's attempt `n`, counted from 1. */
export function jobHoldId(jobId: string, attempt: number): string {
  return `${JOB_PREFIX}${jobId}#${attempt}`;
}

/** The job whose attempt a hold is for; `null` for a caller's own hold. */
export function jobOfHold(holdId: string): string | null {
  return /^job:(.*)#\d+$/s.exec(holdId)?.[1] ?? null;
}

/** Reads a hold's id for a look-up; a job's hold adds its prefix and number to up to 200 code units. */
export const anyHoldId: Reader<string> = /* @__PURE__ */ nameUpTo(220);

/** Reads a hold's id for a change, which a job's hold refuses: only its lease moves that money. */
export function ownHoldId(what: string, holdId: unknown): string {
  const subject = anyHoldId(what, holdId);
  if (!subject.startsWith(JOB_PREFIX)) return identifier(what, subject);
  const message = `${what}: ${quote(subject)} belongs to a job; only the job store moves its money`;
  throw new DispatchError("hold_owned_by_job", message, { subject });
}

/** The error for an id that was never held. */
export function unknownHold(holdId: string): DispatchError {
  return new DispatchError("hold_unknown", `there is no hold ${quote(holdId)}`, { subject: holdId });
}

/** Reads scopes and caps: at least one, none twice. The result is a frozen copy. */
export function scopeCaps(what: string, value: unknown): readonly HeldScope[] {
  const readers = { scope: identifier, cap: ledgerAmount, until: orNull(instant) };
  const scopes = listOf((at, entry) => outcome(readAny<HeldScope>(at, entry, readers)))(what, value);
  const names = scopes.map(({ scope }) => scope);
  if (names.length > 0 && new Set(names).size === names.length) return scopes;
  const given = names.length === 0 ? "none" : names.map(quote).join(", ");
  throw new RangeError(`${what} must be at least one scope, each once; got ${given}`);
}

function ttl(what: string, value: unknown): number {
  const seconds = duration(what, value);
  if (seconds === 0) throw outOfRange(what, "above 0", seconds);
  return seconds;
}

/** A hold's request, checked. */
export interface CheckedHold extends HoldRequest {
  readonly scopes: readonly HeldScope[];
}

/**
 * What a hold's request may be: checked, copied and frozen, before a store touches anything.
 *
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for an amount, cap, ttl, id or scope out of range, no scope, or one named twice.
 * @throws DispatchError `hold_owned_by_job` for an id that starts with `job:`.
 */
export function holdRequest(request: HoldRequest): CheckedHold {
  const readers = { holdId: ownHoldId, amount: ledgerAmount, scopes: scopeCaps, ttlSeconds: ttl };
  return Object.freeze(read<CheckedHold>("hold", request, readers));
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
  /** What it was resolved as before it was settled; `open` if it was not. */
  readonly settledFrom: HoldState;
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
export interface HoldMove {
  readonly row: HoldRow;
  readonly reserved: bigint;
  readonly spent: bigint;
}

function moved(hold: HoldRow, to: HoldState, booked: MicroCents): HoldMove {
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

/**
 * The cap that counts in a scope: the pinned one, if there is one.
 *
 * @throws DispatchError `cap_conflict` if a request brings another.
 */
export function capOf(
  { scope, cap }: Pick<ScopeCap, "scope" | "cap">,
  pinned: MicroCents | undefined,
): MicroCents {
  if (pinned === undefined || pinned === cap) return cap;
  throw new DispatchError(
    "cap_conflict",
    `the cap of ${quote(scope)} is pinned at $${formatUsd(pinned)}; the request says $${formatUsd(cap)}`,
    { subject: scope },
  );
}

/** Whether a scope's day or month is over; in the very second of its `until` it is. */
export function isOver({ until }: Pick<ScopeCap, "until">, now: Instant): boolean {
  const end = orNull(instant)("isOver: until", until);
  return end !== null && instant("isOver: now", now) >= end;
}

/**
 * Every scope that lacks room for `amount`, and by how much; none if it fits everywhere.
 *
 * @param now - for what is new, a request or a retry: a scope whose `until` has passed has no room for it, not even
 *   for $0. Left out for more money of a hold that was admitted in time.
 */
export function lackingScopes(
  amount: bigint,
  scopes: readonly (Pick<ScopeCap, "scope" | "until"> & {
    readonly cap: bigint;
    readonly committed: bigint;
  })[],
  now?: Instant,
): readonly Lacking[] {
  // undefined > 3n is false: what is no amount must not find room.
  const asked = anyAmount("lackingScopes: amount", amount);
  return scopes.flatMap(({ scope, cap, committed, until = null }): readonly Lacking[] => {
    const room = anyAmount("lackingScopes: cap", cap) - anyAmount("lackingScopes: committed", committed);
    if (now !== undefined && isOver({ until }, now)) return [{ scope, by: asked, over: true }];
    return asked > room ? [{ scope, by: microCents(asked - room) }] : [];
  });
}

/** What `settle` does; `move` is `null` where nothing moves: a repeat, or a conflict. */
export function settleHold(
  hold: HoldRow,
  actual: MicroCents,
): { outcome: SettleOutcome; move: HoldMove | null } {
  const booked = ledgerAmount("settle: actual", actual);
  const settled = hold.state === HoldState.SETTLED;
  if (settled && hold.booked !== booked) {
    return { outcome: outcome({ kind: "conflict", booked: hold.booked }), move: null };
  }
  const from = settled ? hold.settledFrom : hold.state;
  const overrun = overrunOf(booked, from === HoldState.RELEASED ? 0n : heldAmount(hold));
  return {
    outcome: outcome({ kind: "settled", booked, overrun, corrected: from !== HoldState.OPEN }),
    move: settled ? null : moved(hold, HoldState.SETTLED, booked),
  };
}

/** What `release` does; a settled or charged hold stays as it is. */
export function releaseHold(hold: HoldRow): { outcome: ReleaseOutcome; move: HoldMove | null } {
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
export function chargeHold(hold: HoldRow): HoldMove {
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
export function extendHold(hold: HoldRow, by: MicroCents, step: number): HoldRow | HoldOutcome {
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
