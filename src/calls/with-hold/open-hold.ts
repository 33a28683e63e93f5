import { type BudgetLedger, type HoldOutcome, HoldState } from "../../budget/contract.ts";
import { DispatchError } from "../../errors.ts";
import { ledgerAmount } from "../../money/amount.ts";
import { quote } from "../../internal/text.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";

/** What a call under a hold needs of a ledger. */
export type CallLedger = Pick<BudgetLedger, "hold" | "settle" | "release" | "extend">;

/** Nothing was sent for a hold, so its money was given back; made by {@link OpenHold.notSent}. */
export class NotSentError extends DispatchError {
  override readonly name = "NotSentError";

  constructor(holdId: string, cause: unknown) {
    super("not_sent", `nothing was sent under the hold ${quote(holdId)}`, { subject: holdId, cause });
  }
}

/** The hold that a call runs under: it pays for one request. */
export class OpenHold {
  readonly holdId: string;
  readonly #ledger: CallLedger;
  #amount: MicroCents;
  #step = 1;
  /** Whether the current step may have been made already: its answer was lost. */
  #unsure = false;
  /** Extensions one after another: each needs the number of the one before. */
  #extending: Promise<unknown> | null = null;
  #sent = false;
  #over = false;
  #unsent: WeakSet<object> | null = null;

  /** @internal */
  constructor(ledger: CallLedger, holdId: string, amount: MicroCents) {
    this.#ledger = ledger;
    this.holdId = holdId;
    this.#amount = amount;
    Object.freeze(this);
  }

  /** What is set aside, extensions included, in micro-cents. */
  get amount(): MicroCents {
    return this.#amount;
  }

  /**
   * An error that says that nothing was sent: a call that throws it has its money given back.
   *
   * It counts under this hold alone, and not after {@link egressFetch} has sent something under it. What was
   * sent and not billed is no such error: return it as a value with `actual: usd(0)`.
   *
   * @param cause - why nothing was sent.
   */
  notSent(cause: unknown): NotSentError {
    const error = new NotSentError(this.holdId, cause);
    OpenHold.unsent(this, error);
    return error;
  }

  /**
   * Asks the ledger to set `by` more aside.
   *
   * If it throws `outcome_unknown`, the next call with the same amount repeats it and never adds twice.
   *
   * @param by - micro-cents.
   * @returns `held` if it is set aside now; otherwise nothing was added.
   * @throws TypeError, RangeError if it is no amount.
   * @throws unknown what the ledger throws.
   */
  async extend(by: MicroCents): Promise<HoldOutcome> {
    const more = ledgerAmount("extend: by", by);
    const before = this.#extending;
    const extending = (async () => {
      await before?.catch(() => null);
      return this.#extend(more);
    })();
    this.#extending = extending;
    return extending;
  }

  async #extend(by: MicroCents): Promise<HoldOutcome> {
    const repeats = this.#unsure;
    this.#unsure = true;
    const answer = await this.#ledger.extend(this.holdId, by, this.#step);
    this.#unsure = false;
    // Only this hold's own lost answer makes an open hold's `exists` the news that the step was made.
    const made = repeats && answer.kind === "exists" && answer.state === HoldState.OPEN;
    if (answer.kind !== "held" && !made) return answer;
    this.#step++;
    this.#amount = microCents(this.#amount + by);
    return { kind: "held" };
  }

  /** @internal */
  static is(this: void, value: unknown): value is OpenHold {
    return typeof value === "object" && value !== null && #unsent in value;
  }

  /** @internal Lets one request be sent, once, while the call runs; whether this may be it. */
  static startSending(this: void, hold: OpenHold): boolean {
    if (hold.#sent || hold.#over) return false;
    hold.#sent = true;
    return true;
  }

  /** @internal The call has ended: nothing more is paid for. */
  static end(this: void, hold: OpenHold): void {
    hold.#over = true;
  }

  /** @internal Notes that this is what is thrown because nothing was sent. */
  static unsent(this: void, hold: OpenHold, error: unknown): void {
    if (typeof error === "object" && error !== null) (hold.#unsent ??= new WeakSet()).add(error);
  }

  /** @internal Whether a throw shows that nothing has left: it is, or was caused by, what was noted. */
  static provesUnsent(this: void, hold: OpenHold, error: unknown): boolean {
    if (hold.#unsent === null || hold.#sent) return false;
    let found = error;
    // A client wraps what its fetch throws; a chain that goes round in a circle ends too.
    for (let depth = 0; depth < 8; depth++) {
      if (typeof found !== "object" || found === null) return false;
      if (hold.#unsent.has(found)) return true;
      found = Reflect.get(found, "cause");
    }
    return false;
  }
}
