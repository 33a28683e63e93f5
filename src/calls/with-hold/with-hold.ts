import type { Awaitable } from "../../internal/awaitable.ts";
import type { HoldRequest, SettleOutcome } from "../../budget/contract.ts";
import { abortSignal } from "../../internal/abort.ts";
import { DispatchError } from "../../errors.ts";
import { ledgerAmount } from "../../money/amount.ts";
import { anyText, callable, optional, read, wrongType } from "../../internal/check.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { type CallLedger, OpenHold } from "./open-hold.ts";
import { type CallDone, done, type WithHoldOutcome } from "./outcome.ts";

/** The argument of a call under a hold. */
export interface CallContext {
  readonly hold: OpenHold;
  /** The caller's signal, or one that never aborts. Pass it to your request. */
  readonly signal: AbortSignal;
}

/** The result of a call under a hold. */
export interface CallResult<Value> {
  readonly value: Value;
  /**
   * The actual cost in micro-cents; `null` if it is unknown, so that the whole held amount counts. After a stream that was
   * stopped or broke off it is unknown, even if its last chunk had a usage report.
   */
  readonly actual: MicroCents | null;
}

/**
 * Holds money, makes a paid call, and books its actual cost.
 *
 * Only a known cost is settled. A call that throws may have been billed, so its money stays held in full: `expire`
 * charges it after `ttlSeconds`, and `settle` can book the actual cost before or after that. The same holds for an
 * `actual` of `null`, a process that dies, and a ledger that is down at settlement. The money is given back only for an
 * error that proves that nothing was sent: one from {@link OpenHold.notSent}, or one that {@link egressFetch} with this
 * `hold` throws before it sends.
 *
 * A hold pays for one request. A retry is another request and needs its own hold with another id, so switch off the
 * retries of your client (`maxRetries: 0`).
 *
 * If the ledger's `hold` throws `outcome_unknown`, the money may be held, and the call was not made. Repeat `withHold`
 * with the same request: `exists` means that the money is held, and that another process may be using the id. If you
 * know that none is, release the hold and continue with a new id.
 *
 * `withHold` has no timeout: it waits for the ledger and for the call without limit. Set a timeout in the ledger's
 * database client (pg: `new Pool({ connectionTimeoutMillis: 5_000, query_timeout: 10_000 })`) and for the request.
 *
 * @param ledger - any store of this library, or your own `BudgetLedger`.
 * @param request - the hold. `amount` is an upper bound of the call's cost; `ttlSeconds` is longer than the call takes.
 * @param call - makes the request. It is called at most once, and only if the money is held.
 * @param options - `signal`: if it aborts before the call starts, nothing is spent and `withHold` rejects with its
 *   reason. After that, only the call can react to it.
 * @returns `done` with the value, even if the cost could not be settled. `refused` (no room under a cap) or `exists`:
 *   no call was made.
 * @throws TypeError, RangeError for an invalid argument, before anything is held.
 * @throws TypeError if the call does not return an object; the held amount then counts in full.
 * @throws DispatchError `store_failed` if the ledger returns an unknown answer to `hold`.
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
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<WithHoldOutcome<Value>> {
  ensureLedger(ledger);
  callable("withHold: call", call);
  const signal = options === undefined ? options : signalOf(options);
  // A copy, so that each field is read once. The ledger checks all fields.
  const holdRequest = { ...request };
  const holdId = anyText("withHold: holdId", holdRequest.holdId);
  const amount = ledgerAmount("withHold: amount", holdRequest.amount);
  signal?.throwIfAborted();
  const answer = await ledger.hold(holdRequest);
  const kind = kindOf(answer);
  if (kind === "refused" || kind === "exists") return answer as WithHoldOutcome<Value>;
  if (kind !== "held") throw unknownAnswer("hold", "held, refused or exists");
  const hold = new OpenHold(ledger, holdId, amount);
  if (signal?.aborted === true) {
    await release(ledger, hold);
    throw signal.reason;
  }
  let returned: CallResult<Value>;
  try {
    returned = await call(new Context(hold, signal));
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

  /** A signal that never aborts is made only on demand: it costs as much time as the rest of `withHold`. */
  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

function signalOf(options: object): AbortSignal | undefined {
  const { signal } = read("withHold", options, { signal: optional(abortSignal, undefined) });
  // abortSignal has checked `aborted`. Only the call uses the rest of the signal.
  return signal as AbortSignal | undefined;
}

/** Checks the methods first, so that no money is held that could not be settled. */
function ensureLedger(ledger: unknown): void {
  for (const method of ["hold", "settle", "release", "extend"] as const) {
    const found: unknown = typeof ledger === "object" && ledger !== null && Reflect.get(ledger, method);
    if (typeof found !== "function") throw wrongType(`withHold: ledger.${method}`, "a function", found);
  }
}

/** The own `kind` of an answer: a polluted prototype must not supply one. */
function kindOf(answer: unknown): unknown {
  const hasKind = typeof answer === "object" && answer !== null && Object.hasOwn(answer, "kind");
  return hasKind ? Reflect.get(answer, "kind") : undefined;
}

function unknownAnswer(method: string, kinds: string): DispatchError {
  const message = `the ledger's answer to ${method} must be of kind ${kinds}; got another answer`;
  return new DispatchError("store_failed", message);
}

async function settle<Value>(
  ledger: CallLedger,
  hold: OpenHold,
  returned: CallResult<Value>,
): Promise<CallDone<Value>> {
  const result: unknown = returned;
  if (typeof result !== "object" || result === null) {
    throw wrongType("withHold: the result of the call", "{ value, actual }", result);
  }
  const { value } = returned;
  // Only its own: a polluted prototype must not make a call free.
  const actual: unknown = Object.hasOwn(returned, "actual") ? returned.actual : undefined;
  const inFull = (error: unknown): CallDone<Value> => {
    return done(value, { settlement: "in_full", booked: hold.amount, overrun: NOTHING, error });
  };
  if (actual === null) return inFull(null);
  let cost: MicroCents;
  try {
    cost = ledgerAmount("withHold: actual", actual);
  } catch (error) {
    // The value is paid for, so it is returned even if `actual` is invalid.
    return inFull(error);
  }
  try {
    return booked(value, await ledger.settle(hold.holdId, cost), hold.amount);
  } catch (error) {
    const again = async (): Promise<SettleOutcome> => ledger.settle(hold.holdId, cost);
    const notBooked = { booked: null, overrun: null };
    return done(value, { settlement: "pending", ...notBooked, actual: cost, error, settle: again });
  }
}

const NOTHING: MicroCents = /* @__PURE__ */ microCents(0n);

function booked<Value>(value: Value, outcome: SettleOutcome, held: MicroCents): CallDone<Value> {
  const kind = kindOf(outcome);
  if (kind === "settled" && "overrun" in outcome) {
    return done(value, { settlement: "actual", booked: outcome.booked, overrun: outcome.overrun });
  }
  if (kind !== "conflict") throw unknownAnswer("settle", "settled or conflict");
  const overrun = outcome.booked > held ? microCents(outcome.booked - held) : NOTHING;
  return done(value, { settlement: "conflict", booked: outcome.booked, overrun });
}

async function release(ledger: CallLedger, hold: OpenHold): Promise<void> {
  try {
    await ledger.release(hold.holdId);
  } catch {
    // The caller needs the error that says why nothing was sent. Without a release, the expiry charges the hold.
  }
}
