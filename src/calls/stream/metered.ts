import { ledgerAmount } from "../../money/amount.ts";
import { callable, optional, read, wrongType } from "../../internal/check.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { OpenHold } from "../with-hold/open-hold.ts";
import { type MeterDecision, type StreamChunk, StreamMeter } from "./meter.ts";

/** Options of {@link metered}. */
export interface MeteredOptions<Chunk> {
  readonly meter: StreamMeter;
  /** Converts a chunk for the meter; `null` if it does not count. */
  readonly count: (chunk: Chunk) => StreamChunk | null;
  /** The hold to extend before stopping. Without it the stream stops when the amount is used up. */
  readonly hold?: Pick<OpenHold, "extend"> | undefined;
  /** The amount of each extension in micro-cents, 0 by default; at least the missing amount is asked for. */
  readonly extendBy?: MicroCents | undefined;
  /** Called when the stream stops early, before the source is closed. It is awaited. */
  readonly onStop?: ((decision: MeterDecision) => unknown) | undefined;
}

/**
 * Yields the chunks of a stream as long as the next one is paid for. Then it stops and closes the source.
 *
 * Each chunk is counted before it is yielded. The last one is yielded after the source was closed. Closing the source
 * ends the request only if the source's iterator does so, as the streams of `fetch`, openai and anthropic do. For other
 * sources, abort the request in `onStop`.
 *
 * The cost of a stream that was stopped is unknown, so do not settle the last usage report that you have seen.
 *
 * @throws TypeError, RangeError for an invalid option, or a value of `count` that the meter refuses.
 * @throws unknown what the source, `count`, `onStop` and the ledger throw; the source is closed.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "15" });
 * const meter = new StreamMeter({ rates, amount: usd("0.00055"), maxInputTokens: 100, maxChunkTokens: 8 });
 * const seen: string[] = [];
 * const chunks = (async function* () {
 *   yield* ["Once ", "upon ", "a ", "time"];
 * })();
 * for await (const text of metered(chunks, { meter, count: (text) => ({ text }) })) seen.push(text);
 * seen; // => ["Once ", "upon "]
 * ```
 */
export async function* metered<Chunk>(
  chunks: AsyncIterable<Chunk>,
  options: MeteredOptions<Chunk>,
): AsyncGenerator<Chunk, void, undefined> {
  const { meter, count, hold, extendBy, onStop } = settingsOf(options);
  const more = async (decision: MeterDecision): Promise<MeterDecision> => {
    if (decision.kind === "continue" || hold === undefined) return decision;
    const by = extendBy > decision.lacking ? extendBy : decision.lacking;
    const { kind } = await hold.extend(by);
    return kind === "held" ? meter.extend(by) : decision;
  };
  const source = chunks[Symbol.asyncIterator]();
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await source.return?.();
  };
  const stops = async (decision: MeterDecision): Promise<boolean> => {
    const final = await more(decision);
    if (final.kind === "continue") return false;
    await onStop?.(final);
    await close();
    return true;
  };
  try {
    let stopped = await stops(meter.decision());
    while (!stopped) {
      const next = await source.next();
      if (next.done === true) {
        open = false;
        return;
      }
      const counts = count(next.value);
      // Decided before the chunk is yielded: the provider keeps generating while the reader works on it.
      stopped = counts !== null && (await stops(meter.take(counts)));
      yield next.value;
    }
  } finally {
    await close();
  }
}

function settingsOf<Chunk>(options: MeteredOptions<Chunk>): MeteredOptions<Chunk> & { extendBy: MicroCents } {
  const readers = {
    meter: streamMeter,
    count: callable,
    hold: optional(extendable, undefined),
    extendBy: optional(ledgerAmount, microCents(0n)),
    onStop: optional(callable, undefined),
  };
  // The arguments and results of the functions are not checked here.
  return read("metered", options, readers) as unknown as MeteredOptions<Chunk> & {
    extendBy: MicroCents;
  };
}

function streamMeter(what: string, value: unknown): StreamMeter {
  if (value instanceof StreamMeter) return value;
  throw wrongType(what, "a StreamMeter", value);
}

function extendable(what: string, value: unknown): object {
  if (typeof value === "object" && value !== null && "extend" in value) return value;
  throw wrongType(what, "a hold", value);
}
