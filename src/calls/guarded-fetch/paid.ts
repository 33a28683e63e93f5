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
  const seen: { hold?: OpenHold; cost?: Cost } = {};
  let outcome: WithHoldOutcome<Response>;
  try {
    outcome = await withHold(settings.ledger, request, async ({ hold }) => {
      seen.hold = hold;
      tell({ kind: "held", amount: bound.amount, bound });
      const { response, cost, streams } = await answered(await send(call, hold), call, settings);
      let isRead = (): void => undefined;
      if (streams) {
        if (response.body !== null) isRead = whenGarbage(response.body, giveUp);
        passOn({ response });
      }
      seen.cost = await cost;
      isRead();
      // At once: the next request of a client that has read a stream to its end does not wait for the ledger.
      if (seen.cost.actual !== null) seen.cost.referables.forEach(remember);
      return { value: response, actual: seen.cost.actual };
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
  return after(outcome, seen.cost, call, context);
}

/** Of its own, so that it keeps nothing of the answer alive. */
function givingUp(amount: MicroCents, tell: PaidContext["tell"], over: (value: null) => void): () => void {
  return () => {
    tell({ kind: "unknown", amount, reason: "nobody reads the rest of the answer" });
    over(null);
  };
}

function after(
  outcome: WithHoldOutcome<Response>,
  cost: Cost | undefined,
  call: PaidCall,
  { tell }: PaidContext,
): PaidOutcome {
  if (outcome.kind === "refused") return { refusal: overBudget(call.bound.amount, outcome.lacking) };
  if (outcome.kind === "exists") {
    return { refusal: { code: "hold_conflict", reason: "the id of its hold was used before", lacking: [] } };
  }
  if (cost !== undefined) tellCost(outcome, cost, call, tell);
  return { response: outcome.value };
}

function tellCost(
  outcome: CallDone<Response>,
  cost: Cost,
  { bound }: PaidCall,
  tell: PaidContext["tell"],
): void {
  const { amount } = bound;
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
