import { setTimeout as wait } from "node:timers/promises";
import type { ScopeCap } from "../../../src/budget/scopes.ts";
import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import { type MicroCents, microCents } from "../../../src/money/micro-cents.ts";
import { PINNED } from "../terms.ts";
import type { Breaking } from "./broken.ts";
import type { Raw } from "./raw.ts";

/** Under an id of its own each time, so that nothing is a repeat. */
function anew<Decision extends { readonly id: string }>(decision: Decision): Decision {
  return { ...decision, id: `${decision.id}-${crypto.randomUUID()}` };
}

/** Holds where a cap is given, and then without a look at it also where it is left out. */
async function beyond<Answer extends { readonly kind: string }>(
  raw: Raw,
  hold: { readonly holdId: string; readonly jobId: string | null; readonly amount: bigint },
  scopes: readonly ScopeCap[],
  call: (inside: DispatchStore, others: readonly ScopeCap[]) => Promise<Answer>,
): Promise<Answer> {
  return raw.together(async (inside, rows) => {
    const answer = await call(
      inside,
      scopes.filter(({ scope }) => scope !== PINNED),
    );
    if (scopes.some(({ scope }) => scope === PINNED) && ["held", "queued"].includes(answer.kind)) {
      await rows.setScopes(hold.holdId, hold.jobId, scopes);
      await rows.count(PINNED, "reserved", hold.amount);
    }
    return answer;
  });
}

/** Mistakes with what people decide, and with what is swept away. */
export const decisions: Readonly<Record<string, Breaking>> = {
  "correction-repeats": {
    wrong: "carries out a correction again whenever its decision is repeated",
    methods: (store) => ({
      correct: (holdId, actual, decision) => store.correct(holdId, actual, anew(decision)),
    }),
  },
  "correction-uncounted": {
    wrong: "corrects what a hold is booked at, and leaves the counters as they were",
    methods: (store, raw) => ({
      async correct(holdId, actual, decision) {
        const answer = await store.correct(holdId, actual, decision);
        const hold = answer.kind === "corrected" ? await store.getHold(holdId) : null;
        if (hold && answer.kind === "corrected")
          await raw.countAll(hold.scopes, "spent", answer.from - answer.to);
        return answer;
      },
    }),
  },
  "late-after-correction": {
    wrong: "lets a cost that is told late replace what a person has corrected",
    methods: (store, raw) => {
      const move = async (holdId: string, actual: MicroCents): Promise<void> => {
        const hold = await store.getHold(holdId);
        if (hold?.state !== "settled" || hold.booked === actual) return;
        await raw.run("UPDATE {holds} SET booked = $2 WHERE hold_id = $1", holdId, String(actual));
        await raw.countAll(hold.scopes, "spent", actual - hold.booked);
      };
      return {
        async settle(holdId, actual) {
          const answer = await store.settle(holdId, actual);
          if (answer.kind !== "conflict") return answer;
          await move(holdId, actual);
          return { kind: "settled", booked: actual, overrun: microCents(0n), corrected: true };
        },
        async complete(lease, result, options) {
          const answer = await store.complete(lease, result, options);
          if (answer.kind !== "stale" || answer.corrected || options?.actual === undefined) return answer;
          await move(await raw.holdOf(lease.jobId, lease.token), options.actual);
          return { kind: "stale", corrected: true };
        },
      };
    },
  },
  "retry-again": {
    wrong: "retries a failed job for whoever decided so, however often it was retried since",
    methods: (store) => ({
      async retry(jobId, options, decision) {
        for (let looks = 0; looks < 60; looks++) {
          const job = await store.job(jobId);
          if (!job || job.state === "succeeded") break;
          // Also if someone else has retried it since, and it has failed again.
          const { kind } =
            job.state === "failed"
              ? await store.retry(jobId, { ...options, after: job.retries }, anew(decision))
              : { kind: null };
          if (kind === "queued") return { kind };
          await wait(20);
        }
        return store.retry(jobId, options, decision);
      },
    }),
  },
  "pin-repeats": {
    wrong: "pins a cap again whenever its decision is repeated, whatever was pinned since",
    methods: (store) => ({
      pinCap: (scope, cap, decision) => store.pinCap(scope, cap, anew(decision)),
      unpinCap: (scope, decision) => store.unpinCap(scope, anew(decision)),
    }),
  },
  "left-out-cap-admits": {
    wrong: "takes a cap that is left out for none",
    methods: (store, raw) => ({
      async hold({ scopes, holdId, ...request }) {
        if ((await store.getHold(holdId)) !== null) return store.hold({ ...request, holdId, scopes });
        return beyond(raw, { holdId, jobId: null, amount: request.amount }, scopes, (inside, others) =>
          inside.hold({ ...request, holdId, scopes: others }),
        );
      },
      async submit({ approved, ...job }) {
        const { jobId, maxCost: amount } = job;
        if (!approved?.scopes || (await store.job(jobId)) !== null) return store.submit({ ...job, approved });
        return beyond(raw, { holdId: `job:${jobId}#1`, jobId, amount }, approved.scopes, (inside, others) =>
          inside.submit({ ...job, approved: { ...approved, scopes: others } }),
        );
      },
    }),
  },
  "pause-forgotten": {
    wrong: "offers the jobs of a lane that is paused",
    methods: (store, raw) => {
      const open = (): Promise<unknown> =>
        raw.run(`UPDATE {lanes} SET paused = ${raw.isPostgres ? "false" : "0"}`);
      return {
        async claim(lanes, options) {
          await open();
          return store.claim(lanes, options);
        },
        async claimMany(lanes, limit, options) {
          await open();
          return store.claimMany(lanes, limit, options);
        },
      };
    },
  },
  "forget-frees": {
    wrong: "takes what it forgets off the counters",
    methods: (store, raw) => ({
      async forget(options) {
        const before = await raw.run(
          "SELECT hold_id, booked FROM {holds} WHERE booked::text <> '0'".replace(
            "::text",
            raw.isPostgres ? "::text" : "",
          ),
        );
        const holds = await Promise.all(before.map(({ hold_id: id }) => store.getHold(String(id))));
        const answer = await store.forget(options);
        const after = await raw.run("SELECT hold_id FROM {holds}");
        const left = new Set(after.map(({ hold_id: id }) => String(id)));
        for (const hold of holds) {
          if (hold && !left.has(hold.holdId)) await raw.countAll(hold.scopes, "spent", 0n - hold.booked);
        }
        return answer;
      },
    }),
  },
  "forget-leaves-decisions": {
    wrong: "forgets a job, and keeps what was decided about it",
    methods: (store, raw) => ({
      async forget(options) {
        const before = await raw.run("SELECT * FROM {decisions} WHERE subject LIKE 'job:%'");
        const answer = await store.forget(options);
        for (const { id, subject, body, answer: given } of before) {
          const values = [id, subject, body, given].map(String);
          const sql = "INSERT INTO {decisions} (id, subject, body, answer) VALUES ($1, $2, $3, $4)";
          await raw.run(`${sql} ON CONFLICT DO NOTHING`, ...values);
        }
        return answer;
      },
    }),
  },
  "forget-leaves-holds": {
    wrong: "forgets a job, and keeps its holds",
    methods: (store, raw) => ({
      async forget(options) {
        const before = await raw.run("SELECT job_id, state, ended_at FROM {jobs}");
        const from = Number(options.before);
        const old = before.find(({ ended_at: at }) => at !== null && Number(at) < from);
        if (!old) return store.forget(options);
        await raw.run("DELETE FROM {jobs} WHERE job_id = $1", String(old["job_id"]));
        return store.forget(options);
      },
    }),
  },
};
