import { ExternalEndpoint, SecretRef, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { expect, test } from "vitest";

// Held are three pictures; the first of three `completed` events settles the request for good.
test("a stream of several pictures is not settled at the first of them", async () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 272,
    total_tokens: 282,
    input_tokens_details: { text_tokens: 10, image_tokens: 0 },
  };
  const event = `event: image_generation.completed\ndata: ${JSON.stringify({ type: "image_generation.completed", usage })}\n\n`;
  const ledger = memoryStore();
  const guard = guardedFetch({
    ledger,
    prices: {
      "gpt-image-1": {
        input_cost_per_token: 5e-6,
        output_cost_per_image_token: 4e-5,
        output_cost_per_token: 4e-5,
        mode: "image_generation",
      },
    },
    endpoint: new ExternalEndpoint({
      name: "openai",
      baseUrl: "https://api.openai.com/v1",
      secret: new SecretRef("K"),
    }),
    scopes: [{ scope: "s", cap: usd("5") }],
    env: { K: "sk-1" },
    log: () => null,
    fetch: () =>
      Promise.resolve(new Response(event.repeat(3), { headers: { "content-type": "text/event-stream" } })),
  });
  const body = JSON.stringify({ model: "gpt-image-1", n: 3, stream: true, quality: "low", prompt: "x" });
  await (await guard("https://api.openai.com/v1/images/generations", { method: "POST", body })).text();
  await new Promise((resolve) => setTimeout(resolve, 10));
  const { spent } = await ledger.usage("s");
  // Three pictures of 272 tokens cost $0.03264 and more; or their cost is unknown.
  expect(spent === 0n || spent >= 3_264_000n).toBe(true);
});
