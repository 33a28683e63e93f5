import { TokenRates, usd } from "dispatch-kit";
import { actualOf, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { protocolOf } from "../../../src/calls/reports/accounts.ts";
import { CHAT_STREAMS } from "./chat-streams.ts";
import { MODEL_STREAMS } from "./model-streams.ts";
import { OTHER_STREAMS } from "./other-streams.ts";
import type { RecordedStream } from "./recorded-stream.ts";

const STREAMS = [...CHAT_STREAMS, ...OTHER_STREAMS, ...MODEL_STREAMS];

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheWrite1hUsdPerMTok: 6,
  searchUsd: "0.01",
});

/** What the first events of a stream become. */
function folded({ protocol, events }: RecordedStream, count = events.length): object | null {
  const stream = protocolOf(protocol)?.stream;
  return events.slice(0, count).reduce<object | null>((report, event) => {
    const before = structuredClone([report, event]);
    // A report is an object with unchecked fields.
    const after = stream?.fold(report as Readonly<Record<string, unknown>> | null, event) ?? null;
    expect([report, event], "fold changes nothing that it is given").toEqual(before);
    return after;
  }, null);
}

describe("StreamRules: a stream becomes the report of a whole answer", () => {
  it.each(STREAMS.map((stream) => [`${stream.protocol}, ${stream.form}`, stream] as const))(
    "%s",
    (_, stream) => {
      const { protocol, usage, events, stated } = stream;
      const report = folded(stream);
      expect(usageOf(report, { protocol })).toMatchObject({ kind: "counted", usage });
      const outcome = actualOf(rates, report, { protocol });
      expect(outcome.kind).toBe("counted");
      if (stated !== undefined) expect(outcome.actual).toBe(usd(stated));
      // It keeps no text.
      expect(JSON.stringify(report)).not.toMatch(/Hello|Hel|iVBO/);
      const rules = protocolOf(protocol)?.stream;
      const last = events.map((event) => rules?.isLast(event, null));
      expect(last).toEqual(events.map((__, index) => index === events.length - 1));
    },
  );

  it.each(STREAMS.map((stream) => [`${stream.protocol}, ${stream.form}`, stream] as const))(
    "cut off after any event, it counts all or nothing: %s",
    (_, stream) => {
      const { protocol, events } = stream;
      const whole = actualOf(rates, folded(stream), { protocol });
      for (let count = 0; count < events.length; count++) {
        const cut = actualOf(rates, folded(stream, count), { protocol });
        if (cut.kind === "counted") expect(cut, `after ${count} events`).toEqual(whole);
        // Nothing but the terminal event follows.
        expect(cut.kind === "unknown" || count >= events.length - 1).toBe(true);
      }
    },
  );

  it.each(STREAMS.map((stream) => [`${stream.protocol}, ${stream.form}`, stream] as const))(
    "passes over what is no event: %s",
    (_, { protocol }) => {
      const rules = protocolOf(protocol)?.stream;
      for (const event of [null, 5, "ping", []]) {
        expect(rules?.fold(null, event) ?? null).toBeNull();
        expect(rules?.isLast(event, null)).toBe(false);
      }
    },
  );

  it("a terminal event handed on by the caller is read as its answer", () => {
    for (const stream of STREAMS.filter(({ protocol }) => /responses|realtime|cohere/.test(protocol))) {
      const { protocol, events, form } = stream;
      const last = usageOf(events.at(-1), { protocol });
      if (form.includes("leaves out")) expect(last.kind).toBe("counted");
      else expect(last).toMatchObject({ kind: "counted", usage: stream.usage });
    }
  });
});
