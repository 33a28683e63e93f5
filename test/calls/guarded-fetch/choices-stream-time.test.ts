import { expect, test } from "vitest";
import { setUp } from "./bare-support.ts";

const EVENTS = 5_000;

/** Milliseconds to read a stream of the same events, spread over a number of choices. */
async function timeOf(choices: number): Promise<number> {
  const events = Array.from(
    { length: EVENTS },
    (_, at) =>
      `data: {"choices":[{"index":${at % choices},"delta":{"content":"x"},"finish_reason":null}]}\n\n`,
  );
  const { guard } = setUp(
    () => new Response(events.join(""), { headers: { "content-type": "text/event-stream" } }),
  );
  const body = JSON.stringify({
    model: "gpt-4o-mini",
    max_tokens: 100,
    n: choices,
    stream: true,
    stream_options: { include_usage: true },
    messages: [],
  });
  const start = performance.now();
  await (await guard("https://api.openai.com/v1/chat/completions", { method: "POST", body })).text();
  return performance.now() - start;
}

// OpenAI takes n up to 128. Each event copies what is known of every choice.
test("an event takes about the same time with 128 choices as with one", { timeout: 60_000 }, async () => {
  await timeOf(1);
  const [one, many] = [await timeOf(1), await timeOf(128)];
  console.log(`${EVENTS} events: ${one.toFixed(0)} ms with one choice, ${many.toFixed(0)} ms with 128`);
  expect(many).toBeLessThan(10 * one + 100);
});
