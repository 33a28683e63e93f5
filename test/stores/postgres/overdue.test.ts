import { epochSeconds } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { free, newSchema, pool } from "../memory/support.ts";
import { unlike } from "./mirror.ts";

const schema = newSchema();
const store = postgresStore(pool(), { schema });

beforeAll(() => store.migrate());

describe("claim: jobs of a higher priority that are past their deadlines", () => {
  // A claim looks at 9 jobs first, and at four times as many after that: its last look may find fewer.
  it.each([1, 9, 10, 50])("are looked at by one claim, and by no other: %i jobs", async (count) => {
    const lane = `lane-${String(count)}`;
    const late = { lane, claimBy: epochSeconds(Date.now() / 1000 - 60), priority: 1 };
    const jobs = Array.from({ length: count }, (_, index) => free(`${lane}-late-${String(index)}`, late));
    await store.submitMany([...jobs, free(`${lane}-due`, { lane })]);
    expect(await store.claim([lane])).toMatchObject({ lease: { jobId: `${lane}-due` } });
    const { rows } = await pool().query(`SELECT job_id FROM ${schema}.ready`);
    expect(rows).toEqual([]);
    expect((await store.recoverStale({ ttlSeconds: 1000 })).ended).toHaveLength(count);
    expect(await unlike(pool(), schema)).toEqual([]);
  });
});
