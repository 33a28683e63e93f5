import { jobHoldId } from "../budget/hold-request.ts";
import { like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  AT_ONCE,
  at,
  capped,
  claimed,
  counted,
  decides,
  free,
  LANES,
  leaseOf,
  micro,
  NO_ATTEMPTS,
  nothingToClaim,
  paid,
  recovered,
  upTo,
  YES,
} from "./fixtures.ts";

const QUEUED = { kind: "queued" };
const EXPIRED = { kind: "expired", deadline: at(60) };
const AGAIN = { retriable: true };

interface Ended {
  readonly ended: readonly { readonly jobId: string; readonly state: string; readonly released: bigint }[];
}

/** What recovery ended, by name: no order of it is promised. */
function endedBy({ ended }: Ended): readonly string[] {
  return ended.map(({ jobId, state, released }) => `${jobId}: ${state}, ${released}`).sort();
}

/** Until when a job may be decided on and claimed. */
export const deadlineCases: readonly Definition[] = featured(
  ["deadlines"],
  [
    define(
      "jobs",
      ["submit", "claim", "recoverStale"],
      "deadlines: a job that a claim has passed over is offered again after recovery, if the clock was set back",
      async ({ store, clock }) => {
        for (const id of ["a", "b"]) await store.submit(free(id, { claimBy: at(60) }));
        await store.submit(free("c"));
        clock.now = START + 90;
        same("what is claimed", (await leaseOf(store)).jobId, "c");
        clock.now = START + 30;
        same("recovery", await store.recoverStale({ ttlSeconds: 1e6 }), NO_ATTEMPTS);
        same("what is claimed then", await claimed(store, 2), ["a", "b"]);
      },
    ),
    define(
      "both",
      ["submit", "approve", "recoverStale", "usage", "job"],
      "deadlines: decideBy: at its second an approval is expired, and recovery ends the job as rejected",
      async ({ store, clock }) => {
        const approve = (id: string) => store.approve(id, YES(), { scopes: capped(100) });
        for (const id of ["a", "b"]) await store.submit(paid(id, { decideBy: at(60) }));
        clock.now = START + 59.999;
        same("recovery in time", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
        same("in time", await approve("a"), QUEUED);
        clock.now = START + 60;
        same("at the second", await approve("b"), EXPIRED);
        like("the job", await store.job("b"), { state: "awaiting_approval", decideBy: at(60) });
        const recovery = await store.recoverStale(AT_ONCE);
        same(
          "recovery",
          [recovery.attempts, endedBy(recovery), recovery.more],
          [[], ["b: rejected, 0"], false],
        );
        const job = await store.job("b");
        same("the job, then", [job?.state, job?.error?.code], ["rejected", "expired"]);
        like("approved then", await approve("b"), { kind: "not_waiting", state: "rejected" });
        same("a second recovery", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
        await counted("in the end", store, 10, 0);
      },
    ),
    define(
      "both",
      ["submit", "approve", "claim", "recoverStale", "usage", "job", "getHold"],
      "deadlines: claimBy: at its second the job is not offered, and recovery ends it as failed and gives its money back",
      async ({ store, clock }) => {
        const rest = { claimBy: at(60) };
        await store.submit(approved("in time", capped(100), { ...rest, priority: 1 }));
        await store.submit(approved("queued", capped(100), rest));
        await store.submit(free("free", rest));
        await store.submit(paid("waits", rest));
        clock.now = START + 59.999;
        same("in time", await claimed(store, 1), ["in time"]);
        clock.now = START + 60;
        await nothingToClaim("at the second", store);
        same("an approval", await store.approve("waits", YES(), { scopes: capped(100) }), EXPIRED);
        await counted("until it is recovered", store, 20, 0);
        const recovery = await store.recoverStale({ ttlSeconds: 1000 });
        const ended = ["free: failed, 0", "queued: failed, 10", "waits: rejected, 0"];
        same("recovery", [recovery.attempts, endedBy(recovery), recovery.more], [[], ended, false]);
        const job = await store.job("queued");
        same("the job", [job?.state, job?.error?.code, job?.attempts], ["failed", "expired", 0]);
        like("its hold", await store.getHold(jobHoldId("queued", 1)), {
          state: "released",
          booked: micro(0),
        });
        await nothingToClaim("in the end", store);
        await counted("in the end", store, 10, 0);
      },
    ),
    define(
      "both",
      ["submit", "approve", "claim", "complete", "fail", "recoverStale", "usage"],
      "deadlines: they bind the first decision and the first claim only: what was claimed in time may wait and run again",
      async ({ store, clock }) => {
        const rest = { decideBy: at(60), claimBy: at(60) };
        await store.submit(approved("waits", capped(15), rest));
        await store.submit(approved("queued", capped(100, "run:2"), rest));
        await store.submit(paid("decided", { decideBy: at(60) }));
        const [waits, queued] = [await leaseOf(store), await leaseOf(store)];
        same("in time", await store.approve("decided", YES(), { scopes: capped(100, "run:3") }), QUEUED);
        clock.now = START + 60;
        like("without room", await store.fail(waits, "busy", AGAIN), { kind: "waiting" });
        like("with room", await store.fail(queued, "busy", AGAIN), { kind: "requeued" });
        same("recovery", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
        same("approved again", await store.approve("waits", YES(), { scopes: capped(20) }), QUEUED);
        same("what is claimed", [...(await claimed(store, 3))].sort(), ["decided", "queued", "waits"]);
      },
    ),
    define(
      "both",
      ["submit", "job"],
      "deadlines: they are stored and returned, and computed anew they are no other body",
      async ({ store }) => {
        same("none", await store.submit(free("none")), QUEUED);
        like("without", await store.job("none"), { decideBy: null, claimBy: null });
        await store.submit(paid("j", { decideBy: at(60), claimBy: at(90) }));
        const exists = { kind: "exists", state: "awaiting_approval" };
        for (const rest of [{ decideBy: at(61), claimBy: at(91) }, { decideBy: null }, {}]) {
          same("again", await store.submit(paid("j", rest)), exists);
        }
        like("the job", await store.job("j"), { decideBy: at(60), claimBy: at(90) });
        // What plain JavaScript can pass: a time in milliseconds.
        const millis = (START * 1000) as ReturnType<typeof at>;
        for (const rest of [{ decideBy: millis }, { claimBy: millis }]) {
          await refuses("milliseconds", "RangeError", () => store.submit(paid("k", rest)));
        }
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "claimMany", "recoverStale"],
      "deadlines: a job past its claimBy blocks no other job of its lane, however high its priority",
      async ({ store, clock }) => {
        for (const index of upTo(5)) {
          await store.submit(free(`late ${index}`, { claimBy: at(60), priority: 9 - (index % 2) }));
        }
        for (const id of ["a", "b", "c"]) await store.submit(free(id));
        clock.now = START + 60;
        same("claim", await claimed(store, 1), ["a"]);
        const rest = (await store.claimMany(LANES, 9)).map(({ lease }) => lease.jobId);
        same("claimMany", rest, ["b", "c"]);
        same("how many are ended", (await store.recoverStale({ ttlSeconds: 60 })).ended.length, 5);
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "recoverStale", "pauseLane", "job"],
      "deadlines: a pause of the lane stops none",
      async ({ store, clock }) => {
        await store.submit(free("j", { claimBy: at(60) }));
        await store.pauseLane("text", decides("pause"));
        clock.now = START + 60;
        same("recovery", endedBy(await store.recoverStale(AT_ONCE)), ["j: failed, 0"]);
        like("the job", await store.job("j"), { state: "failed" });
      },
      "pauses",
    ),
    define(
      "both",
      ["submit", "claim", "recoverStale", "retry", "usage", "job"],
      "deadlines: a job that a person retries has no claimBy any more",
      async ({ store, clock }) => {
        await store.submit(approved("j", capped(100), { claimBy: at(60) }));
        clock.now = START + 60;
        same("recovery", endedBy(await store.recoverStale(AT_ONCE)), ["j: failed, 10"]);
        same("retry", await store.retry("j", { after: 0 }, decides("retry")), QUEUED);
        like("the job", await store.job("j"), { state: "queued", claimBy: null });
        clock.now = START + 1000;
        same("recovery, then", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
        like("its lease", await leaseOf(store), { jobId: "j", attempts: 1 });
        await counted("in the end", store, 10, 0);
      },
      "retries",
    ),
    define(
      "jobs",
      ["submit", "claim", "recoverStale"],
      "recoverStale: its limit counts lost attempts and ended jobs together, and so does more",
      async ({ store, clock }) => {
        for (const id of ["a", "b"]) await store.submit(free(id, { maxAttempts: 1 }));
        await claimed(store, 2);
        for (const id of ["c", "d"]) await store.submit(free(id, { claimBy: at(60) }));
        clock.now = START + 60;
        const seen: string[] = [];
        for (const [takes, more] of [
          [3, true],
          [1, false],
          [0, false],
        ] as const) {
          const answer = await store.recoverStale({ ttlSeconds: 60, limit: 3 });
          const taken = [...answer.attempts, ...answer.ended].map(({ jobId }) => jobId);
          same("how many, and whether more", [taken.length, answer.more], [takes, more]);
          seen.push(...taken);
        }
        same("what was recovered", seen.sort(), ["a", "b", "c", "d"]);
        await store.submit(free("e", { maxAttempts: 1 }));
        await leaseOf(store);
        same(
          "one and no more",
          await store.recoverStale({ ...AT_ONCE, limit: 1 }),
          recovered("e", 1, "failed"),
        );
      },
    ),
  ],
);
