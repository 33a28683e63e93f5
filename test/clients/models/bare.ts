import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Behaviour } from "./answer.ts";
import type { Checks } from "./checks.ts";
import type { Client } from "./client.ts";
import type { Fetch } from "./fetch.ts";
import type { ProviderServer } from "./server.ts";
import { watched } from "./watch.ts";
import { WORDS } from "./wire/wire.ts";

export interface Stage {
  readonly client: Client;
  readonly server: ProviderServer;
  readonly fetch: Fetch;
}

/** What the servers of this suite say in an error. */
export const ERROR_TEXT = "no room in run:1";

/** The user sees the whole text, in one piece or in several. */
export function assertText(seen: unknown): void {
  const text = JSON.stringify(seen);
  for (const word of WORDS) assert.ok(text.includes(word), `${text} lacks ${word}`);
}

/** Asserts that an error is what the client makes of a refusal. */
export function assertRefusal({ refusal }: Client, error: unknown, text: string): void {
  assert.ok(error instanceof Error);
  assert.equal(error.constructor.name, refusal.is);
  assert.equal(Reflect.get(error, refusal.status), 402);
  assert.ok(error.message.includes(text), `${error.message} lacks ${text}`);
}

/** That the server speaks as the providers do, and what each client does by itself: without a guard. */
export function bareChecks({ client, server, fetch }: Stage): Checks {
  const { call, stream } = client.make(fetch);
  const behave = (behaviour: Behaviour): void => {
    server.behave(() => behaviour);
  };
  const assertRequests = (count: number): void => {
    assert.equal(server.seen().length, count, "requests");
  };
  return {
    "a whole call": async () => {
      behave({ does: "answer" });
      assertText(await call());
      assertRequests(1);
      const [seen] = server.seen();
      assert.equal(seen?.host, new URL(client.provider.baseUrl).host);
    },
    "a stream, however its bytes come": async () => {
      behave({ does: "answer" });
      const inPieces = await stream();
      assertText(inPieces);
      behave({ does: "tear" });
      assert.deepEqual(await stream(), inPieces);
      assertRequests(1);
    },
    "a refusal": async () => {
      behave({ does: "fail", status: 402, message: ERROR_TEXT });
      for (const asked of [call, stream]) {
        await assert.rejects(asked, (error) => {
          assertRefusal(client, error, ERROR_TEXT);
          return true;
        });
      }
      assertRequests(2);
    },
    ...Object.fromEntries(
      ([400, 429, 500, 529] as const).map((status) => [
        `status ${String(status)}`,
        async () => {
          behave({ does: "fail", status, message: ERROR_TEXT });
          await assert.rejects(call);
          assertRequests(client.requests[status]);
        },
      ]),
    ),
    "an answer that breaks off": async () => {
      behave({ does: "break" });
      await assert.rejects(call);
      assertRequests(client.requests.broken);
      behave({ does: "break" });
      await assert.rejects(stream);
      assertRequests(1);
    },
    "a stream that ends before its last event": async () => {
      behave({ does: "end" });
      if (client.cutShort === "throws") await assert.rejects(stream);
      else await stream();
      assertRequests(1);
    },
    "a fetch that cannot connect": async () => {
      let requests = 0;
      const failing = client.make(() => {
        requests++;
        const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
        return Promise.reject(new TypeError("fetch failed", { cause }));
      });
      await assert.rejects(failing.call);
      assert.equal(requests, client.requests["not connected"], "requests");
    },
    "a user who stops to read": async () => {
      const { promise: until, resolve } = Promise.withResolvers<undefined>();
      behave({ does: "pause", until });
      const watch = watched(fetch);
      await client.make(watch.fetch).stop();
      const [fate] = watch.fates;
      if (client.stopping === "ends the request") assert.equal(await fate, "ended by the client");
      resolve(undefined);
      if (client.stopping === "reads on") assert.equal(await fate, "read to its end");
      if (client.stopping !== "leaves the body unread") return;
      // The answer is all sent, and time passes, yet nothing becomes of it.
      await server.seen()[0]?.sentAll;
      assert.equal(await Promise.race([fate, delay(100, "nothing")]), "nothing");
    },
    "every request was one that a provider knows": () => {
      assert.deepEqual(server.mistakes, []);
      return Promise.resolve();
    },
  };
}
