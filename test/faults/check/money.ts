import type { Plan, PlannedScope } from "../plan.ts";
import type { HoldRow, Rows } from "../rows.ts";
import { type Evidence, unionOf } from "./evidence.ts";

/** The money: added up from the spend files and from the rows, never by the store. */
export function moneyViolations(found: Evidence): readonly string[] {
  return [...caps(found), ...counters(found.rows), ...holds(found), ...spends(found)];
}

/** At every instant: counters are their holds, and what is set aside and booked is within the caps. */
export function instantViolations(plan: Plan, rows: Rows): readonly string[] {
  const committed = totals(plan, rows, ({ state, held, booked }) => (state === "open" ? held : booked));
  const above = committed.filter(({ sum, cap }) => sum > cap);
  return [
    ...counters(rows),
    ...above.map(
      ({ scope, sum, cap }) => `${scope} has committed ${String(sum)}, above its cap of ${String(cap)}`,
    ),
  ];
}

/**
 * The promise: per scope, the true cost of all that was admitted is within the largest cap it was admitted under. What a
 * person has corrected costs what the person says.
 */
function caps({ plan, rows, spent }: Evidence): readonly string[] {
  return totals(plan, rows, ({ holdId, corrected, booked }) =>
    corrected ? booked : (spent.get(holdId) ?? 0n),
  )
    .filter(({ sum, cap }) => sum > cap)
    .map(
      ({ scope, sum, cap }) => `${scope} has cost ${String(sum)} in truth, above its cap of ${String(cap)}`,
    );
}

/**
 * A sum over the holds of each scope, and the largest cap that one of them was asked for with, or that was ever pinned.
 * What corrections have added to a bill comes on top of the cap: it is the one way past it.
 */
function totals(
  plan: Plan,
  rows: Rows,
  of: (hold: HoldRow) => bigint,
): readonly { readonly scope: string; readonly sum: bigint; readonly cap: bigint }[] {
  const planned = new Map<string, readonly PlannedScope[]>([
    ...plan.jobs.map(({ jobId, scopes }) => [jobId, scopes] as const),
    ...plan.holds.map(({ holdId, scopes }) => [holdId, scopes] as const),
  ]);
  const pinned = largestPins(rows);
  const raised = raises(rows);
  const found = new Map<string, { scope: string; sum: bigint; cap: bigint }>();
  for (const hold of unionOf(rows).holds) {
    for (const { scope, cap: asked } of planned.get(hold.jobId ?? hold.holdId) ?? []) {
      const cap = asked ?? pinned.get(scope) ?? 0n;
      const total = found.get(scope) ?? { scope, sum: 0n, cap: 0n };
      found.set(scope, { scope, sum: total.sum + of(hold), cap: cap > total.cap ? cap : total.cap });
    }
  }
  return [...found.values()].map((one) => ({ ...one, cap: one.cap + (raised.get(one.scope) ?? 0n) }));
}

/** The largest cap of each scope that was ever in force. */
function largestPins({ scopes, scopeMoves }: Rows): ReadonlyMap<string, bigint> {
  const largest = new Map<string, bigint>();
  const all = [...scopes, ...scopeMoves.flatMap(({ before, after }) => (after ? [before, after] : [before]))];
  for (const { scope, pinned, raisedTo } of all) {
    for (const cap of [pinned, raisedTo]) {
      if (cap !== null && cap > (largest.get(scope) ?? 0n)) largest.set(scope, cap);
    }
  }
  return largest;
}

/** What corrections have added in each scope to what was booked. */
function raises({ holdMoves }: Rows): ReadonlyMap<string, bigint> {
  const raised = new Map<string, bigint>();
  for (const { before, after } of holdMoves) {
    if (after?.corrected !== true || after.booked <= before.booked) continue;
    for (const scope of after.scopes)
      raised.set(scope, (raised.get(scope) ?? 0n) + after.booked - before.booked);
  }
  return raised;
}

/** Each counter is the sum of its holds, and of those that were forgotten. */
function counters(rows: Rows): readonly string[] {
  const all = unionOf(rows).holds;
  const names = new Set([...rows.scopes.map(({ scope }) => scope), ...all.flatMap(({ scopes }) => scopes)]);
  return [...names].flatMap((name) => {
    const counted = rows.scopes.find(({ scope }) => scope === name) ?? { reserved: 0n, spent: 0n };
    let [reserved, spent] = [0n, 0n];
    for (const { scopes, state, held, booked } of all) {
      if (!scopes.includes(name)) continue;
      if (state === "open") reserved += held;
      spent += booked;
    }
    const says = (what: string, is: bigint, sum: bigint): readonly string[] =>
      is === sum ? [] : [`${name} says ${what} ${String(is)}, its holds add up to ${String(sum)}`];
    return [...says("reserved", counted.reserved, reserved), ...says("spent", counted.spent, spent)];
  });
}

/** Each hold was asked for, is closed, and booked at what it has cost, or in full. */
function holds({ plan, holds: all, spent }: Evidence): readonly string[] {
  return [...all.values()].flatMap(({ holdId, jobId, asked, held, scopes, state, booked, corrected }) => {
    const job = plan.jobs.find((one) => one.jobId === jobId);
    const own = plan.holds.find((one) => one.holdId === holdId);
    const wanted = job ? { amount: job.maxCost, most: job.maxCost, scopes: job.scopes } : null;
    const expected = own ? { ...own, most: own.amount + own.extension } : wanted;
    if (!expected) return [`hold ${holdId} was never asked for`];
    const cost = spent.get(holdId) ?? 0n;
    const is = `hold ${holdId} is ${state} at ${String(booked)}`;
    const found: string[] = [];
    if (
      asked !== expected.amount ||
      held > expected.most ||
      String(scopes) !== String(expected.scopes.map(({ scope }) => scope))
    )
      found.push(`${is}, for another request: ${String(asked)}, ${String(held)}, ${String(scopes)}`);
    if (cost > held) found.push(`${is}; ${String(held)} was set aside, and it has cost ${String(cost)}`);
    if (state === "open") found.push(`${is} after the end`);
    if (state === "released" && cost > 0n) found.push(`${is}, and has cost ${String(cost)}`);
    if (state === "charged" && booked !== held) found.push(`${is}, and ${String(held)} was set aside`);
    if (state === "settled" && booked !== cost && !corrected)
      found.push(`${is}, and has cost ${String(cost)}`);
    return found;
  });
}

/** Nothing was spent but under a hold. */
function spends({ spent, holds: known }: Evidence): readonly string[] {
  return [...spent].flatMap(([holdId, cost]) =>
    known.has(holdId) ? [] : [`${String(cost)} was spent under ${holdId}, which does not exist`],
  );
}
