import { afterAll } from "vitest";
import { testCases } from "./cases.ts";
import { sqliteMaker } from "./sqlite.ts";

const makeStore = await sqliteMaker("node:sqlite");
afterAll(makeStore.end);

testCases("sqliteStore on node:sqlite", makeStore);
