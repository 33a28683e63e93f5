import { ledgerAmount } from "../../money/amount.ts";
import { anything, read, whole, wholeFrom, wrongType } from "../../internal/check.ts";
import { outcome } from "../../money/outcome.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { estimateTokens, type TokenRates } from "../../tokens/rates.ts";
import { maxTokensOf } from "../max-tokens.ts";
import { affordableTokens } from "./affordable.ts";

/**
 * What a stream has brought: `text` of which the bound of {@link maxTokensOf} counts, a number of `tokens`, or
 * the `total` so far as the provider counts it, which replaces what was counted before.
 */
export type StreamChunk =
  { readonly text: string } | { readonly tokens: number } | { readonly total: number };

/** Whether the next chunk may come. */
export type MeterDecision =
  | { readonly kind: "continue"; readonly outputTokens: number }
  | {
      readonly kind: "stop";
      readonly outputTokens: number;
      /** What the next chunk could cost beyond the amount, in micro-cents: what to extend by, at least. */
      readonly lacking: MicroCents;
    };

export interface StreamMeterOptions {
  readonly rates: TokenRates;
  /** Micro-cents that are set aside for the whole call, its input too. */
  readonly amount: MicroCents;
  /** The most input tokens that the call can have, cached ones included. */
  readonly maxInputTokens: number;
  /**
   * The most tokens by which the provider can be ahead of what was counted: one chunk, and what it generates
   * until it notices that nobody reads any more.
   */
  readonly maxChunkTokens: number;
}

/**
 * Says when to stop a stream, before its next chunk could cost more than is set aside.
 *
 * It has no clock and asks nobody. It counts what it is shown: a provider that bills for what it does not send
 * (hidden reasoning, tool calls) must be shown as `tokens` or `total`, or be given a limit of its own.
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
  /** What the amount pays for. */
  #affordable: number;
  #outputTokens = 0;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a count or an amount out of range.
   */
  constructor(options: StreamMeterOptions) {
    const { rates, amount, maxInputTokens, maxChunkTokens } = read("StreamMeter", options, {
      rates: anything,
      amount: ledgerAmount,
      maxInputTokens: whole,
      maxChunkTokens: wholeFrom(1),
    });
    // The estimate checks that they are rates.
    this.#rates = rates as TokenRates;
    this.#amount = amount;
    this.#maxInputTokens = maxInputTokens;
    this.#maxChunkTokens = maxChunkTokens;
    this.#affordable = this.#payable();
    Object.freeze(this);
  }

  /** The most that the output can have been so far. */
  get outputTokens(): number {
    return this.#outputTokens;
  }

  /** Whether the first, or the next, chunk may come. */
  decision(): MeterDecision {
    const outputTokens = this.#outputTokens;
    const next = outputTokens + this.#maxChunkTokens;
    if (next <= this.#affordable) return outcome({ kind: "continue", outputTokens });
    const lacking = microCents(this.#cost(next) - this.#amount);
    return outcome({ kind: "stop", outputTokens, lacking });
  }

  /**
   * Counts what has come.
   *
   * @throws TypeError, RangeError for what is none of the three; nothing is counted then, so stop.
   */
  take(chunk: StreamChunk): MeterDecision {
    this.#outputTokens = counted("take: the sum", this.#outputTokens, chunk);
    return this.decision();
  }

  /** There is `by` more, in micro-cents: the ledger has set it aside, see {@link OpenHold.extend}. */
  extend(by: MicroCents): MeterDecision {
    const more = ledgerAmount("extend: by", by);
    this.#amount = ledgerAmount("extend: the amount", this.#amount + more);
    this.#affordable = this.#payable();
    return this.decision();
  }

  #cost(maxOutputTokens: number): MicroCents {
    return estimateTokens(this.#rates, { maxInputTokens: this.#maxInputTokens, maxOutputTokens });
  }

  /** Less than nothing if not even the input is paid for. */
  #payable(): number {
    const limits = { amount: this.#amount, maxInputTokens: this.#maxInputTokens };
    return affordableTokens(this.#rates, limits) ?? -1;
  }
}

function counted(what: string, before: number, chunk: StreamChunk): number {
  const [key, ...more] = typeof (chunk as unknown) === "object" ? Object.keys(chunk) : [];
  const value: unknown = key === undefined ? key : Reflect.get(chunk, key);
  if (more.length === 0) {
    if (key === "total") return whole("take: total", value);
    if (key === "tokens") return whole(what, before + whole("take: tokens", value));
    // maxTokensOf checks that it is a text.
    if (key === "text") return whole(what, before + maxTokensOf(value as string));
  }
  throw wrongType("take", "{ text }, { tokens } or { total }", chunk);
}
