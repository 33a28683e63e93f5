import { type BudgetLedger, type HoldOutcome, HoldState } from "../../budget/contract.ts";
import { DispatchError } from "../../errors.ts";
import { ledgerAmount } from "../../money/amount.ts";
import { quote } from "../../internal/text.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";

/** The part of a ledger that a call under a hold uses. */
export type CallLedger = Pick<BudgetLedger, "hold" | "settle" | "release" | "extend">;

/** Says that nothing was sent under a hold, so that its money is given back. Made by {@link OpenHold.notSent}. */
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
  /** Whether the answer to the current step was lost, so that the step may have been applied. */
  #answerLost = false;
  /** The last extension. The next one waits for it, because it needs the next step number. */
  #extending: Promise<unknown> | null = null;
  #sent = false;
  #ended = false;
  #unsent: WeakSet<object> | null = null;

  /** @internal */
  constructor(ledger: CallLedger, holdId: string, amount: MicroCents) {
    this.#ledger = ledger;
    this.holdId = holdId;
    this.#amount = amount;
    Object.freeze(this);
  }

  /** The held amount, extensions included, in micro-cents. */
  get amount(): MicroCents {
    return this.#amount;
  }

  /**
   * Makes an error that says that nothing was sent. If the call throws it, the held money is given back.
   *
   * It is valid for this hold only, and only until {@link egressFetch} sends a request under it. If a request was sent
   * but not billed, do not throw this error: return a value with `actual: usd(0)`.
   *
   * @param cause - why nothing was sent.
   */
  notSent(cause: unknown): NotSentError {
    const error = new NotSentError(this.holdId, cause);
    OpenHold.unsent(this, error);
    return error;
  }

  /**
   * Asks the ledger to hold `by` more.
   *
   * If it throws `outcome_unknown`, call it again with the same amount: this repeats the step and never adds it twice.
   *
   * @param by - micro-cents.
   * @returns `held` if the amount is held now; with any other outcome nothing was added.
   * @throws TypeError, RangeError if `by` is not an amount.
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
    const repeats = this.#answerLost;
    this.#answerLost = true;
    const answer = await this.#ledger.extend(this.holdId, by, this.#step);
    this.#answerLost = false;
    // Only after a lost answer does `exists` of an open hold mean that this hold's own step was applied.
    const applied = repeats && answer.kind === "exists" && answer.state === HoldState.OPEN;
    if (answer.kind !== "held" && !applied) return answer;
    this.#step++;
    this.#amount = microCents(this.#amount + by);
    return { kind: "held" };
  }

  /** @internal */
  static is(this: void, value: unknown): value is OpenHold {
    return typeof value === "object" && value !== null && #unsent in value;
  }

  /** @internal Whether a request may be sent now: one per hold, while the call runs. Marks the hold as used. */
  static startSending(this: void, hold: OpenHold): boolean {
    if (hold.#sent || hold.#ended) return false;
    hold.#sent = true;
    return true;
  }

  /** @internal Marks the call as ended; the hold pays for no more requests. */
  static end(this: void, hold: OpenHold): void {
    hold.#ended = true;
  }

  /** @internal Registers an error that is thrown because nothing was sent. */
  static unsent(this: void, hold: OpenHold, error: unknown): void {
    if (typeof error === "object" && error !== null) (hold.#unsent ??= new WeakSet()).add(error);
  }

  /** @internal Whether an error proves that nothing was sent: it is a registered error, or has one as a cause. */
  static provesUnsent(this: void, hold: OpenHold, error: unknown): boolean {
    if (hold.#unsent === null || hold.#sent) return false;
    let found = error;
    // A client may wrap the error of its fetch. The limit also ends a circular chain of causes.
    for (let depth = 0; depth < 8; depth++) {
      if (typeof found !== "object" || found === null) return false;
      if (hold.#unsent.has(found)) return true;
      found = Reflect.get(found, "cause");
    }
    return false;
  }
}
