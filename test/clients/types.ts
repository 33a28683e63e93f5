// Compiled by test/conformance/clients/installed.test.ts, where these clients are installed.
import BetterSqlite3 from "better-sqlite3";
import { Database } from "bun:sqlite";
import { type SqliteDatabase, sqliteStore } from "dispatch-kit/sqlite";

const better = new BetterSqlite3(":memory:", { timeout: 5000 });
better satisfies SqliteDatabase;
sqliteStore(better).within(better);

const bun = new Database(":memory:");
bun satisfies SqliteDatabase;
sqliteStore(bun).within(bun);
