import { usd } from "dispatch-kit";
import { expect, test } from "vitest";
import { kinds, setUp } from "./bare-support.ts";

test("an abort before anything is sent does not leave a held event without an end", async () => {
  const controller = new AbortController();
  const { guard, events, sent } = setUp(() => Response.json({}), {
    scopes: () => {
      controller.abort();
      return [{ scope: "s", cap: usd("5") }];
    },
  });
  const body = JSON.stringify({ model: "gpt-4o-mini", max_tokens: 10, messages: [] });
  const init = { method: "POST", body, signal: controller.signal };
  await expect(guard("https://api.openai.com/v1/chat/completions", init)).rejects.toThrow();
  expect(sent).toEqual([]);
  expect(kinds(events).at(-1)).not.toBe("held");
});
