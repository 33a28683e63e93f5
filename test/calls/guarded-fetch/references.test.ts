import type { TokenRates } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { ENDPOINTS, ground, type Ground, post, RATES, sse, streamOf } from "./support.ts";

const RESPONSES = `${ENDPOINTS.openai}/responses`;
const prices: Readonly<Record<string, TokenRates>> = { "gpt-5-mini": RATES };

const first = (more: object = {}): RequestInit =>
  post({ model: "gpt-5-mini", max_output_tokens: 100, input: "Hi", ...more });
const second = (...input: readonly object[]): RequestInit => first({ input });

/** A response of 1,000 tokens of input and 50 of output. */
const RESPONSE = {
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "gpt-5-mini-2025-08-07",
  output: [
    { type: "reasoning", id: "rs_1", summary: [] },
    { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather", arguments: "{}" },
    { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "open_page" } },
  ],
  usage: { input_tokens: 1000, output_tokens: 50, total_tokens: 1050 },
};

/** The tokens of the references in the last request. */
function references({ events }: Ground): Readonly<Record<string, number>> {
  const held = events.filter((event) => event.kind === "held").at(-1);
  const numbers = held?.bound.numbers ?? [];
  return Object.fromEntries(
    numbers.filter(({ name }) => name.startsWith("the ")).map(({ name, value }) => [name, value]),
  );
}

describe("guardedFetch: a reference to an earlier answer", () => {
  it.each([
    [
      "an item that the model has written",
      [{ type: "item_reference", id: "rs_1" }],
      { 'the item "rs_1"': 50 },
    ],
    ["an item without a type", [{ id: "fc_1" }], { 'the item "fc_1"': 50 }],
    [
      "reasoning without its content",
      [{ type: "reasoning", id: "rs_1", summary: [] }],
      { 'the reasoning "rs_1"': 50 },
    ],
    ["what a search has found", [{ type: "item_reference", id: "ws_1" }], { 'the item "ws_1"': 1050 }],
  ])("to %s is bounded by that answer", async (_, input, numbers) => {
    const own = ground(() => Response.json(RESPONSE), { prices });
    await own.guard(RESPONSES, first());
    expect((await own.guard(RESPONSES, second(...input))).status).toBe(200);
    expect(references(own)).toEqual(numbers);
  });

  it("as a whole is bounded by its input and output", async () => {
    const own = ground(() => Response.json(RESPONSE), { prices });
    await own.guard(RESPONSES, first());
    expect((await own.guard(RESPONSES, first({ previous_response_id: "resp_1" }))).status).toBe(200);
    expect(references(own)).toEqual({ 'the answer "resp_1"': 1050 });
  });

  it("to a stream is bounded as soon as its client can know it, however slow the ledger is", async () => {
    const store = memoryStore();
    let answered: (value: null) => void = () => null;
    const until = new Promise<null>((resolve) => (answered = resolve));
    const ledger = {
      hold: store.hold.bind(store),
      settle: async (...args: Parameters<typeof store.settle>) => {
        await until;
        return store.settle(...args);
      },
      release: store.release.bind(store),
      extend: store.extend.bind(store),
    };
    const events = [
      { type: "response.created", response: { ...RESPONSE, status: "in_progress", output: [], usage: null } },
      ...RESPONSE.output.map((item) => ({ type: "response.output_item.done", item })),
      { type: "response.completed", response: RESPONSE },
    ];
    const own = ground(() => streamOf([sse(...events)]), { prices, ledger });
    const answer = await own.guard(RESPONSES, first({ stream: true }));
    await answer.body?.getReader().read();
    const input = { type: "item_reference", id: "fc_1" };
    expect((await own.guard(RESPONSES, second(input))).status).toBe(200);
    answered(null);
  });

  it("is known for the last 10,000 ids of answers and items", async () => {
    let answers = 0;
    const own = ground(
      () => {
        const id = `resp_${++answers}`;
        const output = Array.from({ length: 999 }, (_, at) => ({
          type: "message",
          id: `msg_${answers}_${at}`,
        }));
        return Response.json({ ...RESPONSE, id, output });
      },
      { prices },
    );
    for (let count = 0; count < 11; count++) await own.guard(RESPONSES, first());
    // The first answer and its items are forgotten; the last 10,000 ids are those of ten answers.
    const refused = await own.guard(RESPONSES, second({ type: "item_reference", id: "msg_1_998" }));
    expect(refused.statusText).toContain('the item "msg_1_998"');
    expect(own.sent).toHaveLength(11);
    expect((await own.guard(RESPONSES, first({ previous_response_id: "resp_2" }))).status).toBe(200);
    expect(references(own)).toEqual({ 'the answer "resp_2"': 1050 });
  });

  it.each([
    ["that the guard has not seen", { type: "item_reference", id: "fc_of_others" }, "fc_of_others"],
    ["of an answer whose cost is unknown", { type: "item_reference", id: "fc_1" }, "fc_1"],
  ])("to an item %s is refused with its id", async (_, item, id) => {
    const own = ground(() => Response.json({ ...RESPONSE, model: "gpt-9" }), { prices });
    await own.guard(RESPONSES, first());
    const refused = await own.guard(RESPONSES, second(item));
    expect(refused.headers.get("x-dispatch-kit-refused")).toBe("unbounded");
    expect(refused.statusText).toContain(`the item "${id}"`);
    expect(own.sent).toHaveLength(1);
  });
});
