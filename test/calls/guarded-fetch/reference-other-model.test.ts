import { ExternalEndpoint, SecretRef, usd } from "dispatch-kit";
import { guardedFetch, type GuardEvent } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { expect, test } from "vitest";

const URL_ = "https://api.openai.com/v1/responses";

// A picture has 1,445 tokens with gpt-4o and 48,169 with gpt-4o-mini (docs/bounds.md): the tokens of an answer are its model's.
test("a reference to the answer of another model is not bounded by that model's tokens", async () => {
  const answers = [
    {
      id: "resp_1",
      status: "completed",
      model: "gpt-4o",
      output: [],
      usage: { input_tokens: 1_500, output_tokens: 20, total_tokens: 1_520 },
    },
    {
      id: "resp_2",
      status: "completed",
      model: "gpt-4o-mini",
      output: [],
      usage: { input_tokens: 48_200, output_tokens: 5, total_tokens: 48_205 },
    },
  ];
  const events: GuardEvent[] = [];
  const guard = guardedFetch({
    ledger: memoryStore(),
    prices: {
      "gpt-4o": { input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5, mode: "chat" },
      "gpt-4o-mini": { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7, mode: "chat" },
    },
    endpoint: new ExternalEndpoint({
      name: "openai",
      baseUrl: "https://api.openai.com/v1",
      secret: new SecretRef("K"),
    }),
    scopes: [{ scope: "s", cap: usd("5") }],
    env: { K: "sk-1" },
    log: () => null,
    onEvent: (event) => events.push(event),
    fetch: () => Promise.resolve(Response.json(answers.shift())),
  });
  const ask = async (body: object) =>
    (await guard(URL_, { method: "POST", body: JSON.stringify({ max_output_tokens: 100, ...body }) })).text();
  const content = [
    { type: "input_text", text: "What is it?" },
    { type: "input_image", image_url: "https://x.example/a.png" },
  ];
  await ask({ model: "gpt-4o", input: [{ role: "user", content }] });
  await ask({ model: "gpt-4o-mini", previous_response_id: "resp_1", input: "And?" });
  expect(events.map(({ kind }) => kind)).not.toContain("bound_exceeded");
});
