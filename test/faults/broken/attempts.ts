import { Approval } from "../../../src/approval/approval.ts";
import { Lease } from "../../../src/dispatch/lease.ts";
import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import { microCents } from "../../../src/money/micro-cents.ts";
import { epochSeconds } from "../../../src/time.ts";
import type { Breaking } from "./broken.ts";
import { unlimited } from "./ledger.ts";
import type { Raw } from "./raw.ts";

const approval = new Approval({ author: "nobody", reason: "retry", decidedAt: "2026-11-23T00:00:00Z" });

async function approveUnlimited(store: DispatchStore, raw: Raw, jobId: string): Promise<void> {
  const holdId = await raw.lastHoldOf(jobId);
  const hold = holdId === null ? null : await store.getHold(holdId);
  if (hold) await store.approve(jobId, approval, { scopes: unlimited(hold.scopes) });
}

/** Mistakes with claims, reports and recovery. */
export const attempts: Readonly<Record<string, Breaking>> = {
  "complete-without-fence": {
    wrong: "accepts a result from whoever had the job, as long as somebody has it",
    methods: (store, raw) => ({
      async complete(lease, result, options) {
        const token = (await raw.tokenOf(lease.jobId)) ?? lease.token;
        return store.complete(new Lease({ ...lease, token }), result, options);
      },
    }),
  },
  "late-result-stands": {
    wrong: "writes a result that came too late over what there is",
    methods: (store, raw) => ({
      async complete(lease, result, options) {
        const answer = await store.complete(lease, result, options);
        if (answer.kind === "stale") {
          const text = JSON.stringify(result);
          await raw.run("UPDATE {jobs} SET result = $2 WHERE job_id = $1", lease.jobId, text);
        }
        return answer;
      },
    }),
  },
  "late-cost-to-another-attempt": {
    wrong: "corrects the job's newest attempt by the cost that an older one reports",
    methods: (store, raw) => ({
      async complete(lease, result, options) {
        const holdId = (await raw.lastHoldOf(lease.jobId)) ?? "";
        const own = await raw.holdOf(lease.jobId, lease.token);
        if (holdId === own) return store.complete(lease, result, options);
        const answer = await store.complete(lease, result);
        const hold = await store.getHold(holdId);
        const actual = options?.actual;
        if (actual === undefined || !hold || hold.state === "settled") return answer;
        const text = String(actual);
        const at = raw.isPostgres ? "extract(epoch FROM clock_timestamp())" : "unixepoch()";
        await raw.run(
          `UPDATE {holds} SET state = 'settled', booked = $2, resolved_at = ${at} WHERE hold_id = $1`,
          holdId,
          text,
        );
        if (hold.state === "open") await raw.countAll(hold.scopes, "reserved", 0n - hold.amount);
        await raw.countAll(hold.scopes, "spent", actual - hold.booked);
        return answer;
      },
    }),
  },
  "no-actual-is-free": {
    wrong: "books nothing for a result that does not say what it has cost",
    methods: (store) => ({
      complete: (lease, result, options) =>
        store.complete(lease, result, { actual: microCents(0n), ...options }),
    }),
  },
  "recovery-releases": {
    wrong: "gives back what a lost attempt had set aside",
    methods: (store, raw) => ({
      async recoverStale(options) {
        const answer = await store.recoverStale(options);
        for (const { jobId } of answer.attempts) await raw.giveBack(store, await raw.lastHoldOf(jobId));
        return answer;
      },
    }),
  },
  "cancel-releases": {
    wrong: "gives back what a running job had set aside when it is cancelled",
    methods: (store, raw) => ({
      async cancel(jobId, approval) {
        const answer = await store.cancel(jobId, approval);
        await raw.giveBack(store, await raw.lastHoldOf(jobId));
        return answer;
      },
    }),
  },
  "retry-without-room": {
    wrong: "queues a retry whether there is room for it or not",
    methods: (store, raw) => ({
      async fail(lease, error, options) {
        const answer = await store.fail(lease, error, options);
        if (answer.kind === "waiting") await approveUnlimited(store, raw, lease.jobId);
        return answer;
      },
      async recoverStale(options) {
        const answer = await store.recoverStale(options);
        for (const { jobId, outcome } of answer.attempts) {
          if (outcome === "waiting") await approveUnlimited(store, raw, jobId);
        }
        return answer;
      },
    }),
  },
  "claim-without-condition": {
    wrong: "looks for a job in one statement, and takes it in another that does not look again",
    methods: (store, raw) => ({
      async claim(lanes, options) {
        const [lane = ""] = lanes;
        const [found] = await raw.run(
          `SELECT job_id, payload FROM {jobs} AS job
            WHERE state = 'queued' AND lane = $1 AND run_at <= $2 AND (deadline IS NULL OR deadline > $2)
              AND NOT EXISTS (SELECT 1 FROM {lanes} AS l WHERE l.lane = job.lane AND l.paused)
              AND ${raw.isPostgres ? "max_run_seconds" : "json_extract(terms, '$[5]')"} IS NULL
            ORDER BY run_at, sequence LIMIT 1`,
          lane,
          Date.now() / 1000,
        );
        if (found === undefined) return store.claim(lanes, options);
        const token = crypto.randomUUID();
        const jobId = String(found["job_id"]);
        const made = raw.isPostgres
          ? `tokens = tokens || $2::text, ends = ends || NULL::text, hold_numbers = hold_numbers || holds,
              tried = tried + 1`
          : `leased_at = $3, counts = '' || json_replace(counts, '$[0]', json_extract(counts, '$[0]') + 1),
              attempts = '' || json_insert(attempts, '$[#]', json_object('token', $2, 'end', NULL, 'hold', holds))`;
        const leasedAt = epochSeconds(new Date());
        const [row] = await raw.run(
          `UPDATE {jobs} SET state = 'running', deadline = NULL, ${made} WHERE job_id = $1
            RETURNING ${raw.isPostgres ? "tried" : "json_extract(counts, '$[0]')"} AS made`,
          jobId,
          token,
          ...(raw.isPostgres ? [] : [leasedAt]),
        );
        if (raw.isPostgres) {
          await raw.run("DELETE FROM {ready} WHERE job_id = $1", jobId);
          await raw.run(
            `INSERT INTO {leases} (job_id, leased_at) VALUES ($1, $2)
              ON CONFLICT (job_id) DO UPDATE SET leased_at = excluded.leased_at`,
            jobId,
            leasedAt,
          );
        }
        const lease = new Lease({ jobId, leasedAt, attempts: Number(row?.["made"]), token });
        return { lease, payload: JSON.parse(String(found["payload"])) as unknown };
      },
    }),
  },
};
