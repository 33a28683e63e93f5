import { expect, test } from "vitest";
import { kinds, setUp } from "./bare-support.ts";

const CHAT = "https://api.openai.com/v1/chat/completions";
const INIT = {
  method: "POST",
  body: JSON.stringify({ model: "gpt-4o-mini", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] }),
};
const ANSWER = () =>
  Response.json({ choices: [{ finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1 } });

// Workers' waitUntil throws outside of a request. The client takes a throw for a lost connection, and pays again.
test.each(["every time", "for expire only"])(
  "a waitUntil that throws %s does not lose a paid answer",
  async (when) => {
    let calls = 0;
    const { guard, events } = setUp(ANSWER, {
      waitUntil: () => {
        if (++calls > 1 || when === "every time") throw new Error("outside of a request");
      },
    });
    const answer = await guard(CHAT, INIT).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(kinds(events)).toContain("settled"); // it was sent and paid
    expect(answer).toBeInstanceOf(Response);
  },
);
