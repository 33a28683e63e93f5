import { expect, test } from "vitest";
import { setUp } from "./bare-support.ts";

// docs/guarded-fetch.md: "What onEvent throws is ignored." Without a listener of the process, Node ends it.
test("an async onEvent that rejects does not end the process", async () => {
  const { guard } = setUp(() => Response.json({}), {
    onEvent: async () => {
      await Promise.resolve();
      throw new Error("metrics are down");
    },
  });
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => {
    unhandled.push(reason);
  };
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", listen);
  try {
    await guard("https://api.openai.com/v1/models", { method: "GET" });
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    process.removeListener("unhandledRejection", listen);
    for (const other of others) process.on("unhandledRejection", other);
  }
  expect(unhandled).toEqual([]);
});
