import { postgresStore } from "dispatch-kit/postgres";
import { usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";

/** What stands between the store and its server may answer anything: it is never taken for an admission. */
const answering = (rows: unknown[]): ReturnType<typeof postgresStore> =>
  postgresStore({ query: () => Promise.resolve({ rows }) });

const scopes = [{ scope: "run:1", cap: usd("1") }];
const request = { holdId: "a", amount: usd("0.10"), scopes, ttlSeconds: 60 };

describe("postgresStore: a client that answers something else", () => {
  it.each([
    ["no row", []],
    ["a row without the answer", [{}]],
    ["an answer that is no text", [{ answer: { kind: "held" } }]],
    ["fewer answers than calls", [{ answer: "[]" }]],
  ])("throws for %s, and admits nothing", async (_, rows) => {
    await expect(answering(rows).hold(request)).rejects.toMatchObject({ code: "store_failed" });
  });

  it.each([["a text"], [{ code: 5 }], [{ message: 5 }]])(
    "takes a throw of %j for an outcome that is unknown",
    async (thrown) => {
      // Some clients throw what is no error.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as they do
      const store = postgresStore({ query: () => Promise.reject(thrown) });
      await expect(store.hold(request)).rejects.toMatchObject({ code: "outcome_unknown" });
      await expect(store.migrate()).rejects.toMatchObject({ code: "outcome_unknown" });
    },
  );
});
