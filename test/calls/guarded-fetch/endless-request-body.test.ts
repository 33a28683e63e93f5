import { expect, test } from "vitest";
import { setUp } from "./bare-support.ts";

test("an abort ends a request whose body never ends, as with fetch", async () => {
  const { guard } = setUp(() => Response.json({}));
  const controller = new AbortController();
  const init = {
    method: "POST",
    body: new ReadableStream({}),
    duplex: "half",
    signal: controller.signal,
  } as RequestInit;
  const ended = guard("https://api.openai.com/v1/chat/completions", init).then(
    () => "answered",
    (error: unknown) => (error instanceof Error ? error.name : "not an error"),
  );
  controller.abort();
  const late = new Promise((resolve) => setTimeout(resolve, 300, "still waiting"));
  expect(await Promise.race([ended, late])).toBe("AbortError");
});
