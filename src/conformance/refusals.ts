import type { RefusedPayload } from "../dispatch/contract.ts";
import { check, like, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  capped,
  claim,
  counted,
  free,
  LANES,
  leaseOf,
  nothingToClaim,
  upTo,
  YES,
} from "./fixtures.ts";
import type { Handle, Setup } from "./setup.ts";

/** Claims a job whose payload is refused, and skips the case if the store uses no parser. */
async function refusedClaim(setup: Setup<"claim">, what = "what is claimed"): Promise<void> {
  const none = await setup.store.claim(LANES);
  if (!setup.parser.used) setup.skip("the store does not use the parser that makeStore was given");
  same(what, none, null);
}

/** Claims again and again at the times at which the job comes back; its payload is refused each time. */
async function refuseTimes(setup: Setup<"claim">, times: number): Promise<void> {
  for (const time of upTo(times)) {
    await refusedClaim(setup, `refusal ${time + 1}`);
    setup.clock.now += 60 * 2 ** time;
  }
}

/** Who hears of refused payloads, and what was heard. */
function listener(): {
  readonly heard: RefusedPayload[];
  readonly onRefused: (refused: RefusedPayload) => void;
} {
  const heard: RefusedPayload[] = [];
  return { heard, onRefused: (refused) => void heard.push(refused) };
}

/** Expects that a worker that can read the payload gets the job at this time, and not before. */
async function offeredAt(
  { store, clock, parser }: Setup<"claim">,
  seconds: number,
  lease: object,
): Promise<void> {
  parser.refuses = null;
  clock.now = START + seconds - 0.001;
  await nothingToClaim(`before ${seconds} s`, store);
  clock.now = START + seconds;
  like(`at ${seconds} s, by a worker that can read it`, await leaseOf(store), lease);
}

/** Payloads that the store's parser refuses. */
export const refusalCases: readonly Definition[] = featured(
  ["give_back"],
  [
    define(
      "jobs",
      ["submit", "claim"],
      "claim: a payload that the store's parser refuses costs no attempt and 60 s of waiting, and blocks no other job",
      async (setup) => {
        const { store, parser } = setup;
        await store.submit(free("good", { lane: "other" }));
        await claim(store, ["other"]);
        if (!parser.used) setup.skip("the store does not use the parser that makeStore was given");
        await store.submit(free("bad", { priority: 1, maxAttempts: 1 }));
        await store.submit(free("next"));
        parser.refuses = "bad";
        same("the next", (await claim(store)).lease.jobId, "next");
        await offeredAt(setup, 60, { jobId: "bad", attempts: 1 });
      },
    ),
    define(
      "jobs",
      ["submit", "claim"],
      "claim: a payload that is refused again waits twice as long each time",
      async (setup) => {
        await setup.store.submit(free("bad", { maxAttempts: 1 }));
        setup.parser.refuses = "bad";
        await refuseTimes(setup, 3);
        // It came back after 60 and 120 s, and was refused a third time at 180 s.
        await offeredAt(setup, 180 + 240, { jobId: "bad", attempts: 1 });
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "usage", "job"],
      "claim: a payload that is refused costs a paid job no money, and the next attempt has its own",
      async (setup) => {
        const { store, parser } = setup;
        await store.submit(approved("bad", capped(100), { maxAttempts: 1 }));
        parser.refuses = "bad";
        await refusedClaim(setup);
        await counted("refused, and held for the next attempt", store, 10, 0);
        parser.refuses = null;
        like("the job", await store.job("bad"), { state: "queued", attempts: 0 });
        await offeredAt(setup, 60, { jobId: "bad", attempts: 1 });
        await counted("running", store, 10, 0);
      },
    ),
    define(
      "both",
      ["submit", "approve", "claim", "usage", "job"],
      "claim: after eight refusals a job waits for a person, its money given back, and an approval starts anew",
      async (setup) => {
        const { store, clock, parser } = setup;
        await store.submit(approved("bad", capped(100), { maxAttempts: 1 }));
        parser.refuses = "bad";
        await refuseTimes(setup, 7);
        await counted("after seven", store, 10, 0);
        await refuseTimes(setup, 1);
        await counted("after eight", store, 0, 0);
        parser.refuses = null;
        const job = await store.job("bad");
        same(
          "why",
          [job?.state, job?.error?.code, job?.attempts],
          ["awaiting_approval", "payload_refused", 0],
        );
        clock.now += 1e6;
        await nothingToClaim("while it waits", store);
        same("approve", await store.approve("bad", YES(), { scopes: capped(100) }), { kind: "queued" });
        parser.refuses = "bad";
        await refusedClaim(setup, "refused again");
        await offeredAt(setup, clock.now - START + 60, { jobId: "bad", attempts: 1 });
        await counted("in the end", store, 10, 0);
      },
    ),
    define(
      "both",
      ["submit", "approve", "claim", "job"],
      "claim: free work that waits after eight refusals is approved without scopes, and is claimed at once",
      async (setup) => {
        const { store, parser } = setup;
        await store.submit(free("bad", { maxAttempts: 1 }));
        parser.refuses = "bad";
        await refuseTimes(setup, 8);
        parser.refuses = null;
        like("the job", await store.job("bad"), { state: "awaiting_approval", attempts: 0 });
        same("approve", await store.approve("bad", YES()), { kind: "queued" });
        like("the job, then", await store.job("bad"), { state: "pending", error: null });
        like("its lease", await leaseOf(store), { jobId: "bad", attempts: 1 });
      },
    ),
    define(
      "both",
      ["submit", "claim", "claimMany", "complete", "usage"],
      "claimMany: refused payloads are told to onRefused, whatever it throws, and the other jobs of the claim run",
      async (setup) => {
        const { store, parser } = setup;
        for (const [id, payload] of [
          ["a", "a"],
          ["b", "bad"],
          ["c", "c"],
          ["d", "bad"],
        ] as const) {
          await store.submit(approved(id, capped(100), { payload }));
        }
        parser.refuses = "bad";
        const { heard, onRefused } = listener();
        const jobs = await store.claimMany(LANES, 9, {
          onRefused(refused) {
            onRefused(refused);
            throw new Error("of the listener");
          },
        });
        if (!parser.used) setup.skip("the store does not use the parser that makeStore was given");
        same(
          "who runs",
          jobs.map(({ payload }) => payload),
          ["a", "c"],
        );
        const told = heard.map(
          ({ lease, outcome }) => `${lease.jobId}: attempt ${lease.attempts}, ${String(outcome)}`,
        );
        same("who was refused", told.sort(), ["b: attempt 1, requeued", "d: attempt 1, requeued"]);
        for (const { error } of heard) {
          check("why", String(error).includes(parser.message), parser.message, String(error));
        }
        await counted("then", store, 40, 0);
        for (const { lease } of jobs) {
          like(lease.jobId, await store.complete(lease, "done"), { kind: "completed" });
        }
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "job"],
      "claim: a refusal is recorded whatever its message holds, also NUL and a lone surrogate",
      async (setup) => {
        const { store, parser } = setup;
        await store.submit(free("bad"));
        parser.refuses = "bad";
        parser.message = "refused \0 \ud83d \udc00";
        const { heard, onRefused } = listener();
        const none = await store.claim(LANES, { onRefused });
        if (!parser.used) setup.skip("the store does not use the parser that makeStore was given");
        same("what is claimed", none, null);
        same(
          "what is told",
          heard.map(({ outcome }) => outcome),
          ["requeued"],
        );
        parser.refuses = null;
        const job = await store.job("bad");
        like("the job", job, { state: "pending", attempts: 0 });
        const message = job?.error?.message ?? "";
        check("its error", message.includes("refused"), "the message", message);
        check("what of it is stored", !/[\0\p{Cs}]/u.test(message), "no NUL and no lone surrogate", message);
      },
    ),
    define(
      "jobs",
      ["submit", "claim"],
      "claim: after its signal's abort a claim that meets a refused payload ends without a job",
      async (setup) => {
        const { store, parser } = setup;
        await store.submit(free("bad", { priority: 1 }));
        await store.submit(free("next"));
        parser.refuses = "bad";
        const { heard, onRefused } = listener();
        const none = await store.claim(LANES, { onRefused, signal: AbortSignal.abort() });
        if (!parser.used) setup.skip("the store does not use the parser that makeStore was given");
        same("what is claimed", none, null);
        same(
          "what was refused",
          heard.map(({ lease }) => lease.jobId),
          ["bad"],
        );
        like("the next claim", await leaseOf(store), { jobId: "next" });
      },
    ),
  ],
);

/** Payloads that the store's parser refuses in a list. */
export const unreadableCases: readonly Definition[] = featured(
  ["unreadable"],
  [
    define(
      "jobs",
      ["submit", "claim", "complete", "job", "jobs"],
      "job, jobs: a payload that the parser refuses is shown as unreadable, as it was stored, and hides no other job",
      async (setup) => {
        const { store, parser } = setup;
        for (const id of ["a", "bad", "c"]) await store.submit(free(id));
        for (const id of ["a", "bad"]) await store.complete(await leaseOf(store), `${id} done`);
        if (!parser.used) setup.skip("the store does not use the parser that makeStore was given");
        const shown = async (handle: Handle<"jobs">): Promise<readonly unknown[]> => {
          const all = await handle.jobs();
          return all.map(({ jobId, payload, result, unreadable }) => [
            jobId,
            payload,
            result,
            unreadable === null,
          ]);
        };
        same("readable", await shown(store), [
          ["a", "a", "a done", true],
          ["bad", "bad", "bad done", true],
          ["c", "c", null, true],
        ]);
        parser.refuses = "bad";
        same("one unreadable", await shown(store), [
          ["a", "a", "a done", true],
          ["bad", "bad", "bad done", false],
          ["c", "c", null, true],
        ]);
        const job = await store.job("bad");
        like("the job", job, {
          jobId: "bad",
          state: "succeeded",
          attempts: 1,
          payload: "bad",
          result: "bad done",
        });
        const reason = job?.unreadable ?? "";
        check("the reason", reason.includes(parser.message), parser.message, reason);
        like("another", await store.job("c"), { unreadable: null, payload: "c" });
      },
    ),
  ],
);
