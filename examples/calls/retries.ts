/** Retries, each under a hold of its own: what an attempt may have cost stays set aside when the next one asks. */
import type { HoldRequest } from "dispatch-kit";
import {
  type CallContext,
  type CallLedger,
  type CallResult,
  withHold,
  type WithHoldOutcome,
} from "dispatch-kit/calls";

/**
 * @param request - its `holdId` is the first part of each attempt's: `<holdId>#1`, `<holdId>#2`, …
 * @param isWorthwhile - whether another attempt may fix what was thrown.
 * @returns the first outcome, also if that is a refusal: then earlier attempts have used up the room.
 * @throws unknown what the last attempt has thrown.
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
