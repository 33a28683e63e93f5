import { ledgerAmount } from "../../money/amount.ts";
import { callable, optional, read, wrongType } from "../../internal/check.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { OpenHold } from "../with-hold/open-hold.ts";
import { type MeterDecision, type StreamChunk, StreamMeter } from "./meter.ts";

export interface MeteredOptions<Chunk> {
  readonly meter: StreamMeter;
  /** What a chunk counts for; `null`: nothing. */
  readonly count: (chunk: Chunk) => StreamChunk | null;
  /** Where to ask for more money before stopping; without it, it stops. */
  readonly hold?: Pick<OpenHold, "extend">;
  /** How much to ask for at a time, in micro-cents; more if the next chunk could need more. */
  readonly extendBy?: MicroCents;
  /** Told when it stops early, before the source is closed. */
  readonly onStop?: (decision: MeterDecision) => unknown;
}

/**
 * The chunks of a stream, as long as the next one is paid for; then it stops, and closes the source.
 *
 * Each chunk is counted before it is handed on, and the last one is handed on after the source was closed. Closing
 * the source ends the request only if that is what its iterator does (the streams of `fetch`, openai and anthropic
 * do): otherwise abort it in `onStop`.
 *
 * @throws unknown what the source, `count` and the ledger throw; the source is closed.
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
      // At once, and not when the reader comes back: the provider goes on meanwhile.
      stopped = counts !== null && (await stops(meter.take(counts)));
      yield next.value;
    }
  } finally {
    await close();
  }
}

function settingsOf<Chunk>(options: MeteredOptions<Chunk>): MeteredOptions<Chunk> & { extendBy: MicroCents } {
  const readers = {
    meter: ourMeter,
    count: callable,
    hold: optional(extendable, undefined),
    extendBy: optional(ledgerAmount, microCents(0n)),
    onStop: optional(callable, undefined),
  };
  // The functions are called as their declared types say.
  return read("metered", options, readers, true) as unknown as MeteredOptions<Chunk> & {
    extendBy: MicroCents;
  };
}

function ourMeter(what: string, value: unknown): StreamMeter {
  if (value instanceof StreamMeter) return value;
  throw wrongType(what, "a StreamMeter", value);
}

function extendable(what: string, value: unknown): object {
  if (typeof value === "object" && value !== null && "extend" in value) return value;
  throw wrongType(what, "a hold", value);
}
