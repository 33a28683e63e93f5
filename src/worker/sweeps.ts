import type { Tell } from "../dispatch/events.ts";
import type { WorkStore } from "./options.ts";

/** Recovers lost leases and ends overdue jobs once. `more`: a repeated call would find more. */
export async function recoverLost(
  store: Pick<WorkStore, "recoverStale">,
  leaseSeconds: number,
  tell: Tell,
): Promise<{ readonly found: boolean; readonly more: boolean }> {
  const { attempts, ended, more } = await store.recoverStale({ ttlSeconds: leaseSeconds });
  for (const attempt of attempts) tell({ kind: "recovered", ...attempt });
  // A store of somebody's own that knows no deadlines may leave it out.
  const overdue = (ended as typeof ended | undefined) ?? [];
  for (const job of overdue) tell({ kind: "expired", ...job });
  const found = attempts.length > 0;
  return { found, more: more && (found || overdue.length > 0) };
}

/** Charges the holds that have expired once, if the store can. Returns whether a repeated call would find more. */
export async function expireHolds(store: Pick<WorkStore, "expire">, tell: Tell): Promise<boolean> {
  const swept = await store.expire?.();
  for (const hold of swept?.charged ?? []) tell({ kind: "expired", ...hold });
  return swept !== undefined && swept.more && swept.charged.length > 0;
}
