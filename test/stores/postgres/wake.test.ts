import { type PostgresClient, type PostgresListen, postgresStore, postgresWake } from "dispatch-kit/postgres";
import { type Wake, work } from "dispatch-kit/worker";
import { Client } from "pg";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { approved, capped, free, leaseOf, newSchema, paid, pool, YES } from "../memory/support.ts";

const ends: (() => unknown)[] = [];

beforeEach(() => {
  ends.length = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.reverse()) await end();
});

async function listener(): Promise<Client> {
  const client = new Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  ends.push(() => client.end());
  return client;
}

/** A client, and its statements: news as they are sent, all others as they are answered. */
function watched(client: PostgresClient = pool()): {
  readonly client: PostgresClient;
  readonly log: string[];
} {
  const log: string[] = [];
  const query = async (text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }> => {
    const isNews = text.includes("pg_notify");
    if (isNews) log.push(`notify ${String(values[1])}`);
    const answer = await client.query(text, values);
    if (!isNews) log.push("operation");
    return answer;
  };
  return { client: { query }, log };
}

async function notifying(client: PostgresClient = pool()): Promise<{
  readonly store: ReturnType<typeof postgresStore>;
  readonly schema: string;
}> {
  const schema = newSchema();
  const store = postgresStore(client, { schema, notify: true });
  await store.migrate();
  return { store, schema };
}

/** A subscription, and when it is there. */
function awaited(wake: Wake): { readonly wake: Wake; readonly listening: Promise<void> } {
  let isListening = (): void => undefined;
  const listening = new Promise<void>((resolve) => {
    isListening = resolve;
  });
  return {
    listening,
    wake: async (lanes, heard) => {
      const leave = await wake(lanes, heard);
      isListening();
      return leave;
    },
  };
}

const never = { minSeconds: 100_000, maxSeconds: 100_000 };

describe("postgresWake: a worker that would not look again", () => {
  const listeners: readonly (readonly [string, (schema: string) => Promise<Wake>])[] = [
    ["a Client of pg", async (schema) => postgresWake(await listener(), { schema })],
    [
      "postgres.js",
      (schema) => {
        const sql = postgres(inject("databaseUrl"), { onnotice: () => undefined });
        ends.push(() => sql.end());
        const listen: PostgresListen = async (channel, heard) => {
          const listening = await sql.listen(channel, heard);
          return () => listening.unlisten();
        };
        return Promise.resolve(postgresWake(listen, { schema }));
      },
    ],
  ];

  it.each(listeners)("is woken through %s", async (_, wakeOf) => {
    const { store, schema } = await notifying();
    const stop = new AbortController();
    const { wake, listening } = awaited(await wakeOf(schema));
    const done: unknown[] = [];
    const loop = work(
      store,
      (payload) => {
        done.push(payload);
        if (done.length === 3) stop.abort();
      },
      { lanes: ["text"], poll: never, signal: stop.signal, wake },
    );
    await listening;
    // What wakes for another lane would run this one early.
    await store.submit(free("other", { lane: "other" }));
    await store.submit(free("a"));
    await store.submit(paid("b"));
    await store.approve("b", YES, { scopes: capped(100) });
    await store.submitMany([free("c")]);
    expect(await loop).toMatchObject({ completed: 3 });
    expect(done).toEqual(["a", "b", "c"]);
  });
});

describe("postgresWake: what is heard", () => {
  async function heardBy(lanes: readonly string[]): Promise<{
    readonly client: Client;
    readonly heard: number[];
    readonly leave: () => unknown;
    readonly notify: (channel: string, payload: string) => Promise<void>;
  }> {
    const client = await listener();
    const heard: number[] = [];
    const leave = await postgresWake(client)(lanes, () => heard.push(heard.length));
    // Its own notifications reach a client before the answer of the statement that follows them.
    const notify = async (channel: string, payload: string): Promise<void> => {
      await client.query("SELECT pg_notify($1, $2)", [channel, payload]);
      await client.query("SELECT");
    };
    return { client, heard, leave, notify };
  }

  it("is news of its lanes, and of any lane, on the schema's channel", async () => {
    const { client, heard, notify } = await heardBy(["text", "über"]);
    await client.query("LISTEN other_jobs");
    await notify("dispatch_kit_jobs", "text");
    await notify("dispatch_kit_jobs", "");
    await notify("dispatch_kit_jobs", "über");
    expect(heard).toHaveLength(3);
    await notify("dispatch_kit_jobs", "image");
    await notify("other_jobs", "text");
    expect(heard).toHaveLength(3);
  });

  it("ends with the subscription, and not that of another worker on the same client", async () => {
    const { client, heard, leave, notify } = await heardBy(["text"]);
    const others: number[] = [];
    await postgresWake(client)(["text"], () => others.push(1));
    await leave();
    await notify("dispatch_kit_jobs", "text");
    expect([heard.length, others.length]).toEqual([0, 1]);
    expect(client.listenerCount("notification")).toBe(1);
  });

  it("is nothing when the client cannot listen, which is thrown", async () => {
    const client = new Client({ connectionString: inject("databaseUrl") });
    await client.connect();
    await client.end();
    await expect(postgresWake(client)(["text"], () => undefined)).rejects.toThrow();
    expect(client.listenerCount("notification")).toBe(0);
  });

  it("is asked for by a name", () => {
    const listen: PostgresListen = () => () => undefined;
    expect(() => postgresWake(listen, { schema: 'a"b' })).toThrow(RangeError);
    expect(() => postgresWake(listen, { scheme: "a" } as never)).toThrow(TypeError);
  });
});

describe("postgresStore: notify", () => {
  it("is off unless it is asked for, by true and by nothing that is like it", async () => {
    const { client, log } = watched();
    const store = postgresStore(client, { schema: newSchema() });
    await store.migrate();
    await store.submit(free("a"));
    expect(log).toEqual(["operation", "operation"]);
    expect(() => postgresStore(client, { notify: 1 as never })).toThrow(TypeError);
  });

  it("tells of a lane once in 100 ms, however many jobs are queued, and after they are", async () => {
    const { client, log } = watched();
    const { store } = await notifying(client);
    log.length = 0;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const submit = (from: number) =>
      Promise.all(Array.from({ length: 20 }, (_, index) => store.submit(free(String(from + index)))));
    const notified = () => log.filter((line) => line.startsWith("notify"));
    await submit(0);
    await store.submit(free("other", { lane: "other" }));
    expect(notified()).toEqual(['notify ["text"]']);
    expect(log[0]).toBe("operation");
    await submit(20);
    await vi.advanceTimersByTimeAsync(99);
    expect(notified()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(notified()).toEqual(['notify ["text"]', 'notify ["text","other"]']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(notified()).toHaveLength(2);
    await store.submit(free("more"));
    expect(notified()).toHaveLength(3);
  });

  it("tells of what is given back to be run at once, and of nothing that is to wait", async () => {
    const { client, log } = watched();
    const { store, schema } = await notifying(client);
    const plain = postgresStore(pool(), { schema });
    const notified = () => log.splice(0).filter((line) => line.startsWith("notify"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const claimed = async () => {
      await vi.advanceTimersByTimeAsync(100);
      return leaseOf(plain);
    };
    await plain.submit(free("a", { maxAttempts: 4 }));
    await store.fail(await claimed(), "busy", { retriable: true });
    expect(notified()).toEqual(['notify [""]']);
    await claimed();
    await store.recoverStale({ ttlSeconds: 0 });
    expect(notified()).toEqual(['notify [""]']);
    await store.fail(await claimed(), "busy", { retriable: true, retryAfterSeconds: 60 });
    await store.recoverStale({ ttlSeconds: 0 });
    expect(notified()).toEqual([]);
  });

  it("tells nothing of what is not queued, or in the caller's own transaction", async () => {
    const { client, log } = watched();
    const { store, schema } = await notifying(client);
    await store.submit(paid("waits"));
    expect(await store.submit(approved("refused", capped(1)))).toMatchObject({ kind: "refused" });
    await store.approve("waits", YES, { scopes: capped(1) });
    const own = await listener();
    const inside = watched(own);
    await own.query("BEGIN");
    await postgresStore(client, { schema, notify: true }).within(inside.client).submit(free("a"));
    await own.query("COMMIT");
    expect([...log, ...inside.log].filter((line) => line.startsWith("notify"))).toEqual([]);
  });

  it("that fails costs a wait, and no job", async () => {
    const failing: PostgresClient = {
      query: (text, values: unknown[]) => {
        if (text.includes("pg_notify")) throw new Error("the connection is gone");
        return pool().query(text, values);
      },
    };
    const { store } = await notifying(failing);
    expect(await store.submit(free("a"))).toEqual({ kind: "queued" });
    expect(await store.claim(["text"])).toMatchObject({ payload: "a" });
  });
});

describe("postgresWake: other news", () => {
  it("is for whoever it is for: another channel's is not heard, and news without a lane is for all", async () => {
    const client = await listener();
    const schema = newSchema();
    const heard: string[] = [];
    const wake = postgresWake(client, { schema });
    const leave = await wake(["text"], () => heard.push("woken"));
    ends.push(leave);
    const { rows } = await client.query<{ channel: string }>("SELECT pg_listening_channels() AS channel");
    const channel = rows[0]?.channel ?? "";
    await client.query("LISTEN elsewhere");
    // A client hears what was sent before an answer, before that answer.
    await client.query("NOTIFY elsewhere, 'text'");
    await client.query("SELECT 1");
    expect(heard).toEqual([]);
    await client.query("SELECT pg_notify($1, '')", [channel]);
    await client.query("SELECT 1");
    expect(heard).toEqual(["woken"]);
  });
});
