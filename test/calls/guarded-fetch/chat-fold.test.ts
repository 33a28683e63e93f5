import { TokenRates } from "dispatch-kit";
import { actualOf } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnyObject } from "../../../src/calls/own-fields.ts";
import { CHAT_STREAM } from "../../../src/calls/protocols/openai-chat.ts";

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 2 });

/** Folds events as if each of them added something: an object is never the same as the one before. */
function foldSlowly(events: readonly AnyObject[]): AnyObject | null {
  const folded = events.reduce<AnyObject | null>(
    (report, event) => CHAT_STREAM.fold(report, { ...event, added: {} }),
    null,
  );
  return folded && Object.fromEntries(Object.entries(folded).filter(([key]) => key !== "added"));
}

const annotations = [{ type: "url_citation", url_citation: { url: "https://example.com" } }];
const part = fc.constantFrom<unknown>(
  { content: "Hello" },
  { role: "assistant", content: "" },
  {},
  null,
  undefined,
  { annotations },
  { annotations: [] },
  { executed_tools: [{ type: "search" }] },
);
const choice = fc.record(
  {
    index: fc.constantFrom<unknown>(0, 1, null),
    delta: part,
    message: part,
    finish_reason: fc.constantFrom<unknown>(null, "", "stop", "length"),
  },
  { requiredKeys: [] },
);
const usage = fc.record({
  prompt_tokens: fc.nat(50),
  completion_tokens: fc.nat(50),
});
const event = fc.record(
  {
    id: fc.constantFrom("chatcmpl-1", "chatcmpl-2"),
    model: fc.constantFrom<unknown>("gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", null),
    service_tier: fc.constantFrom<unknown>("default", null, "flex"),
    choices: fc.oneof(
      { weight: 8, arbitrary: fc.array(choice, { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(null, [3], [null], "no list", [[]]) },
    ),
    usage: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: usage }),
  },
  { requiredKeys: [] },
);

describe("guardedFetch: the events of a chat", () => {
  it("that have text only fold to the same report and cost as if each of them were folded in full", () => {
    let short = 0;
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (events) => {
        let fast: AnyObject | null = null;
        for (const one of events) {
          const before: AnyObject | null = fast;
          fast = CHAT_STREAM.fold(before, one);
          if (fast === before) short++;
        }
        const slow = foldSlowly(events);
        expect(fast).toEqual(slow);
        const costs = [fast, slow].map((report) => actualOf(rates, report, { protocol: "openai-chat" }));
        expect(costs[0]).toEqual(costs[1]);
      }),
      { numRuns: 1000 },
    );
    // The short way was taken, so the two were compared.
    expect(short).toBeGreaterThan(100);
  });
});
