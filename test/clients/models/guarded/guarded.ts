import assert from "node:assert/strict";
import { runScope, usd } from "dispatch-kit";
import type { Stage } from "../bare.ts";
import { ERROR_TEXT } from "../bare.ts";
import type { Behaviour } from "../answer.ts";
import type { Checks } from "../checks.ts";
import { wordSeen } from "../watch.ts";
import { fields, FIRST_WORD } from "../wire/wire.ts";
import { costOf, type Ground, ground, SCOPE, SECRET } from "./ground.ts";
import { CUT_OFF, OTHERS } from "./prices.ts";
import { assertRefused } from "./refusal.ts";

/** That a client does behind a guard what it does without one, and that every request is paid for exactly. */
export function guardedChecks(stage: Stage): Checks {
  const { client, server, fetch } = stage;
  const bare = client.make(fetch);
  const cost = costOf(client.model);
  const behave = (behaviour: Behaviour): void => {
    server.behave(() => behaviour);
  };
  const assertRequests = ({ asked }: Ground, count: number): void => {
    assert.deepEqual(
      [asked(), server.seen().length],
      [count, count],
      "requests of the client, and at the server",
    );
  };
  /** What a stream costs that is cut off, or that its hold stays open. */
  const cutOff = CUT_OFF[client.model];
  const cut = cutOff === undefined ? { spent: 0, open: 1 } : { spent: cutOff };
  return {
    "a whole call": async () => {
      behave({ does: "answer" });
      const expected = await bare.call();
      const [without] = server.seen();
      behave({ does: "answer" });
      const own = ground(stage);
      assert.deepEqual(await own.calls.call(), expected);
      assertRequests(own, 1);
      await own.assertBooked({ spent: cost });
      const [seen] = server.seen();
      assert.equal(seen?.body.toString(), without?.body.toString());
      const headers = JSON.stringify(seen?.headers);
      assert.ok(headers.includes(SECRET) && !headers.includes("unused"), headers);
    },
    "a stream, however its bytes come": async () => {
      behave({ does: "answer" });
      const expected = await bare.stream();
      for (const does of ["answer", "tear"] as const) {
        behave({ does });
        const own = ground(stage);
        assert.deepEqual((await own.calls.stream()).map(withoutNull), expected.map(withoutNull));
        assertRequests(own, 1);
        await own.assertBooked({ spent: cost });
      }
    },
    "a refusal": async () => {
      behave({ does: "answer" });
      const own = ground(stage, { scopes: [{ scope: SCOPE, cap: usd("0.00000001") }] });
      for (const asked of [own.calls.call, own.calls.stream]) {
        await assert.rejects(asked, (error) => {
          const told = own.told("refused").at(-1);
          assert.ok(told !== undefined);
          assertRefused(client, error, told);
          return true;
        });
      }
      assert.deepEqual([own.asked(), server.seen().length], [2, 0]);
      await own.assertBooked({ spent: 0 });
    },
    "a refusal without a bound": async () => {
      behave({ does: "answer" });
      const own = ground(stage, { prices: {} });
      await assert.rejects(own.calls.call, (error) => {
        const [told] = own.told("refused");
        assert.equal(told?.code, "unpriced");
        assertRefused(client, error, told);
        return true;
      });
      assert.deepEqual([own.asked(), server.seen().length], [1, 0]);
    },
    ...Object.fromEntries(
      ([400, 429, 500, 529] as const).map((status) => [
        `status ${String(status)}`,
        async () => {
          const count = client.requests[status];
          behave({ does: "fail", status, message: ERROR_TEXT });
          const own = ground(stage, { unbilled: [529] });
          await assert.rejects(own.calls.call);
          assertRequests(own, count);
          const isFree = status === 529 || UNBILLED[client.provider.name]?.includes(status) === true;
          await own.assertBooked({ spent: 0, open: isFree ? 0 : count });
          assert.equal(new Set(own.told("held").map(({ holdId }) => holdId)).size, count, "holds");
          assert.equal(own.told("settled").length, isFree ? count : 0);
        },
      ]),
    ),
    "an answer that breaks off": async () => {
      for (const how of ["call", "stream"] as const) {
        // What has not been read when a connection is lost is lost with it.
        const words = wordSeen(fetch, FIRST_WORD);
        behave({ does: "break", until: words.seen });
        const own = ground(stage, { fetch: words.fetch });
        await assert.rejects(own.calls[how]);
        const streams = how === "stream" || client.callStreams === true;
        assertRequests(own, streams ? 1 : (client.guarded?.broken ?? client.requests.broken));
        await own.assertBooked(streams ? cut : { spent: 0, open: own.asked() });
      }
    },
    "a stream that ends before its last event": async () => {
      behave({ does: "end" });
      const own = ground(stage);
      if (client.cutShort === "throws") await assert.rejects(own.calls.stream);
      else await own.calls.stream();
      assertRequests(own, 1);
      await own.assertBooked(cut);
    },
    "a fetch that cannot connect": async () => {
      const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      const own = ground(stage, { fetch: () => Promise.reject(new TypeError("fetch failed", { cause })) });
      await assert.rejects(own.calls.call);
      assert.equal(own.asked(), client.requests["not connected"]);
      // Nobody knows whether something was sent.
      await own.assertBooked({ spent: 0, open: own.asked() });
    },
    "a user who stops to read": async () => {
      const { promise: until, resolve } = Promise.withResolvers<undefined>();
      behave({ does: "pause", until });
      const own = ground(stage);
      await own.calls.stop();
      if (client.stopping === "ends the request") {
        assert.equal(await server.seen()[0]?.sentAll, false);
        await own.assertBooked(cut);
      }
      resolve(undefined);
      if (client.stopping === "reads on") await own.assertBooked({ spent: cost });
      if (client.stopping !== "leaves the body unread") return;
      await server.seen()[0]?.sentAll;
      const { reserved, spent } = await own.ledger.usage(SCOPE);
      assert.deepEqual([reserved, spent], [own.told("held")[0]?.amount, 0n]);
    },
    "an answer from another model": async () => {
      const other = OTHERS[client.model];
      if (other === undefined) return;
      behave({ does: "answer", servedBy: other.model });
      const dearer = ground(stage);
      await dearer.calls.call();
      await dearer.assertBooked({ spent: other.cost });
      behave({ does: "answer", servedBy: "a-model-that-nobody-lists" });
      const unknown = ground(stage);
      await unknown.calls.call();
      await unknown.assertBooked({ spent: 0, open: 1 });
      assert.match(unknown.told("unknown")[0]?.reason ?? "", /a-model-that-nobody-lists/);
    },
    "scopes of the user who is served": async () => {
      behave({ does: "answer" });
      const own = ground(stage);
      const [rich, poor] = [runScope("rich"), runScope("poor")];
      const asking = own.guard.run({ scopes: [{ scope: rich, cap: usd(1) }], tags: { user: "rich" } }, () =>
        Promise.all([own.calls.call(), own.calls.stream()]),
      );
      const scopes = [{ scope: poor, cap: usd("0.00000001") }];
      await assert.rejects(own.guard.run({ scopes }, own.calls.call), /run:poor/);
      await asking;
      await own.assertBooked({ spent: 2 * cost });
      assert.equal((await own.ledger.usage(rich)).spent, BigInt(2 * cost));
      assert.equal((await own.ledger.usage(poor)).spent, 0n);
      assert.deepEqual(
        own.told("settled").map(({ tags }) => tags["user"]),
        ["rich", "rich"],
      );
    },
  };
}

/** The errors that a provider says that it does not bill. */
const UNBILLED: Readonly<Record<string, readonly number[]>> = { google: [400, 500] };

/** What a client sees that asked for `include_usage` has `usage: null` in every chunk. */
function withoutNull(chunk: unknown): unknown {
  if (typeof chunk !== "object" || chunk === null || !("usage" in chunk)) return chunk;
  const { usage, ...rest } = fields(chunk);
  return usage === null ? rest : chunk;
}
