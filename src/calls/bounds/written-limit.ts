import type { MicroCents } from "../../money/micro-cents.ts";
import { type Bid, costOf } from "./bids.ts";
import { RefusedBoundError } from "./outcome.ts";
import type { Reading } from "./reading.ts";

/** No model writes more in one answer. */
const MOST = 2 ** 30;

/**
 * The output limit of each choice that an amount pays for; `null` if the limit that the request has is paid for.
 *
 * @throws RefusedBoundError if the amount does not pay for one token of output.
 */
export function affordableLimit(bids: readonly Bid[], reading: Reading, money: MicroCents): number | null {
  const paysFor = (tokens: number): boolean => {
    const output = (tokens + reading.extraOutput) * reading.choices;
    return bids.every((bid) => costOf(bid, output) <= money);
  };
  const most = Math.min(MOST, ...modelLimits(bids), reading.output.tokens ?? MOST);
  // A limit that the request or the model has already need not be written.
  const hasLimit = reading.output.tokens !== null || modelLimits(bids).length === bids.length;
  if (hasLimit && paysFor(reading.output.tokens ?? most)) return null;
  if (!paysFor(1)) {
    throw new RefusedBoundError("money", "limitOutputTo does not pay for the input and one token of output");
  }
  let paid = 1;
  let unpaid = most + 1;
  if (paysFor(unpaid - 1)) return unpaid - 1;
  while (unpaid - paid > 1) {
    const middle = Math.floor((paid + unpaid) / 2);
    if (paysFor(middle)) paid = middle;
    else unpaid = middle;
  }
  return paid;
}

/** Above the model's own limit, a provider refuses a request. */
function modelLimits(bids: readonly Bid[]): readonly number[] {
  return bids.map(({ quote }) => quote.maxOutputTokens).filter((limit) => limit !== null);
}
