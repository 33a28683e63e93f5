import { formatUsd, type TokenPrices, TokenRates } from "dispatch-kit";
import { actualOf, ratesFromGenaiPrices, ratesFromLitellm, type RatesOutcome } from "dispatch-kit/calls";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Listed {
  readonly options: { readonly at: string };
}

/** A reported case: prices, what the provider sent, and every right answer. */
interface Bill {
  readonly source: string;
  readonly kind: string;
  readonly gist: string;
  readonly input: {
    readonly rates?: TokenPrices;
    readonly litellm?: Listed & { readonly list: object; readonly model: string };
    readonly genai?: Listed & { readonly entry: object };
    readonly report: unknown;
  };
  /** Amounts in USD; `null`: nobody can know; `refused`: there is no price. */
  readonly accept: readonly (string | null)[];
}

const bills = JSON.parse(readFileSync(new URL("../vectors/bills.json", import.meta.url), "utf8")) as Bill[];

function ratesOf({ rates, litellm, genai }: Bill["input"]): RatesOutcome | TokenRates {
  if (rates !== undefined) return new TokenRates(rates);
  const options = { at: new Date((litellm ?? genai)?.options.at ?? "") };
  return litellm === undefined
    ? ratesFromGenaiPrices(genai?.entry, options)
    : ratesFromLitellm(litellm.list, litellm.model, options);
}

/** The answer to a case: an amount in USD, `null` or `refused`. */
function answer({ input }: Bill): { readonly cost: string | null; readonly reason?: string } {
  const found = ratesOf(input);
  if ("kind" in found && found.kind === "refused") return { cost: "refused", reason: found.reason };
  const actual = actualOf("kind" in found ? found.rates : found, input.report);
  return actual.kind === "unknown"
    ? { cost: null, reason: actual.reason }
    : { cost: formatUsd(actual.actual) };
}

describe("actualOf: what people reported about the cost of calls", () => {
  it.each(bills.map((bill) => [`${bill.source} (${bill.kind})`, bill] as const))("%s", (_, bill) => {
    const { cost, reason } = answer(bill);
    const right = bill.accept.map((amount) =>
      amount === null || amount === "refused" ? amount : usd(amount),
    );
    expect(right, `${bill.gist} Got ${String(cost)}: ${reason ?? ""}`).toContain(cost);
  });
});

/** An amount as `formatUsd` prints it. */
function usd(amount: string): string {
  const [whole = "0", places = ""] = amount.split(".");
  return `${whole}.${places.replace(/0+$/, "").padEnd(2, "0")}`;
}
