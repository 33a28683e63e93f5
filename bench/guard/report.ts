import { beyond, noise, nsOf, ratio, type Timing } from "../measure.ts";
import { table } from "../table.ts";
import { type CallCase, LEDGERS, type LedgerName, type Transport, TRANSPORTS } from "./calls.ts";
import { EVENTS, KINDS, PACES, type StreamCase } from "./events.ts";
import { type Memory, STREAMS } from "./memory.ts";
import { type Wire, WIRES } from "./wires.ts";

/** What was measured of `guardedFetch`. */
export interface GuardMeasured {
  readonly calls: readonly Timing<CallCase>[];
  readonly streams: readonly Timing<StreamCase>[];
  readonly memory: readonly Memory[];
  readonly ahead: { readonly bare: number; readonly guarded: number };
}

/** An aim, and its figure in this run. */
export interface Aim {
  readonly text: string;
  readonly measured: number;
  readonly unit: string;
  readonly ok: boolean;
}

const CALL_US = 150;
const EVENT_US = 2;
const AHEAD_EVENTS = 1;

/** Each aim with its figure. A missed aim is only reported. */
export function aimsOf({ calls, streams, ahead }: GuardMeasured): readonly Aim[] {
  const callAims = WIRES.flatMap((wire) =>
    addedRows(calls)
      .filter((row) => row.wire === wire)
      .map(({ transport, ledger, added }) => ({
        text: `guardedFetch, ${wire}, ${transport}: within ${CALL_US} µs a call beyond client and ${ledger} ledger`,
        measured: added / 1000,
        unit: "µs",
        ok: added / 1000 <= CALL_US,
      })),
  );
  const eventAims = streamRows(streams).map(({ kind, pace, added }) => ({
    text: `guardedFetch, ${kind}, ${pace}: within ${EVENT_US} µs an event beyond the client`,
    measured: added / 1000,
    unit: "µs",
    ok: added / 1000 <= EVENT_US,
  }));
  const more = ahead.guarded - ahead.bare;
  const text = `guardedFetch: reads at most ${AHEAD_EVENTS} event further ahead than the client alone`;
  return [...callAims, ...eventAims, { text, measured: more, unit: "events", ok: more <= AHEAD_EVENTS }];
}

/** The same as data for JSON. */
export function guardJson(measured: GuardMeasured): object {
  const { calls, streams, memory, ahead } = measured;
  // JSON omits functions, and so a case's loop.
  const plain = (timing: Timing): object => ({
    ...timing.of,
    nsPerCall: nsOf(timing),
    noise: noise(timing),
    rounds: timing.rounds,
  });
  return { calls: calls.map(plain), streams: streams.map(plain), memory, ahead, aims: aimsOf(measured) };
}

/** All results, and then the aims. */
export function guardText(measured: GuardMeasured): string {
  const { calls, streams, memory } = measured;
  return [
    table("a call of 8 kB", ["", "µs/call", "noise"], calls.map(cells)),
    table(
      "what guardedFetch adds to a call of 8 kB",
      ["", "µs", "x the client", "ledger µs", "beyond the ledger µs"],
      addedRows(calls).map(({ wire, transport, ledger, whole, times, own, added }) => [
        `${wire}, ${transport}, ${ledger} ledger`,
        ...[whole / 1000, times, own / 1000, added / 1000].map(digits),
      ]),
    ),
    table(`a stream of ${EVENTS} events`, ["", "µs/event", "noise"], streams.map(cells)),
    table(
      "what guardedFetch adds to an event",
      ["", "µs", "x the client"],
      streamRows(streams).map(({ kind, pace, added, times }) => [
        `${kind}, ${pace}`,
        digits(added / 1000),
        digits(times),
      ]),
    ),
    table(
      `the memory of ${STREAMS} open streams, heap and external, kB for each`,
      ["", "the client", "guarded", "beyond"],
      memory.map(({ kind, title, bare, guarded, beyond: more }) => [
        `${kind}, ${title}`,
        ...[bare, guarded, more].map((bytes) => digits(bytes / 1000)),
      ]),
    ),
    table(
      "aims",
      ["", "measured", ""],
      aimsOf(measured).map(({ text, measured: figure, unit, ok }) => [
        text,
        `${digits(figure)} ${unit}`,
        ok ? "met" : "missed",
      ]),
    ),
  ].join("\n");
}

interface AddedRow {
  readonly wire: Wire;
  readonly transport: Transport;
  readonly ledger: LedgerName;
  /** All that the guard adds, in nanoseconds, and how many times as long as the client alone a call takes. */
  readonly whole: number;
  readonly times: number;
  /** The ledger's own hold and settlement, and what the guard adds beyond them. */
  readonly own: number;
  readonly added: number;
}

function addedRows(calls: readonly Timing<CallCase>[]): readonly AddedRow[] {
  const timingOf = (of: Partial<CallCase>): Timing | undefined =>
    calls.find((timing) => Object.entries(of).every(([key, value]) => Reflect.get(timing.of, key) === value));
  return WIRES.flatMap((wire) =>
    TRANSPORTS.flatMap((transport) =>
      LEDGERS.flatMap((ledger) => {
        const bare = timingOf({ part: "bare", wire, transport });
        const guarded = timingOf({ part: "guarded", wire, transport, ledger });
        const own = timingOf({ part: "ledger", ledger });
        if (bare === undefined || guarded === undefined || own === undefined) return [];
        const figures = {
          whole: beyond(guarded, bare),
          times: ratio(guarded, bare),
          own: nsOf(own),
          added: beyond(guarded, bare, own),
        };
        return [{ wire, transport, ledger, ...figures }];
      }),
    ),
  );
}

interface StreamRow extends Pick<StreamCase, "kind" | "pace"> {
  /** Nanoseconds for each event. */
  readonly added: number;
  readonly times: number;
}

function streamRows(streams: readonly Timing<StreamCase>[]): readonly StreamRow[] {
  return PACES.flatMap((pace) =>
    KINDS.flatMap((kind) => {
      const [bare, guarded] = streams.filter(({ of }) => of.kind === kind && of.pace === pace);
      if (bare === undefined || guarded === undefined) return [];
      return [{ kind, pace, added: beyond(guarded, bare), times: ratio(guarded, bare) }];
    }),
  );
}

function cells(timing: Timing): string[] {
  return [timing.of.name, digits(nsOf(timing) / 1000), `${Math.round(noise(timing) * 100)}%`];
}

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
