import { expect, test } from "vitest";
import { kinds, setUp } from "./bare-support.ts";

// xAI reports running totals in every chunk. One of two choices is done, the other has not begun; then the stream breaks off.
test.each([
  ["xai", "https://api.x.ai/v1/chat/completions", { model: "grok-4", max_completion_tokens: 1_000 }],
  [
    "openai",
    "https://api.openai.com/v1/chat/completions",
    { model: "gpt-4o-mini", max_completion_tokens: 1_000 },
  ],
])("%s: a stream of two choices that breaks off after the first is not settled", async (_, url, fields) => {
  const chunk = {
    choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
  };
  const { guard, events, spent } = setUp(
    () =>
      new Response(`data: ${JSON.stringify(chunk)}\n\n`, {
        headers: { "content-type": "text/event-stream" },
      }),
    { bounds: { addedTokens: 100 } },
  );
  const body = JSON.stringify({ ...fields, n: 2, stream: true, messages: [{ role: "user", content: "Hi" }] });
  await (await guard(url, { method: "POST", body })).text();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(kinds(events)).toEqual(["held", "unknown"]);
  expect(await spent()).toBe(0n);
});
