/** Retries, each with its own hold: the money of a failed attempt stays set aside, because it may have been spent. */
import type { HoldRequest } from "dispatch-kit";
import {
  type CallContext,
  type CallLedger,
  type CallResult,
  withHold,
  type WithHoldOutcome,
} from "dispatch-kit/calls";

/**
 * @param request - the attempts have the ids `<holdId>#1`, `<holdId>#2`, …
 * @param options - `attempts`: the most attempts; `isWorthwhile`: whether another attempt may succeed after an error.
 * @returns the first outcome. It is a refusal if earlier attempts have used up the room.
 * @throws unknown the error of the last attempt.
 */
export async function withRetries<Value>(
  ledger: CallLedger,
  request: HoldRequest,
  call: (context: CallContext) => Promise<CallResult<Value>>,
  options: { readonly attempts: number; readonly isWorthwhile: (error: unknown) => boolean },
): Promise<WithHoldOutcome<Value>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withHold(ledger, { ...request, holdId: `${request.holdId}#${String(attempt)}` }, call);
    } catch (error) {
      if (attempt >= options.attempts || !options.isWorthwhile(error)) throw error;
    }
  }
}
