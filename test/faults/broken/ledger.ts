import { setTimeout as wait } from "node:timers/promises";
import type { HoldOutcome } from "../../../src/budget/contract.ts";
import type { ScopeCap } from "../../../src/budget/scopes.ts";
import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import { isDispatchError } from "../../../src/errors.ts";
import { microCents } from "../../../src/money/micro-cents.ts";
import type { Breaking } from "./broken.ts";

type Refused = Extract<HoldOutcome, { kind: "refused" }>;

const NO_CAP = microCents(2n ** 62n - 1n);

/** The same scopes, none of which refuses, but those whose cap is pinned. */
export function unlimited(scopes: readonly ScopeCap[]): readonly ScopeCap[] {
  return scopes.map(({ scope, cap }) =>
    cap === null || cap === undefined ? { scope } : { scope, cap: NO_CAP },
  );
}

/** A check that reserves nothing. */
async function check(
  store: DispatchStore,
  amount: bigint,
  scopes: readonly ScopeCap[],
): Promise<Refused | null> {
  const rooms = await Promise.all(
    scopes.map(async ({ scope, cap }) => {
      const usage = await store.usage(scope);
      if (cap === null || cap === undefined) return { scope, by: microCents(0n) };
      return { scope, by: microCents(amount - cap + usage.committed()) };
    }),
  );
  const lacking = rooms.filter(({ by }) => by > 0n);
  // Whoever does it in two takes some time in between.
  await wait(150);
  return lacking.length > 0 ? { kind: "refused", lacking } : null;
}

/** Mistakes with holds and counters. */
export const ledger: Readonly<Record<string, Breaking>> = {
  "two-transactions": {
    wrong: "checks the caps in one transaction, and reserves in another",
    methods: (store, raw) => ({
      async hold(request) {
        const { amount, scopes } = request;
        if ((await store.getHold(request.holdId)) === null) {
          const refused = await check(store, amount, scopes);
          if (refused) return refused;
        }
        const answer = await store.hold({ ...request, scopes: unlimited(scopes) });
        await raw.setScopes(request.holdId, null, scopes);
        return answer;
      },
      async submit(job) {
        const { approved, jobId } = job;
        if (!approved?.scopes || (await store.job(jobId)) !== null) return store.submit(job);
        const refused = await check(store, job.maxCost, approved.scopes);
        if (refused) return refused;
        const scopes = unlimited(approved.scopes);
        const answer = await store.submit({ ...job, approved: { ...approved, scopes } });
        await raw.setScopes(`job:${jobId}#1`, jobId, approved.scopes);
        return answer;
      },
    }),
  },
  "settle-adds-again": {
    wrong: "adds the cost of a settlement that is repeated once more",
    methods: (store, raw) => ({
      async settle(holdId, actual) {
        const before = await store.getHold(holdId);
        const answer = await store.settle(holdId, actual);
        if (before?.state === "settled") await raw.countAll(before.scopes, "spent", actual);
        return answer;
      },
    }),
  },
  "counters-later": {
    wrong: "updates the counters after the transaction that closes the hold",
    methods: (store, raw) => {
      /** What closes a hold, and what it adds to the counters apart from that. */
      const closing = async <Answer>(
        holdId: string,
        close: (inside: DispatchStore) => Promise<Answer>,
      ): Promise<Answer> => {
        const before = await store.getHold(holdId);
        if (before?.state !== "open") return close(store);
        const [answer, booked] = await raw.together(async (inside, rows) => {
          const closed = await close(inside);
          const after = await inside.getHold(holdId);
          const more = after === null ? 0n : after.booked - before.booked;
          await rows.countAll(before.scopes, "spent", -more);
          return [closed, more] as const;
        });
        await wait(5);
        await raw.countAll(before.scopes, "spent", booked);
        return answer;
      };
      return {
        settle: (holdId, actual) => closing(holdId, (inside) => inside.settle(holdId, actual)),
        complete: (lease, result, options) =>
          raw
            .holdOf(lease.jobId, lease.token)
            .then((holdId) => closing(holdId, (inside) => inside.complete(lease, result, options))),
      };
    },
  },
  "lost-answer-holds-anew": {
    wrong: "takes a lost answer for a hold that was not made, and makes another one",
    methods: (store) => ({
      async hold(request) {
        const again = { ...request, holdId: `${request.holdId}-again` };
        try {
          const answer = await store.hold(request);
          return answer.kind === "exists" ? await store.hold(again) : answer;
        } catch (error) {
          if (isDispatchError(error, "outcome_unknown")) return store.hold(again);
          throw error;
        }
      },
    }),
  },
  "expire-releases": {
    wrong: "gives back what an expired hold had set aside",
    methods: (store, raw) => ({
      async expire(options) {
        const answer = await store.expire(options);
        for (const { holdId } of answer.charged) await raw.giveBack(store, holdId);
        return answer;
      },
    }),
  },
  "refusal-keeps-one-scope": {
    wrong: "reserves in the first scope, and leaves it at that when the second refuses",
    methods: (store, raw) => ({
      async hold(request) {
        const answer = await store.hold(request);
        const [first] = request.scopes;
        if (answer.kind === "refused" && first) await raw.count(first.scope, "reserved", request.amount);
        return answer;
      },
    }),
  },
};
