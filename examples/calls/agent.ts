/** An agent that wants to make a hundred calls at $0.18 each, under a cap of $1: it makes five. */
import { type MicroCents, runScope, usd } from "dispatch-kit";
import { type CallLedger, withHold } from "dispatch-kit/calls";

const CAP = usd("1");
const PER_CALL = usd("0.18");

/**
 * @param step - makes one paid call, and returns its actual cost.
 * @returns how many calls were made before the budget was used up.
 */
export async function runAgent(
  ledger: CallLedger,
  agent: { readonly runId: string; readonly name: string },
  step: (call: number) => Promise<MicroCents>,
): Promise<number> {
  const scopes = [{ scope: runScope(agent.runId), cap: CAP }];
  let made = 0;
  for (let call = 1; call <= 100; call++) {
    const request = { holdId: `${agent.name}/${String(call)}`, amount: PER_CALL, scopes, ttlSeconds: 600 };
    const outcome = await withHold(ledger, request, async () => ({ value: call, actual: await step(call) }));
    if (outcome.kind === "refused") break;
    if (outcome.kind === "done") made++;
  }
  return made;
}
