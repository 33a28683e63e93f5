import { memoryStore } from "dispatch-kit/memory";
import { postgresStore, postgresWake } from "dispatch-kit/postgres";
import { sqliteStore } from "dispatch-kit/sqlite";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { pool } from "./memory/support.ts";

/** What plain JavaScript may pass. */
const given = (value: unknown): never => value as never;

const client = "a client with query(text, values), such as a Pool of pg";
const begun = "the client on which you have begun, with query(text, values)";
const connection = "an open connection, such as a DatabaseSync of node:sqlite";
const listener = "a connected Client of pg, or a function that listens";

const none: readonly (readonly [string, string, unknown])[] = [
  ["a URL or a path", "a string", "postgres://localhost/jobs"],
  ["nothing", "undefined", undefined],
  ["null", "null", null],
  ["a client of another kind", "an object", memoryStore()],
];

describe("what is no client is told at once, and not by the first call", () => {
  it.each(none)("postgresStore, within: %s", (_, kind, value) => {
    expect(() => postgresStore(given(value))).toThrow(
      new TypeError(`postgresStore: client must be ${client}; got ${kind}`),
    );
    const store = postgresStore(pool());
    expect(() => store.within(given(value))).toThrow(
      new TypeError(`within: client must be ${begun}; got ${kind}`),
    );
  });

  it.each(none)("sqliteStore, within: %s", (_, kind, value) => {
    expect(() => sqliteStore(given(value))).toThrow(
      new TypeError(`sqliteStore: database must be ${connection}; got ${kind}`),
    );
    const store = sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }));
    expect(() => store.within(given(value))).toThrow(
      new TypeError(`within: database must be ${connection}; got ${kind}`),
    );
  });

  it.each(none)("postgresWake: %s", (_, kind, value) => {
    expect(() => postgresWake(given(value))).toThrow(
      new TypeError(`postgresWake: listener must be ${listener}; got ${kind}`),
    );
  });
  it("within, postgresWake: a Pool, which runs each call on any connection", () => {
    expect(() => postgresStore(pool()).within(pool())).toThrow(
      new TypeError(`within: client must be ${begun}; got a pool`),
    );
    expect(() => postgresWake(given(pool()))).toThrow(
      new TypeError(`postgresWake: listener must be ${listener}; got a pool`),
    );
  });
});
