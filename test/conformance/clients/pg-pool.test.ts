import { afterAll, inject } from "vitest";
import { testCases } from "./cases.ts";
import { poolWay, postgresMaker } from "./postgres.ts";

const makeStore = postgresMaker(inject("databaseUrl"), poolWay);
afterAll(makeStore.end);

testCases("postgresStore on a Pool of pg", makeStore);
