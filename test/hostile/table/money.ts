import { BudgetCap, BudgetState, usd } from "dispatch-kit";
import { rational } from "../../support/rational.ts";
import * as law from "../laws.ts";
import { type Fields, isPlain } from "../values.ts";
import { type Entry, type Law, answers, json, none, read, value, valueOf } from "./entry.ts";

/** Dollars as JSON has them. */
const dollars: law.Field = (model) => {
  const micro = typeof model === "string" ? microCents(model) : null;
  return micro === null || micro < 0n ? law.REFUSED : micro;
};

function microCents(model: unknown, up = false): bigint | null {
  const exact = law.decimal(model, up);
  if (exact === null) return null;
  return up || (exact.over * 10n ** 8n) % exact.under === 0n ? law.roundedUp(exact) : null;
}

export const cap = new BudgetCap({ run: usd(5), month: usd(5) });

const over = new BudgetState({ reserved: usd(4), spent: usd(6) });

const state = new BudgetState({ reserved: usd(4), spent: usd(6) });

const stateFields = { reserved: law.amount, spent: law.amount };

const stateOf = valueOf(stateFields, over, state);

const capFields = {
  run: law.or(0n, law.amount),
  month: law.or(0n, law.amount),
};

export const capOf = valueOf(capFields, cap);

const oneState =
  (
    next: (state: Record<"reserved" | "spent", bigint>, estimate: bigint, actual: bigint) => Fields | null,
  ): Law =>
  (result, [before, estimate, actual = 0n]) => {
    const fields = stateOf(before);
    if (!read(fields) || typeof estimate !== "bigint" || typeof actual !== "bigint") return false;
    const after = next(fields as Record<"reserved" | "spent", bigint>, estimate, actual);
    return estimate >= 0n && actual >= 0n && after !== null && law.has(result, after);
  };

/** Caps, states and amounts. */
export const MONEY: Readonly<Record<string, Entry>> = {
  admits: {
    args: () => [usd(1), over, state, cap],
    law: (result, [estimate, ...models]) => {
      const [run, month] = models.slice(0, 2).map(stateOf);
      const caps = capOf(models[2]);
      if (typeof estimate !== "bigint" || !read(run) || !read(month) || !read(caps)) return false;
      const fits = (window: string, of: unknown): boolean => {
        const { reserved, spent } = of as Record<"reserved" | "spent", bigint>;
        return reserved + spent + estimate <= (caps[window] as bigint);
      };
      const admitted = estimate >= 0n && fits("run", run) && fits("month", month);
      return isPlain(result) && result["admitted"] === admitted && Object.isFrozen(result);
    },
  },
  reserve: {
    args: () => [state, usd(1)],
    law: oneState(({ reserved, spent }, estimate) => ({
      reserved: reserved + estimate,
      spent,
    })),
  },
  reconcile: {
    args: () => [state, usd(1), usd(2)],
    law: oneState(({ reserved, spent }, estimate, actual) =>
      estimate <= reserved ? { reserved: reserved - estimate, spent: spent + actual } : null,
    ),
  },
  release: {
    args: () => [state, usd(1)],
    law: oneState(({ reserved, spent }, estimate) =>
      estimate <= reserved ? { reserved: reserved - estimate, spent } : null,
    ),
  },
  usd: {
    args: () => ["12.50", "up"],
    law: (result, [model, rounding]) =>
      (rounding === undefined || rounding === "up") &&
      result !== null &&
      result === microCents(model, rounding === "up"),
  },
  microCents: {
    args: () => ["1250000000"],
    law: (result, [model]) =>
      typeof model === "bigint"
        ? result === model
        : typeof model === "string" && /^-?\d+$/.test(model) && result === BigInt(model),
  },
  formatUsd: {
    args: () => [usd("12.5")],
    law: (result, [model]) =>
      typeof model === "bigint" &&
      typeof result === "string" &&
      /^-?\d+\.\d{2,8}$/.test(result) &&
      law.roundedUp(rational(result)) === model,
  },
  "new BudgetCap": {
    args: () => [{ run: usd(5), month: usd(6) }],
    law: value(capFields, {}),
  },
  "BudgetCap.fromJSON": {
    args: () => [{ run: "5.00", month: "6.00" }],
    law: value({ run: dollars, month: dollars }),
  },
  "BudgetCap#forWindow": {
    self: cap,
    args: () => ["run"],
    law: (result, [model]) => (model === "run" || model === "month") && result === usd(5),
  },
  "BudgetCap#toJSON": json(cap),
  "new BudgetState": {
    args: () => [{ reserved: usd(4), spent: usd(6) }],
    law: value(stateFields),
  },
  "BudgetState.fromJSON": {
    args: () => [{ reserved: "4.00", spent: "6.00" }],
    law: value({ reserved: dollars, spent: dollars }),
  },
  "BudgetState#committed": { self: over, args: none, law: answers(usd(10)) },
  "BudgetState#toJSON": json(over),
};
