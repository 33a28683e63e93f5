import type { Claimed, RefusedPayload } from "../dispatch/contract.ts";
import type { claimOptions } from "../dispatch/options.ts";
import { storableText } from "../dispatch/rules.ts";
import { microCents } from "../money/micro-cents.ts";
import type { ClaimedText, Run } from "./operations.ts";
import type { StoredValues } from "./stored-values.ts";

type Options = ReturnType<typeof claimOptions>;

/** Claims jobs whose payloads the store's parser accepts. The others are given back, and told to `onRefused`. */
export async function claimJobs<Payload, Result>(
  run: Run,
  values: StoredValues<Payload, Result>,
  lanes: readonly string[],
  limit: number,
  { leaseSeconds, by, onRefused, signal }: Options,
): Promise<readonly Claimed<Payload>[]> {
  for (;;) {
    const claimed = await run((operations) => operations.claimMany(lanes, limit, { leaseSeconds, by }));
    const jobs: Claimed<Payload>[] = [];
    for (const { lease, payload, paid, maxRunSeconds } of claimed) {
      try {
        jobs.push(Object.freeze({ lease, payload: values.payload(payload), maxRunSeconds }));
      } catch (error) {
        const outcome = await giveBack(run, lease, paid, error);
        try {
          await onRefused?.(Object.freeze({ lease, error, outcome }));
        } catch {
          // What it throws is ignored.
        }
      }
    }
    if (jobs.length > 0 || claimed.length === 0 || signal?.aborted === true) return jobs;
  }
}

/** Gives a job back at no cost. `null` if the store fails: the other jobs of the claim must run. */
async function giveBack(
  run: Run,
  lease: ClaimedText["lease"],
  paid: boolean,
  error: unknown,
): Promise<RefusedPayload["outcome"]> {
  const failure = {
    lease,
    // A parser's refusal is an error.
    error: storableText((error as Error).message),
    retriable: true,
    counts: false,
    maxAttempts: Infinity,
    actual: paid ? microCents(0n) : null,
    retryAfterSeconds: 0,
    isRefusal: true,
  };
  try {
    return (await run((operations) => operations.fail(failure))).kind;
  } catch {
    // Recovery takes the lease back.
    return null;
  }
}
