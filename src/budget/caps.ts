import { DispatchError } from "../errors.ts";
import { orNull } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { anyAmount } from "../money/amount.ts";
import { formatUsd, type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";
import type { Lacking, PinnedCap } from "./contract.ts";
import type { ScopeCap } from "./scopes.ts";

/** The pinned cap of a scope, and its raise, if a person has raised it. */
export interface Pin {
  readonly cap: MicroCents;
  readonly raise: { readonly to: MicroCents; readonly until: EpochSeconds } | null;
}

/** The cap of a pin that counts now: the raised one until its end. A raise never lowers a cap. */
export function capInForce({ cap, raise }: Pin, now: Instant): MicroCents {
  return raise !== null && raise.to > cap && !isOver(raise, now) ? raise.to : cap;
}

/** A pin by its amounts as digits; `undefined` without one. */
export function pinOf(
  pinned: string | null,
  raisedTo: string | null,
  raisedUntil: EpochSeconds | null,
): Pin | undefined {
  if (pinned === null) return undefined;
  const isRaised = raisedTo !== null && raisedUntil !== null;
  return {
    cap: microCents(pinned),
    raise: isRaised ? { to: microCents(raisedTo), until: raisedUntil } : null,
  };
}

/** What `cap` answers about a pin. */
export function pinnedCap(pin: Pin, now: Instant): PinnedCap {
  const { raise } = pin;
  const until = raise !== null && !isOver(raise, now) ? raise.until : null;
  return outcome({ pinned: pin.cap, cap: capInForce(pin, now), until });
}

/**
 * A pin with a raise.
 *
 * @throws DispatchError `cap_unknown` if there is no pin, `cap_conflict` if the raise would lower it.
 */
export function raised(scope: string, pin: Pin | undefined, to: MicroCents, until: EpochSeconds): Pin {
  if (pin && to >= pin.cap) return { cap: pin.cap, raise: { to, until } };
  const [code, why] = pin
    ? ([
        "cap_conflict",
        `is pinned at $${formatUsd(pin.cap)}; raising it to $${formatUsd(to)} would lower it`,
      ] as const)
    : (["cap_unknown", "is not pinned: only a pinned cap can be raised"] as const);
  throw new DispatchError(code, `the cap of ${quote(scope)} ${why}`, { subject: scope });
}

/**
 * The cap that counts in a scope: the pinned one with its raise, or without a pin that of the request.
 *
 * @throws DispatchError `cap_conflict` if a request has another cap than the pinned one, `cap_unknown` if there is none.
 */
export function capOf(
  { scope, cap }: Pick<ScopeCap, "scope"> & { readonly cap?: MicroCents | null | undefined },
  pin: Pin | undefined,
  now: Instant,
): MicroCents {
  const asked = cap ?? null;
  if (pin !== undefined && (asked === null || pin.cap === asked)) return capInForce(pin, now);
  if (pin === undefined && asked !== null) return asked;
  const [code, why] =
    pin === undefined || asked === null
      ? (["cap_unknown", "is in neither the request nor the store: give it, or pin it"] as const)
      : ([
          "cap_conflict",
          `is pinned at $${formatUsd(pin.cap)}; the request says $${formatUsd(asked)}`,
        ] as const);
  throw new DispatchError(code, `the cap of ${quote(scope)} ${why}`, { subject: scope });
}

/** Whether a scope's day or month is over; in the very second of its `until` it is. */
export function isOver({ until }: Pick<ScopeCap, "until">, now: Instant): boolean {
  const end = orNull(instant)("isOver: until", until);
  return end !== null && instant("isOver: now", now) >= end;
}

/**
 * Every scope that lacks room for `amount`, and by how much; none if it fits everywhere. An amount of 0 moves no money, so
 * it fits also where the cap is passed. An unknown cap, `null`, is no room.
 *
 * @param now - for what is new, a request or a retry: a scope whose `until` has passed has no room for it, not even
 *   for $0. Left out for more money of a hold that was admitted in time.
 */
export function lackingScopes(
  amount: bigint,
  scopes: readonly (Pick<ScopeCap, "scope" | "until"> & {
    readonly cap: bigint | null;
    readonly committed: bigint;
  })[],
  now?: Instant,
): readonly Lacking[] {
  // undefined > 3n is false: what is no amount must not find room.
  const asked = anyAmount("lackingScopes: amount", amount);
  return scopes.flatMap(({ scope, cap, committed, until }): readonly Lacking[] => {
    const end = orNull(instant)("lackingScopes: until", until);
    const lacking = { scope, by: asked, ...(end === null ? {} : { until: end }) };
    const taken = anyAmount("lackingScopes: committed", committed);
    if (now !== undefined && isOver({ until }, now)) return [{ ...lacking, over: true }];
    if (cap === null) return [{ ...lacking, unknown: true }];
    const room = anyAmount("lackingScopes: cap", cap) - taken;
    return asked === 0n || asked <= room ? [] : [{ ...lacking, by: microCents(asked - room) }];
  });
}
