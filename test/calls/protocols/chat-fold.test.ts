import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { protocolOf } from "../../../src/calls/reports/accounts.ts";

type Report = Readonly<Record<string, unknown>>;

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10, searchUsd: "0.01" });
const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

/** What a stream has become after each of its events. */
function folds(events: readonly Report[]): readonly (Report | null)[] {
  let report: Report | null = null;
  return events.map((event) => (report = protocolOf("openai-chat")?.stream?.fold(report, event) ?? null));
}

/** The cost of a whole stream in USD, or the reason why it is unknown. */
function costOf(events: readonly Report[]): string {
  const outcome = actualOf(rates, folds(events).at(-1), { protocol: "openai-chat" });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

/** The same events, each with an object, which no event is without that is passed over because it adds nothing. */
function slowly(events: readonly Report[]): readonly unknown[] {
  return folds(events.map((event) => ({ ...event, slow: {} }))).map((report) => {
    const { slow, ...rest } = report ?? {};
    expect(slow).toEqual({});
    return rest;
  });
}

const few = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const lists = {
  annotations: few([], [{ type: "url_citation" }], null),
  executed_tools: few([], [{ type: "search" }], null),
};
const part = fc.oneof(
  { weight: 4, arbitrary: fc.record({ content: few("Hel", "lo", null), role: few("assistant") }) },
  fc.record(lists, { requiredKeys: [] }),
  few<unknown>(null, undefined, "text", []),
);
const choice = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        index: few<unknown>(0, 0, 0, 1, 2, null, "0"),
        finish_reason: few(null, null, null, undefined, "", "stop", "length"),
        delta: part,
        message: part,
      },
      { requiredKeys: [] },
    ),
  },
  few<unknown>(null, 5, []),
);
const event = fc.record(
  {
    id: few("chatcmpl-1", "chatcmpl-2", null),
    model: few("m", "m-2024-08-06"),
    service_tier: few<unknown>("default", "flex", null, undefined),
    created: few(1, 2),
    usage: few<unknown>(null, null, undefined, usage, { ...usage, prompt_tokens: 90, total_tokens: 100 }),
    choices: fc.oneof({ weight: 9, arbitrary: fc.array(choice, { maxLength: 3 }) }, few<unknown>(null, {})),
  },
  { requiredKeys: [] },
);

describe("chat completions: events that are passed over", () => {
  it("a stream becomes the same, whole and cut at every event, as if none were passed over", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        expect(folds(events)).toEqual(slowly(events));
      }),
      { numRuns: 2000 },
    );
  });

  it("events with text only are passed over: the report stays the same object", () => {
    const text = {
      id: "1",
      model: "m",
      choices: [{ index: 0, delta: { content: "lo" }, finish_reason: null }],
    };
    const [first, ...others] = folds([text, text, { ...text, usage: null }]);
    for (const other of others) expect(other).toBe(first);
    expect(folds([text, { ...text, model: "n" }])[1]).toMatchObject({ model: "n" });
  });
});

describe("chat completions: choices of a stream", () => {
  const said = { delta: { content: "Hello" }, finish_reason: null };
  const ended = { delta: {}, finish_reason: "stop" };

  it.each<[string, readonly object[]]>([
    ["without an index is the first one", [said, ended]],
    ["is the first one, whichever event leaves its index out", [{ ...said, index: 0 }, ended]],
    ["is the first one, whichever event has its index", [said, { ...ended, index: 0 }]],
  ])("a choice %s", (_, choices) => {
    const events = [...choices.map((one) => ({ choices: [one] })), { choices: [], usage }];
    expect(costOf(events)).toBe("0.0002");
  });

  it.each<[string, readonly object[]]>([
    [
      "another index",
      [
        { ...said, index: 1 },
        { ...ended, index: 0 },
      ],
    ],
    ["no index", [{ ...said, index: 1 }, ended]],
  ])("a choice does not end by one with %s", (_, choices) => {
    const events = [...choices.map((one) => ({ choices: [one] })), { choices: [], usage }];
    expect(costOf(events)).toBe("the response is not finished: finish_reason is null");
  });

  it("more than a thousand are no stream of a chat", () => {
    const choices = (count: number): Report => ({
      choices: Array.from({ length: count }, (_, index) => ({ ...ended, index })),
      usage,
    });
    expect(costOf([choices(1000)])).toBe("0.0002");
    expect(() => folds([choices(1001)])).toThrow("the stream has too many choices");
  });
});
