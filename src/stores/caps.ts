import type { Decision } from "../approval/decision.ts";
import type { PinnedCap } from "../budget/contract.ts";
import { identifier, read } from "../internal/check.ts";
import { ledgerAmount } from "../money/amount.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { type Instant, instant } from "../time.ts";
import { decidedBy } from "./decided.ts";
import type { Run } from "./operations.ts";
import { Questions } from "./questions.ts";

/** Checks the arguments about pinned caps, and runs these operations of every store. */
export class Caps extends Questions {
  readonly #run: Run;

  constructor(run: Run) {
    super(run);
    this.#run = run;
  }

  async pinCap(scope: string, cap: MicroCents, decision: Decision): Promise<void> {
    const checked = identifier("pinCap: scope", scope);
    const amount = ledgerAmount("pinCap: cap", cap);
    const decided = decidedBy("pinCap", decision, checked, String(amount));
    return this.#run((operations) => operations.pinCap(checked, amount, decided));
  }

  async unpinCap(scope: string, decision: Decision): Promise<void> {
    const checked = identifier("unpinCap: scope", scope);
    const decided = decidedBy("unpinCap", decision, checked);
    return this.#run((operations) => operations.unpinCap(checked, decided));
  }

  async raiseCap(
    scope: string,
    raise: { readonly to: MicroCents; readonly until: Instant },
    decision: Decision,
  ): Promise<void> {
    const checked = identifier("raiseCap: scope", scope);
    const { to, until } = read("raiseCap: raise", raise, { to: ledgerAmount, until: instant });
    const decided = decidedBy("raiseCap", decision, checked, String(to), until);
    return this.#run((operations) => operations.raiseCap(checked, to, until, decided));
  }

  async cap(scope: string): Promise<PinnedCap | null> {
    const checked = identifier("cap: scope", scope);
    return this.#run((operations) => operations.cap(checked));
  }
}
