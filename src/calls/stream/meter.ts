import { ledgerAmount } from "../../money/amount.ts";
import { read, whole, wholeFrom, wrongType } from "../../internal/check.ts";
import { outcome } from "../../money/outcome.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { estimateTokens } from "../../tokens/estimate-tokens.ts";
import { type TokenRates, tokenRates } from "../../tokens/rates.ts";
import { maxTokensOf } from "../max-tokens.ts";
import { affordableTokens } from "./affordable.ts";

/**
 * A received part of a stream, as exactly one of these: `text`, counted by {@link maxTokensOf}; a number of `tokens`; or
 * the provider's `total` so far, which replaces the count.
 */
export type StreamChunk =
  | { readonly text: string; readonly tokens?: undefined; readonly total?: undefined }
  | { readonly tokens: number; readonly text?: undefined; readonly total?: undefined }
  | { readonly total: number; readonly text?: undefined; readonly tokens?: undefined };

/** Whether the next chunk is paid for. */
export type MeterDecision =
  | { readonly kind: "continue"; readonly outputTokens: number }
  | {
      readonly kind: "stop";
      readonly outputTokens: number;
      /** The amount that is missing for the next chunk, in micro-cents: extend the hold by at least this. */
      readonly lacking: MicroCents;
    };

/** Options of {@link StreamMeter}. */
export interface StreamMeterOptions {
  readonly rates: TokenRates;
  /** The held amount for the whole call, input included, in micro-cents. */
  readonly amount: MicroCents;
  /** The most input tokens of the call, cached ones included. */
  readonly maxInputTokens: number;
  /**
   * The most tokens that the provider can generate beyond the counted ones: one chunk, and what it generates before it
   * notices that the stream was closed.
   */
  readonly maxChunkTokens: number;
}

/**
 * Decides when to stop a stream: before the next chunk could cost more than the held amount.
 *
 * It counts only what is passed to `take`. If a provider bills for tokens that it does not send (hidden reasoning, tool
 * calls), pass them as `tokens` or `total`, or set a limit at the provider.
 *
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "15" });
 * const meter = new StreamMeter({ rates, amount: usd("0.01"), maxInputTokens: 1000, maxChunkTokens: 16 });
 * meter.take({ text: "Once upon a time" }).kind; // => "continue"
 * meter.take({ tokens: 440 }).kind; // => "stop"
 * ```
 */
export class StreamMeter {
  readonly #rates: TokenRates;
  readonly #maxInputTokens: number;
  readonly #maxChunkTokens: number;
  #amount: MicroCents;
  /** The most output tokens that the amount pays for. */
  #affordable: number;
  #outputTokens = 0;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a count or an amount out of range.
   */
  constructor(options: StreamMeterOptions) {
    const { rates, amount, maxInputTokens, maxChunkTokens } = read("StreamMeter", options, {
      rates: tokenRates,
      amount: ledgerAmount,
      maxInputTokens: whole,
      maxChunkTokens: wholeFrom(1),
    });
    this.#rates = rates;
    this.#amount = amount;
    this.#maxInputTokens = maxInputTokens;
    this.#maxChunkTokens = maxChunkTokens;
    this.#affordable = this.#payable();
    Object.freeze(this);
  }

  /** An upper bound of the output tokens so far. */
  get outputTokens(): number {
    return this.#outputTokens;
  }

  /** Whether the next chunk, or the first one, is paid for. */
  decision(): MeterDecision {
    const outputTokens = this.#outputTokens;
    const next = outputTokens + this.#maxChunkTokens;
    if (next <= this.#affordable) return outcome({ kind: "continue", outputTokens });
    const lacking = microCents(this.#cost(next) - this.#amount);
    return outcome({ kind: "stop", outputTokens, lacking });
  }

  /**
   * Counts a received chunk.
   *
   * @throws TypeError, RangeError for an invalid chunk. It is not counted, so stop the stream.
   */
  take(chunk: StreamChunk): MeterDecision {
    this.#outputTokens = counted("take: the sum", this.#outputTokens, chunk);
    return this.decision();
  }

  /**
   * Adds to the amount. Call it after the ledger has held `by` more, see {@link OpenHold.extend}.
   *
   * @param by - micro-cents.
   * @throws TypeError, RangeError if `by` or the new amount is not an amount.
   */
  extend(by: MicroCents): MeterDecision {
    const more = ledgerAmount("extend: by", by);
    this.#amount = ledgerAmount("extend: the amount", this.#amount + more);
    this.#affordable = this.#payable();
    return this.decision();
  }

  #cost(maxOutputTokens: number): MicroCents {
    return estimateTokens(this.#rates, { maxInputTokens: this.#maxInputTokens, maxOutputTokens });
  }

  /** The most output tokens that the amount pays for; -1 if it does not cover the input. */
  #payable(): number {
    const limits = { amount: this.#amount, maxInputTokens: this.#maxInputTokens };
    return affordableTokens(this.#rates, limits) ?? -1;
  }
}

function counted(what: string, before: number, chunk: StreamChunk): number {
  const given: unknown = chunk;
  const fields = typeof given === "object" && given !== null ? Object.entries(given) : [];
  // As everywhere, an explicit `undefined` is a missing field.
  const [[key, value] = [], ...more] = fields.filter(([, field]) => field !== undefined);
  if (more.length === 0) {
    if (key === "total") return whole("take: total", value);
    if (key === "tokens") return whole(what, before + whole("take: tokens", value));
    // maxTokensOf checks that it is a string.
    if (key === "text") return whole(what, before + maxTokensOf(value as string));
  }
  throw wrongType("take", "exactly one of { text }, { tokens } and { total }", chunk);
}
