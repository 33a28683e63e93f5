import type { Awaitable, HoldRequest, SettleOutcome } from "../../budget/contract.ts";
import { abortSignal } from "../../dispatch/drain.ts";
import { DispatchError } from "../../errors.ts";
import { ledgerAmount } from "../../money/amount.ts";
import { callable, optional, read, text, wrongType } from "../../internal/check.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { type CallLedger, OpenHold } from "./open-hold.ts";
import { type CallDone, done, type WithHoldOutcome } from "./outcome.ts";

/** What a call is given. */
export interface CallContext {
  readonly hold: OpenHold;
  /** Aborts when the caller's signal does; pass it on. */
  readonly signal: AbortSignal;
}

/** What a call returns. */
export interface CallResult<Value> {
  readonly value: Value;
  /** What it has cost, in micro-cents; `null`: nobody knows, so it counts in full. */
  readonly actual: MicroCents | null;
}

/**
 * Sets money aside, makes a paid call, and books what it has cost.
 *
 * Only the truth is ever settled. A call that throws may have been billed: its money stays set aside in full,
 * `expire` charges it at the end of its ttl, and `settle` may still bring the truth, before that or after. The
 * same goes for an `actual` of `null`, for a process that dies, and for a ledger that is down at settlement.
 * Only a throw that proves that nothing was sent gives the money back: {@link OpenHold.notSent}, or what
 * {@link egressFetch} throws, given this `hold`, before it sends.
 *
 * A hold pays for one request. A retry is another request and needs a hold of its own, under another id: switch
 * off the retries of your client (`maxRetries: 0`).
 *
 * If `hold` throws `outcome_unknown`, the money may be set aside and the call was not made. The same again
 * answers `exists` if it is, since another process may be calling under that id. If you know that none is,
 * release it, and go on under a new id.
 *
 * It has no clock: a ledger that never answers is waited for, and so is a call. Give the ledger's database client
 * a time-out (pg: `new Pool({ connectionTimeoutMillis: 5_000, query_timeout: 10_000 })`), and the request one.
 *
 * @param ledger - any store of this library, or your own {@link BudgetLedger}.
 * @param request - the hold; `amount` is an upper bound of what the call can cost, and `ttlSeconds` more than it
 *   takes.
 * @param call - makes the request; it is called at most once, and only if the money was set aside.
 * @param options - `signal`: aborted before the call is made, nothing is spent; later, it is the call's matter.
 * @returns `done` with the value, also when it could not be settled; `refused` by a cap, or `exists`: then no
 *   call was made.
 * @throws TypeError, RangeError for an argument that is none, before anything else.
 * @throws unknown what the ledger's `hold` throws, and what the call throws.
 * @example
 * ```ts
 * const ledger = memoryStore();
 * const scopes = [{ scope: runScope("42"), cap: usd("1") }];
 * const request = { holdId: "call-1", amount: usd("0.18"), scopes, ttlSeconds: 600 };
 * const outcome = await withHold(ledger, request, async ({ signal }) => {
 *   signal.throwIfAborted(); // in a service: the request, with this signal
 *   return { value: "hello", actual: usd("0.05") };
 * });
 * outcome.kind === "done" && outcome.value; // => "hello"
 * outcome.kind === "done" && outcome.booked; // => 5000000n
 * ```
 */
export async function withHold<Value>(
  ledger: CallLedger,
  request: HoldRequest,
  call: (context: CallContext) => Awaitable<CallResult<Value>>,
  options?: { readonly signal?: AbortSignal },
): Promise<WithHoldOutcome<Value>> {
  ensureLedger(ledger);
  callable("withHold: call", call);
  const given = options === undefined ? options : signalOf(options);
  // A copy, each field read once; the ledger checks all of it.
  const asked = { ...request };
  const holdId = text("withHold: holdId", asked.holdId);
  const amount = ledgerAmount("withHold: amount", asked.amount);
  given?.throwIfAborted();
  const answer = await ledger.hold(asked);
  const kind = kindOf(answer);
  if (kind === "refused" || kind === "exists") return answer as WithHoldOutcome<Value>;
  if (kind !== "held") throw new DispatchError("store_failed", "the ledger's answer to hold is none");
  const hold = new OpenHold(ledger, holdId, amount);
  if (given?.aborted === true) {
    await release(ledger, hold);
    throw given.reason;
  }
  let returned: CallResult<Value>;
  try {
    returned = await call(new Context(hold, given));
  } catch (error) {
    if (OpenHold.provesUnsent(hold, error)) await release(ledger, hold);
    throw error;
  } finally {
    OpenHold.end(hold);
  }
  return settle(ledger, hold, returned);
}

class Context implements CallContext {
  readonly hold: OpenHold;
  #signal: AbortSignal | undefined;

  constructor(hold: OpenHold, signal: AbortSignal | undefined) {
    this.hold = hold;
    this.#signal = signal;
  }

  /** One that never aborts is made only for a call that asks: it costs as much as all the rest. */
  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

function signalOf(options: object): AbortSignal | undefined {
  const { signal } = read("withHold", options, { signal: optional(abortSignal, undefined) }, true);
  // What has `aborted` is an AbortSignal; the rest of it is for the call to use.
  return signal as AbortSignal | undefined;
}

/** Before money is set aside that could not be settled. */
function ensureLedger(ledger: unknown): void {
  for (const method of ["hold", "settle", "release", "extend"] as const) {
    const found: unknown = typeof ledger === "object" && ledger !== null && Reflect.get(ledger, method);
    if (typeof found !== "function") throw wrongType(`withHold: ledger.${method}`, "a function", found);
  }
}

/** An answer's own kind: a polluted prototype must not make one of what is none. */
function kindOf(answer: unknown): unknown {
  const own = typeof answer === "object" && answer !== null && Object.hasOwn(answer, "kind");
  return own ? Reflect.get(answer, "kind") : undefined;
}

async function settle<Value>(
  ledger: CallLedger,
  hold: OpenHold,
  returned: CallResult<Value>,
): Promise<CallDone<Value>> {
  const given: unknown = returned;
  if (typeof given !== "object" || given === null) {
    throw wrongType("withHold: what the call returns", "{ value, actual }", given);
  }
  const { value, actual } = returned;
  const inFull = (error: unknown): CallDone<Value> => {
    return done(value, { settlement: "in_full", booked: hold.amount, overrun: NOTHING, error });
  };
  if (actual === null) return inFull(null);
  let cost: MicroCents;
  try {
    cost = ledgerAmount("withHold: actual", actual);
  } catch (error) {
    // The value is paid for, and not lost because its cost is none.
    return inFull(error);
  }
  try {
    return booked(value, await ledger.settle(hold.holdId, cost), hold.amount);
  } catch (error) {
    const again = async (): Promise<SettleOutcome> => ledger.settle(hold.holdId, cost);
    const none = { booked: null, overrun: null };
    return done(value, { settlement: "pending", ...none, actual: cost, error, settle: again });
  }
}

const NOTHING: MicroCents = /* @__PURE__ */ microCents(0n);

function booked<Value>(value: Value, outcome: SettleOutcome, aside: MicroCents): CallDone<Value> {
  const kind = kindOf(outcome);
  if (kind === "settled" && "overrun" in outcome) {
    return done(value, { settlement: "actual", booked: outcome.booked, overrun: outcome.overrun });
  }
  if (kind !== "conflict") throw new DispatchError("store_failed", "the ledger's answer to settle is none");
  const overrun = outcome.booked > aside ? microCents(outcome.booked - aside) : NOTHING;
  return done(value, { settlement: "conflict", booked: outcome.booked, overrun });
}

async function release(ledger: CallLedger, hold: OpenHold): Promise<void> {
  try {
    await ledger.release(hold.holdId);
  } catch {
    // What the caller must hear of is why nothing was sent. The hold's expiry charges it.
  }
}
