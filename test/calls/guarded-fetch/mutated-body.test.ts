import { usd } from "dispatch-kit";
import { expect, test } from "vitest";
import { setUp } from "./bare-support.ts";

const json = (max_tokens: string) =>
  `{"model":"gpt-4o-mini","max_tokens":${max_tokens},"messages":[{"role":"user","content":"Hi"}]}`;

// The platform's fetch copies a body when it is called. Pools of buffers rely on that.
test("what is sent is what was bounded, although the client uses its buffer again", async () => {
  let go = (): void => undefined;
  const paused = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { guard, sent } = setUp(() => Response.json({ usage: { prompt_tokens: 1, completion_tokens: 1 } }), {
    scopes: async () => {
      await paused;
      return [{ scope: "s", cap: usd("5") }];
    },
  });
  const buffer = new TextEncoder().encode(json("00100".replace(/^0+/, "  ")));
  const answer = guard("https://api.openai.com/v1/chat/completions", { method: "POST", body: buffer });
  await new Promise((resolve) => setTimeout(resolve, 5));
  buffer.set(new TextEncoder().encode(json("99999")));
  go();
  await (await answer).text();
  const body = sent[0]?.init.body;
  expect(JSON.parse(new TextDecoder().decode(body as Uint8Array))).toMatchObject({ max_tokens: 100 });
});
