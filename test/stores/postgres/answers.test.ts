import { postgresStore } from "dispatch-kit/postgres";
import { usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { free, newSchema, pool } from "../memory/support.ts";

/** What stands between the store and its server may answer anything: it is never taken for an admission. */
const answering = (answered: unknown): ReturnType<typeof postgresStore> =>
  postgresStore({ query: () => Promise.resolve(answered as { rows: unknown[] }) });

const scopes = [{ scope: "run:1", cap: usd("1") }];
const request = { holdId: "a", amount: usd("0.10"), scopes, ttlSeconds: 60 };

describe("postgresStore: a client that answers something else", () => {
  it.each([
    ["nothing", undefined],
    ["no rows", {}],
    ["rows that are none", { rows: null }],
    ["no row", { rows: [] }],
    ["a row that is none", { rows: [null] }],
    ["a row without the answer", { rows: [{}] }],
    ["an answer that is no text", { rows: [{ answer: { kind: "held" } }] }],
    ["an answer that is no JSON", { rows: [{ answer: '[{"kind":"hel' }] }],
    ["fewer answers than calls", { rows: [{ answer: "[]" }] }],
  ])("throws for %s, and admits nothing", async (_, answered) => {
    await expect(answering(answered).hold(request)).rejects.toMatchObject({ code: "outcome_unknown" });
  });

  it.each([[null], [undefined], ["a text"], [{ code: 5 }], [{ message: 5 }], [{ code: "EPIPE" }]])(
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

it("postgresStore: a batch that is undone throws, and the server logs, the names of what differs and no payload", async () => {
  const raised: string[] = [];
  const store = postgresStore(
    {
      query: (text, values) =>
        pool()
          .query(text, values)
          .catch((error: unknown) => {
            raised.push(String(error));
            throw error;
          }),
    },
    { schema: newSchema() },
  );
  await store.migrate();
  await store.submit(free("j", { payload: "secret-1" }));
  await expect(
    store.submitMany([free("i"), free("j", { payload: "secret-2", priority: 1 })]),
  ).rejects.toMatchObject({
    code: "job_conflict",
    message: 'job "j" was submitted before with another payload, priority',
  });
  expect(raised).toHaveLength(1);
  expect(raised[0]).not.toContain("secret");
  expect(await store.job("i")).toBeNull();
});
