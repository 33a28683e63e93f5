import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { protocolOf } from "../../../src/calls/reports/accounts.ts";

const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 });

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}): string {
  const outcome = actualOf(rates, report, { protocol: "anthropic", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const usage = { input_tokens: 100, output_tokens: 10 };

describe("anthropic: streams", () => {
  const fold = (events: readonly unknown[]): object | null =>
    events.reduce<object | null>(
      // A report is an object with unchecked fields.
      (report, event) =>
        protocolOf("anthropic")?.stream?.fold(report as Readonly<Record<string, unknown>> | null, event) ??
        null,
      null,
    );
  const start = {
    type: "message_start",
    message: { model: "a", content: [], stop_reason: null, usage: { input_tokens: 100, output_tokens: 1 } },
  };
  const end = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 10 } };

  it("the model of the last fallback answered", () => {
    const content_block = { type: "fallback", from: { model: "a" }, to: { model: "b" } };
    const report = fold([start, { type: "content_block_start", index: 0, content_block }, end]);
    expect(costOf(report, { model: "b" })).toBe("0.00045");
    expect(costOf(report, { model: "a" })).toMatch(/"b" answered/);
  });

  it("a tool that ran is billed separately", () => {
    const content_block = { type: "server_tool_use", name: "code_execution" };
    expect(costOf(fold([start, { type: "content_block_start", index: 0, content_block }, end]))).toBe(
      "code_execution is billed separately",
    );
  });

  it("cut off, it counts the input and the limit of the output", () => {
    const options = { protocol: "anthropic", cutOffAt: 1000 } as const;
    expect(actualOf(rates, fold([start]), options)).toMatchObject({ usage: { outputTokens: 1000 } });
    expect(costOf(fold([start]))).toMatch(/not finished/);
  });

  it.each<[string, readonly unknown[]]>([
    ["an end without the count of the output", [start, { ...end, usage: undefined }]],
    ["an end without a number of output", [start, { ...end, usage: { output_tokens: null } }]],
    ["a count before the end", [start, { ...end, delta: { stop_reason: null } }]],
    ["a first event without a finish", [{ ...start, message: { model: "a", usage: start.message.usage } }]],
    ["a finish of undefined", [{ ...start, message: { ...start.message, stop_reason: undefined } }]],
  ])("%s does not make the first event's placeholder the output", (_, events) => {
    expect(costOf(fold(events))).toBe("the message is not finished: stop_reason is null");
  });

  it("counts what was reported before an end that leaves it out", () => {
    const later = { type: "message_delta", delta: {}, usage: { output_tokens: 10, input_tokens: null } };
    expect(costOf(fold([start, later, end]))).toBe("0.00045");
    expect(costOf(fold([start, end, { ...later, usage: undefined }]))).toBe("0.00045");
    expect(fold([{ type: "message_start" }, end])).toBeNull();
    // Without a usage in the first event there is no input.
    expect(costOf(fold([{ ...start, message: { model: "a" } }, end]))).toMatch(/does not have the shape/);
  });

  it("the results of an agent's session are not messages", () => {
    expect(costOf({ type: "result", total_cost_usd: 1, usage })).toMatch(/does not have the shape/);
    expect(usageOf({ type: "result", total_cost_usd: 1, usage })).toMatchObject({ kind: "unknown" });
  });
});
