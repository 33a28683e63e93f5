import type { BudgetLedger, HoldOutcome, MicroCents, ScopeCap } from "dispatch-kit";

/** What a queue's jobs may cost. */
export interface Budget {
  /** The most that one attempt of a job can cost. */
  readonly most: MicroCents;
  /** Where it is held; made anew for each attempt, because the next month has room of its own. */
  readonly scopes: () => readonly ScopeCap[];
  /** Longer than a job waits and an attempt takes: what is not settled by then is charged in full. */
  readonly ttlSeconds: number;
}

/** Thrown by a handler that knows what its failed attempt has cost; any other failure costs the most. */
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

/** Sets aside what an attempt can cost. Each has a hold of its own: a retry spends again. */
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
 * Runs an attempt under its hold, and settles it at the true cost.
 *
 * The first attempt was held for when the job was sent; a retry holds here, before it spends anything. A process
 * that dies in between leaves the hold open: `expire` charges it in full at its ttl, and a late settle corrects that.
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
    if (kind !== "held") throw new Error(`attempt ${attempt} of ${jobId} is not held for: ${kind}`);
  } else {
    const state = (await ledger.getHold(holdId))?.state ?? "unknown";
    // Charged: it has waited longer than its ttl, and the full amount is set aside all the same.
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

/** A settlement that fails must not fail the job: it would be done, and paid for, again. */
async function settleOrReport(
  ledger: Pick<BudgetLedger, "settle">,
  holdId: string,
  cost: MicroCents,
): Promise<void> {
  try {
    await ledger.settle(holdId, cost);
  } catch (error) {
    console.error(`${holdId} is not settled, and will be charged in full at its ttl:`, error);
  }
}

/** A dead job's attempts that nobody settled may have run: each is charged in full, without waiting for its ttl. */
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
