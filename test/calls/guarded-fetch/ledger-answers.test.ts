import { DispatchError } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { CHAT, chat, CHAT_CHUNKS, COMPLETION, ground, SCOPE, sse, streamOf } from "./support.ts";

/** A store whose `settle` does not work. */
function unableToSettle(): {
  readonly store: ReturnType<typeof memoryStore>;
  readonly ledger: object;
  readonly down: Error;
} {
  const store = memoryStore();
  const down = new DispatchError("store_failed", "the database is down");
  const ledger = {
    hold: store.hold.bind(store),
    settle: () => Promise.reject(down),
    release: store.release.bind(store),
    extend: store.extend.bind(store),
  };
  return { store, ledger, down };
}

describe("guardedFetch: a ledger", () => {
  it.each([
    ["a whole answer", chat(), () => Response.json(COMPLETION), JSON.stringify(COMPLETION)],
    [
      "a stream",
      chat({ stream: true, stream_options: { include_usage: true } }),
      () => streamOf([sse(...CHAT_CHUNKS)]),
      sse(...CHAT_CHUNKS),
    ],
  ])(
    "that cannot book %s leaves its hold open, and the event has the cost",
    async (_, init, answer, text) => {
      const { store, ledger, down } = unableToSettle();
      const { guard, events } = ground(answer, { ledger: ledger as never });
      expect(await (await guard(CHAT, init)).text()).toBe(text);
      await guard.settled();
      const [held] = events.flatMap((event) => (event.kind === "held" ? [event.amount] : []));
      expect(await store.usage(SCOPE)).toMatchObject({ reserved: held, spent: 0n });
      expect(events.slice(1)).toMatchObject([{ kind: "unbooked", amount: held, actual: 2000n, error: down }]);
    },
  );

  it("that has the id of the hold already gets no second request", async () => {
    const { guard, sent, usage, events } = ground(() => Response.json(COMPLETION), { holdId: () => "one" });
    expect((await guard(CHAT, chat())).status).toBe(200);
    const refused = await guard(CHAT, chat());
    expect(refused.status).toBe(402);
    expect(refused.statusText).toBe(
      "dispatch-kit refused: the id of its hold was used before (hold_conflict); nothing was sent",
    );
    expect(sent).toHaveLength(1);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
    expect(events.map(({ kind }) => kind)).toEqual(["held", "settled", "refused"]);
  });
});
