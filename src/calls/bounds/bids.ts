import type { MicroCents } from "../../money/micro-cents.ts";
import { estimateTokens } from "../../tokens/estimate-tokens.ts";
import type { TokenLimits } from "../../tokens/fields.ts";
import { inputOf } from "./input.ts";
import type { JsonBody } from "./json-body.ts";
import { limitsOf, searchesOf } from "./limits.ts";
import type { Wanted } from "./options.ts";
import { type BoundNumber, RefusedBoundError, unbounded } from "./outcome.ts";
import type { Quote } from "./quotes.ts";
import type { Reading } from "./reading.ts";

/** A bound at one of the rates that are open to a request, before its output is known. */
export interface Bid {
  readonly quote: Quote;
  readonly numbers: readonly BoundNumber[];
  readonly limits: TokenLimits;
  /** The limits with an output. */
  readonly withOutput: (output: number) => TokenLimits;
}

/** A bid with its cost. */
export interface PricedBid extends Bid {
  readonly amount: MicroCents;
}

/**
 * The input and the searches of a request at one of the rates that are open to it.
 *
 * @throws RefusedBoundError if they have no bound.
 */
export function bidFor(quote: Quote, body: JsonBody, reading: Reading, wanted: Wanted): Bid {
  const { rates } = quote;
  if (
    reading.cache === "1h" &&
    rates.cacheWrite1hUsdPerMTok === undefined &&
    Number(rates.inputUsdPerMTok) > 0
  ) {
    const reason = "the price list has no price for a cache of an hour, which the request asks for";
    throw new RefusedBoundError("unpriced", reason);
  }
  const input = inputOf(body, reading, wanted, quote.maxInputTokens);
  const searches = searchesOf(reading, wanted, rates);
  const withOutput = (output: number): TokenLimits =>
    limitsOf(reading, wanted, input.tokens, output, searches?.value ?? 0);
  const numbers = searches === null ? input.numbers : [...input.numbers, searches];
  return { quote, numbers, limits: withOutput(0), withOutput };
}

/** The cost of a bid with an output. */
export function costOf({ quote, withOutput }: Bid, output: number): MicroCents {
  const limits = withOutput(output);
  if (!Number.isSafeInteger(limits.maxInputTokens) || !Number.isSafeInteger(output)) {
    throw unbounded("its tokens are more than a number can count");
  }
  try {
    return estimateTokens(quote.rates, limits);
  } catch (error) {
    // The limits are whole numbers, so what it refuses are searches, or an hour's cache, without a price.
    throw new RefusedBoundError("unpriced", (error as RangeError).message);
  }
}

/** The dearest of several bids with the same output. */
export function dearestBid(
  bids: readonly Bid[],
  output: number,
  limit: number | null,
  numbers: readonly BoundNumber[] = [],
): PricedBid {
  const written: readonly BoundNumber[] =
    limit === null ? [] : [{ name: "output limit", value: limit, unit: "tokens", standing: "stated" }];
  const priced = bids.map((bid) => ({
    ...bid,
    amount: costOf(bid, output),
    limits: bid.withOutput(output),
    numbers: [...bid.numbers, ...numbers, ...written],
  }));
  return priced.reduce((most, next) => (next.amount > most.amount ? next : most));
}
