// What users write with these clients. Compiled where the clients are installed: by
// test/conformance/clients/installed.test.ts against the sources, by test/runtimes/types.ts against the package.
import BetterSqlite3 from "better-sqlite3";
import { Database } from "bun:sqlite";
import { type SqliteDatabase, sqliteStore } from "dispatch-kit/sqlite";
import { DatabaseSync } from "node:sqlite";

const better = new BetterSqlite3(":memory:", { timeout: 5000 });
better satisfies SqliteDatabase;
sqliteStore(better).within(better);

const bun = new Database(":memory:");
bun satisfies SqliteDatabase;
sqliteStore(bun).within(bun);

const node = new DatabaseSync(":memory:", { timeout: 5000 });
node satisfies SqliteDatabase;
sqliteStore(node).within(node);

// A wrapper is told the types of what it is handed.
const wrapper: SqliteDatabase = {
  prepare: (sql) => {
    const statement = node.prepare(sql);
    return { all: (...values) => statement.all(...values), run: (...values) => statement.run(...values) };
  },
  exec: (sql) => {
    node.exec(sql);
  },
};
sqliteStore(wrapper).within(wrapper);

const remote = {
  prepare: () => ({ all: () => Promise.resolve([]), run: () => Promise.resolve() }),
  exec: () => 0,
};
// @ts-expect-error: a client that answers with promises is none.
sqliteStore(remote);

// @ts-expect-error: clients bind a date differently, or not at all.
wrapper.prepare("SELECT ?").all(new Date());
