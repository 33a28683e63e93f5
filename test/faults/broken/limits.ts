import { microCents } from "../../../src/money/micro-cents.ts";
import type { Breaking } from "./broken.ts";
import type { Raw } from "./raw.ts";

/** Adds to the number of attempts of a job that count. */
async function countAttempt(raw: Raw, jobId: string): Promise<void> {
  const sql = raw.isPostgres
    ? "tried = tried + 1"
    : "counts = '' || json_replace(counts, '$[0]', json_extract(counts, '$[0]') + 1)";
  await raw.run(`UPDATE {jobs} SET ${sql} WHERE job_id = $1`, jobId);
}

/** Mistakes with attempts that do not count, with deadlines, and with the lengths of leases and runs. */
export const limits: Readonly<Record<string, Breaking>> = {
  "given-back-counts": {
    wrong: "counts an attempt that was given back",
    methods: (store) => ({
      fail: (lease, error, options) => store.fail(lease, error, { ...options, counts: true }),
    }),
  },
  "given-back-number-again": {
    wrong: "gives the attempt after one that was given back the same hold",
    methods: (store, raw) => ({
      async claim(lanes, options) {
        const claimed = await store.claim(lanes, options);
        const sql = raw.isPostgres
          ? `hold_numbers[cardinality(hold_numbers)] = hold_numbers[cardinality(hold_numbers) - 1]
              WHERE cardinality(tokens) > tried`
          : `attempts = '' || json_set(attempts, '$[#-1].hold', json_extract(attempts, '$[#-2].hold'))
              WHERE json_array_length(attempts) > json_extract(counts, '$[0]')`;
        if (claimed) await raw.run(`UPDATE {jobs} SET ${sql} AND job_id = $1`, claimed.lease.jobId);
        return claimed;
      },
    }),
  },
  "refused-counts": {
    wrong: "counts a claim whose payload was refused as an attempt",
    methods: (store, raw) => ({
      claim: (lanes, options = {}) =>
        store.claim(lanes, {
          ...options,
          onRefused: async (refused) => {
            await countAttempt(raw, refused.lease.jobId);
            await options.onRefused?.(refused);
          },
        }),
    }),
  },
  "refused-charges": {
    wrong: "charges a claim whose payload was refused in full",
    methods: (store, raw) => ({
      claim: (lanes, options = {}) =>
        store.claim(lanes, {
          ...options,
          onRefused: async (refused) => {
            const { jobId, token } = refused.lease;
            const hold = await store.getHold(await raw.holdOf(jobId, token));
            if (hold?.state === "settled" && hold.booked === microCents(0n)) {
              const sql = "UPDATE {holds} SET state = 'charged', booked = $2 WHERE hold_id = $1";
              await raw.run(sql, hold.holdId, String(hold.amount));
              await raw.countAll(hold.scopes, "spent", hold.amount);
            }
            await options.onRefused?.(refused);
          },
        }),
    }),
  },
  "claims-past-deadlines": {
    wrong: "offers a job whose deadline has passed",
    methods: (store, raw) => ({
      async claim(lanes, options) {
        const sql = raw.isPostgres
          ? "claim_by = NULL, deadline = NULL WHERE claim_by IS NOT NULL"
          : "terms = '' || json_set(terms, '$[3]', NULL), deadline = NULL, parked = 0 WHERE terms IS NOT NULL";
        await raw.run(`UPDATE {jobs} SET ${sql} AND state = 'queued'`);
        return store.claim(lanes, options);
      },
    }),
  },
  "expired-keeps-money": {
    wrong: "charges a job that nobody has claimed in time",
    methods: (store, raw) => ({
      async recoverStale(options) {
        const answer = await store.recoverStale(options);
        for (const { jobId, released } of answer.ended) {
          const hold = released > 0n ? await store.getHold(`job:${jobId}#1`) : null;
          if (hold?.state !== "released") continue;
          const sql = "UPDATE {holds} SET state = 'charged', booked = $2 WHERE hold_id = $1";
          await raw.run(sql, hold.holdId, String(hold.amount));
          await raw.countAll(hold.scopes, "spent", hold.amount);
        }
        return answer;
      },
    }),
  },
  "recovery-by-another-length": {
    wrong: "recovers a lease by the length that the caller goes by, whatever its own is",
    methods: (store, raw) => ({
      async recoverStale(options) {
        await raw.run(`UPDATE ${raw.isPostgres ? "{leases}" : "{jobs}"} SET lease_seconds = NULL`);
        return store.recoverStale(options);
      },
    }),
  },
  "renews-without-end": {
    wrong: "renews the lease of a job that has run as long as it may",
    methods: (store, raw) => ({
      async renew(lease) {
        const table = raw.isPostgres ? "{leases}" : "{jobs}";
        await raw.run(`UPDATE ${table} SET run_until = NULL WHERE job_id = $1`, lease.jobId);
        return store.renew(lease);
      },
    }),
  },
};
