import { admits, BudgetCap, BudgetState, microCents, type MicroCents, usd } from "dispatch-kit";
import { do_not_optimize } from "mitata";
import { type Case } from "./measure.ts";
import { numbers } from "./random.ts";
import {
  bigAdmits,
  type Check,
  checkOf,
  decimalAdmits,
  decideByHand,
  dineroAdmits,
  freezeOnly,
  rawAdmits,
  toBig,
  toDecimal,
  toDinero,
} from "./rivals.ts";

/** The three outcomes of `admits`. */
export const OUTCOMES = ["admitted", "refused by run", "refused by month"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface AdmitsCase extends Case {
  readonly outcome: Outcome;
}

/** The names of the cases. */
export const OURS = "dispatch-kit";
export const RAW = "raw bigint inequality";
export const FROZEN = "the same, frozen, without a reason";
export const BY_HAND = "the same, with a reason by hand";
export const DECIMALS = ["decimal.js", "big.js", "dinero.js (bigint)"] as const;

interface OurCheck extends Check<MicroCents> {
  readonly run: BudgetState;
  readonly month: BudgetState;
  readonly cap: BudgetCap;
}

const SETS = 256;

/** Runs of up to $100 in months of up to $2,000. A window that refuses lacks a random part of the estimate. */
function ourChecks(outcome: Outcome): readonly OurCheck[] {
  const below = numbers(SETS);
  const random = (dollars: number): bigint => BigInt(below(dollars * 10_000)) * 10_000n + 10_000n;
  const window = (refuses: boolean, dollars: number, estimate: bigint): [BudgetState, MicroCents] => {
    const reserved = random(dollars / 4);
    const spent = random(dollars / 4);
    const room = refuses ? estimate - 1n - BigInt(below(1000)) : estimate + random(dollars / 4);
    const state = new BudgetState({ reserved: microCents(reserved), spent: microCents(spent) });
    return [state, microCents(reserved + spent + room)];
  };
  return Array.from({ length: SETS }, () => {
    const estimate = microCents(usd("0.50") + random(5));
    const [run, runCap] = window(outcome === "refused by run", 100, estimate);
    const [month, monthCap] = window(outcome === "refused by month", 2000, estimate);
    return Object.freeze({ estimate, run, month, cap: new BudgetCap({ run: runCap, month: monthCap }) });
  });
}

/**
 * `admits` and its rivals on the same 256 sets of arguments for each outcome, all built in advance.
 *
 * Each has its own loop, so that the engine can inline each of them.
 */
export function admitsCases(): readonly AdmitsCase[] {
  return OUTCOMES.flatMap(casesOf);
}

function casesOf(outcome: Outcome): readonly AdmitsCase[] {
  const ours = ourChecks(outcome);
  const raw = ours.map((check) => checkOf(check, (amount) => amount));
  const decimals = ours.map((check) => checkOf(check, toDecimal));
  const bigs = ours.map((check) => checkOf(check, toBig));
  const dineros = ours.map((check) => checkOf(check, toDinero));

  const expected = outcome === "admitted";
  agree(OURS, expected, ours, (check) => admits(check.estimate, check.run, check.month, check.cap).admitted);
  agree(RAW, expected, raw, rawAdmits);
  agree(FROZEN, expected, raw, (check) => freezeOnly(check).admitted);
  agree(BY_HAND, expected, raw, (check) => decideByHand(check).admitted);
  agree(DECIMALS[0], expected, decimals, decimalAdmits);
  agree(DECIMALS[1], expected, bigs, bigAdmits);
  agree(DECIMALS[2], expected, dineros, dineroAdmits);

  const loops: Record<string, () => void> = {
    [RAW]: () => {
      for (const check of raw) do_not_optimize(rawAdmits(check));
    },
    [FROZEN]: () => {
      for (const check of raw) do_not_optimize(freezeOnly(check));
    },
    [BY_HAND]: () => {
      for (const check of raw) do_not_optimize(decideByHand(check));
    },
    [OURS]: () => {
      for (const check of ours) {
        do_not_optimize(admits(check.estimate, check.run, check.month, check.cap));
      }
    },
    [DECIMALS[0]]: () => {
      for (const check of decimals) do_not_optimize(decimalAdmits(check));
    },
    [DECIMALS[1]]: () => {
      for (const check of bigs) do_not_optimize(bigAdmits(check));
    },
    [DECIMALS[2]]: () => {
      for (const check of dineros) do_not_optimize(dineroAdmits(check));
    },
  };
  return Object.entries(loops).map(([name, run]) => ({ outcome, name, calls: SETS, run }));
}

/** Throws if a rival gives another answer: it would not do the same work. */
function agree<Of>(
  name: string,
  expected: boolean,
  checks: readonly Of[],
  admit: (check: Of) => boolean,
): void {
  if (checks.some((check) => admit(check) !== expected))
    throw new Error(`${name} does not answer ${expected}`);
}
