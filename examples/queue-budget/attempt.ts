import type { BudgetLedger, HoldOutcome, MicroCents, ScopeCap } from "dispatch-kit";

/** The budget of a queue's jobs. */
export interface Budget {
  /** The most that one attempt of a job can cost. */
  readonly most: MicroCents;
  /** The scopes of an attempt. It is called for each attempt, because a new month is a new scope. */
  readonly scopes: () => readonly ScopeCap[];
  /** Must be longer than a job waits plus an attempt takes: a hold that is not settled by then is charged in full. */
  readonly ttlSeconds: number;
}

/** A handler throws it if it knows the cost of its failed attempt; any other error is charged in full. */
export class AttemptFailed extends Error {
  override readonly name = "AttemptFailed";
  readonly cost: MicroCents;

  constructor(message: string, cost: MicroCents, options?: ErrorOptions) {
    super(message, options);
    this.cost = cost;
  }
}

export function holdIdOf(jobId: string, attempt: number): string {
  return `attempt:${jobId}#${attempt}`;
}

/** Sets aside the most that an attempt can cost. Each attempt has its own hold, because a retry spends again. */
export function holdAttempt(
  ledger: Pick<BudgetLedger, "hold">,
  budget: Budget,
  jobId: string,
  attempt: number,
): Promise<HoldOutcome> {
  const { most, scopes, ttlSeconds } = budget;
  const holdId = holdIdOf(jobId, attempt);
  return Promise.resolve(ledger.hold({ holdId, amount: most, scopes: scopes(), ttlSeconds }));
}

/**
 * Runs an attempt under its hold, and settles the hold at the actual cost.
 *
 * The hold of the first attempt was made when the job was sent. A retry makes its hold here, before it spends anything. If the
 * process dies, the hold stays open: `expire` charges it in full when its ttl is over, and a late `settle` corrects this.
 */
export async function runAttempt<Value>(
  ledger: Pick<BudgetLedger, "hold" | "settle" | "getHold">,
  budget: Budget,
  jobId: string,
  attempt: number,
  call: () => Promise<{ readonly value: Value; readonly cost: MicroCents }>,
): Promise<Value> {
  const holdId = holdIdOf(jobId, attempt);
  if (attempt > 1) {
    const { kind } = await holdAttempt(ledger, budget, jobId, attempt);
    if (kind !== "held") throw new Error(`attempt ${attempt} of ${jobId} has no hold: ${kind}`);
  } else {
    const state = (await ledger.getHold(holdId))?.state ?? "unknown";
    // `charged`: the job has waited longer than its ttl, and the full amount is booked, so the attempt may run.
    if (state !== "open" && state !== "charged") throw new Error(`the hold of ${jobId} is ${state}`);
  }
  let cost = budget.most;
  try {
    const done = await call();
    cost = done.cost;
    return done.value;
  } catch (error) {
    if (error instanceof AttemptFailed) cost = error.cost;
    throw error;
  } finally {
    await settleOrReport(ledger, holdId, cost);
  }
}

/** A failed settlement must not fail the job, which would then run, and be paid for, again. */
async function settleOrReport(
  ledger: Pick<BudgetLedger, "settle">,
  holdId: string,
  cost: MicroCents,
): Promise<void> {
  try {
    await ledger.settle(holdId, cost);
  } catch (error) {
    console.error(`${holdId} could not be settled, and will be charged in full when its ttl is over:`, error);
  }
}

/** Charges the attempts of a dead job in full at once if they were not settled, because they may have run. */
export async function chargeDead(
  ledger: Pick<BudgetLedger, "settle" | "getHold">,
  jobId: string,
  attempts: number,
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const hold = await ledger.getHold(holdIdOf(jobId, attempt));
    if (hold?.state === "open") await ledger.settle(hold.holdId, hold.amount);
  }
}
