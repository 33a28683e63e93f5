import type { MicroCents } from "../../money/micro-cents.ts";
import { OpenHold } from "../with-hold/open-hold.ts";
import type { CallDone, WithHoldOutcome } from "../with-hold/outcome.ts";
import { withHold } from "../with-hold/with-hold.ts";
import { whenGarbage } from "./abandoned.ts";
import type { Referable } from "./answer-memory.ts";
import type { PaidCall } from "./call.ts";
import type { EventDetails } from "./events.ts";
import { asFetchError } from "./network-error.ts";
import type { GuardOptions } from "./options.ts";
import { overBudget, type Refusal, refusalOf } from "./refusal.ts";
import { answered, type Cost } from "./settlement.ts";

/** What a paid call needs from its guard. */
export interface PaidContext {
  readonly settings: GuardOptions;
  /** Sends the request under its hold. */
  readonly send: (call: PaidCall, hold: OpenHold) => Promise<Response>;
  readonly tell: (event: EventDetails) => void;
  /** Keeps the process alive until the call is booked. */
  readonly keep: (booked: Promise<unknown>) => void;
  /** Remembers what a later request may refer to. */
  readonly remember: (one: Referable) => void;
}

/** A refusal, or the answer to pass on. */
export type PaidOutcome = { readonly response: Response } | { readonly refusal: Refusal };

/** An answer that has passed, and its cost. */
interface Booked {
  readonly response: Response;
  readonly cost: Cost;
}

/** The seconds of a hold, if the caller does not say it. */
export const TTL_SECONDS = 900;

/**
 * Holds the bound, sends the request, passes the answer on and books its cost. A streamed answer is passed on before it
 * is booked.
 *
 * @throws unknown what the sending throws after the request may have left, and the reason of an abort.
 */
export async function paid(call: PaidCall, context: PaidContext): Promise<PaidOutcome> {
  let passOn: (outcome: PaidOutcome) => void = () => null;
  const early = new Promise<PaidOutcome>((resolve) => {
    passOn = resolve;
  });
  let giveUp: (value: null) => void = () => null;
  const abandoned = new Promise<null>((resolve) => {
    giveUp = resolve;
  });
  const booked = heldAndBooked(call, context, passOn, givingUp(call.bound.amount, context.tell, giveUp));
  context.keep(Promise.race([booked.catch(() => null), abandoned]));
  return Promise.race([early, booked]);
}

async function heldAndBooked(
  call: PaidCall,
  context: PaidContext,
  passOn: (outcome: PaidOutcome) => void,
  giveUp: () => void,
): Promise<PaidOutcome> {
  const { bound, holdId, tags, scopes } = call;
  const { settings, send, tell, remember } = context;
  const { ttlSeconds = TTL_SECONDS } = settings;
  const request = { holdId, amount: bound.amount, scopes, ttlSeconds, tags };
  const seen: { hold?: OpenHold } = {};
  let outcome: WithHoldOutcome<Booked>;
  try {
    outcome = await withHold(settings.ledger, request, async ({ hold }) => {
      seen.hold = hold;
      tell({ kind: "held", amount: bound.amount, bound });
      const { response, stream, ...counting } = await answered(await send(call, hold), call, settings);
      const isRead = stream === null ? null : whenGarbage(stream, giveUp);
      if (stream !== null) passOn({ response });
      const cost = await counting.cost;
      isRead?.();
      // At once: the next request of a client that has read a stream to its end does not wait for the ledger.
      if (cost.actual !== null) cost.referables.forEach(remember);
      return { value: { response, cost }, actual: cost.actual };
    });
  } catch (error) {
    const isSent = seen.hold !== undefined && !OpenHold.provesUnsent(seen.hold, error);
    const { amount } = bound;
    if (isSent) tell({ kind: "unknown", amount, reason: "it failed after it may have been sent" });
    else if (seen.hold !== undefined) tell({ kind: "released", amount });
    // An abort is the client's own.
    if (isSent || call.asked.signal?.aborted === true) throw asFetchError(error);
    return { refusal: refusalOf(error) };
  }
  return after(outcome, call, context);
}

/** Of its own, so that it keeps nothing of the answer alive. */
function givingUp(amount: MicroCents, tell: PaidContext["tell"], over: (value: null) => void): () => void {
  return () => {
    tell({ kind: "unknown", amount, reason: "nobody reads the rest of the answer" });
    over(null);
  };
}

function after(outcome: WithHoldOutcome<Booked>, call: PaidCall, { tell }: PaidContext): PaidOutcome {
  if (outcome.kind === "refused") return { refusal: overBudget(call.bound.amount, outcome.lacking) };
  if (outcome.kind === "exists") {
    return { refusal: { code: "hold_conflict", reason: "the id of its hold was used before", lacking: [] } };
  }
  tellCost(outcome, call, tell);
  return { response: outcome.value.response };
}

function tellCost(outcome: CallDone<Booked>, { bound }: PaidCall, tell: PaidContext["tell"]): void {
  const { amount } = bound;
  const { cost } = outcome.value;
  if (cost.actual === null) {
    tell({ kind: "unknown", amount, reason: cost.reason });
  } else if (outcome.settlement === "pending") {
    tell({ kind: "unbooked", amount, actual: cost.actual, error: outcome.error });
  } else {
    const { usage, stated, without } = cost;
    const { booked } = outcome;
    tell({ kind: "settled", amount, booked, usage, stated, without });
    if (booked > amount) tell({ kind: "bound_exceeded", amount, booked, bound });
  }
}
