import { describe, expect, it } from "vitest";
import { CHAT, chat, COMPLETION, ground } from "./support.ts";

describe("guardedFetch: aliases", () => {
  it("name the model behind another name, in the price, the tags and the events", async () => {
    const { guard, sent, usage, events } = ground(() => Response.json(COMPLETION), {
      aliases: { mine: "gpt-4o-mini" },
    });
    expect((await guard(CHAT, chat({ model: "mine" }))).status).toBe(200);
    expect(JSON.parse(String(sent[0]?.body))).toMatchObject({ model: "mine" });
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
    for (const event of events)
      expect(event).toMatchObject({ model: "gpt-4o-mini", tags: { model: "gpt-4o-mini" } });
  });

  it.each(["constructor", "__proto__", "toString"])("have no %s of their own", async (model) => {
    const { guard, sent, events } = ground(() => Response.json(COMPLETION), { aliases: {} });
    const refused = await guard(CHAT, chat({ model }));
    expect(refused.statusText).toBe(
      `dispatch-kit refused: the price list has no model "${model}" (unpriced); nothing was sent`,
    );
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ kind: "refused", code: "unpriced", model }]);
  });
});
