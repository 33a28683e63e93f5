import { epochSeconds } from "../time.ts";
import { like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  at,
  AT_ONCE,
  capped,
  decides,
  free,
  LANES,
  leaseOf,
  micro,
  MONTH,
  paid,
  RUN,
} from "./fixtures.ts";

/** What a store can be asked about its money and its jobs. */
export const questionCases: readonly Definition[] = featured(
  ["questions"],
  [
    define(
      "ledger",
      ["hold", "settle", "pinCap", "raiseCap", "scopes"],
      "questions: scopes lists, by name, what each has committed, its cap in force, and its open holds",
      async ({ store, clock }) => {
        await store.pinCap("b", micro(30), decides("pin"));
        await store.raiseCap("b", { to: micro(60), until: at(9) }, decides("raise"));
        await store.hold(asks("1", 10, capped(100, "a")));
        await store.hold(asks("2", 40, [{ scope: "b" }, { scope: "c:1", cap: micro(100) }]));
        await store.settle("1", micro(4));
        const all = await store.scopes();
        same(
          "all",
          all.map(({ scope, reserved, spent, openHolds }) => [scope, reserved, spent, openHolds]),
          [
            ["a", 0n, 4n, 0],
            ["b", 40n, 0n, 1],
            ["c:1", 40n, 0n, 1],
          ],
        );
        like("raised", all[1], { committed: 40n, cap: 60n, until: at(9), over: false });
        like("without a pin", all[0], { cap: null, until: null, over: false });
        clock.now = START + 9;
        like("after the raise", (await store.scopes({ after: "a", limit: 1 }))[0], {
          scope: "b",
          cap: 30n,
          until: null,
          over: true,
        });
        const names = async (prefix: string): Promise<readonly string[]> =>
          (await store.scopes({ prefix })).map(({ scope }) => scope);
        same("with a prefix", await names("c:"), ["c:1"]);
        same("a prefix is no pattern", await names("_"), []);
      },
      "caps",
    ),
    define(
      "both",
      ["hold", "settle", "submit", "holds"],
      "questions: holds lists, by id, what is set aside for what since when, of a scope or a state",
      async ({ store, clock }) => {
        await store.hold({ ...asks("b", 10, capped(100, RUN)), tags: { user: "u" } });
        clock.now = START + 5;
        await store.hold(asks("a", 20, capped(100, MONTH)));
        await store.submit(approved("j"));
        await store.settle("a", micro(4));
        const all = await store.holds();
        same(
          "all",
          all.map(({ holdId, jobId, heldAt, resolvedAt }) => [holdId, jobId, heldAt, resolvedAt]),
          [
            ["a", null, at(5), at(5)],
            ["b", null, at(0), null],
            ["job:j#1", "j", at(5), null],
          ],
        );
        like("one", all[1], {
          amount: 10n,
          state: "open",
          booked: 0n,
          expiresAt: at(60),
          tags: { user: "u" },
        });
        const ids = async (filter: Parameters<typeof store.holds>[0]): Promise<readonly string[]> =>
          (await store.holds(filter)).map(({ holdId }) => holdId);
        same("of a scope", await ids({ scope: RUN }), ["b", "job:j#1"]);
        same("of a state", await ids({ state: "settled" }), ["a"]);
        same("a page", await ids({ after: "a", limit: 1 }), ["b"]);
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "complete", "recoverStale", "attempts", "inDoubt", "correct"],
      "questions: attempts lists each claim with its times, node, end and cost, and inDoubt what nobody reported",
      async ({ store, clock }) => {
        await store.submit(approved("j", capped(100), { tags: { user: "u" } }));
        const first = await store.claim(LANES, { by: "node-1" });
        clock.now = START + 5;
        if (first) await store.fail(first.lease, "again", { retriable: true, actual: micro(12) });
        await store.claim(LANES, { by: "node-2" });
        clock.now = START + 8;
        await store.recoverStale(AT_ONCE);
        await leaseOf(store);
        const attempts = await store.attempts("j");
        same(
          "attempts",
          attempts.map((one) => [
            one.number,
            one.claimedAt,
            one.by,
            one.end,
            one.endedAt,
            one.booked,
            one.overrun,
          ]),
          [
            [1, at(0), "node-1", "requeued", at(5), 12n, 2n],
            [2, at(5), "node-2", "taken", at(8), 10n, 0n],
            [3, at(8), null, null, null, 0n, 0n],
          ],
        );
        like("the hold", attempts[0], { holdId: "job:j#1", held: 10n });
        const doubts = await store.inDoubt();
        same("in doubt", doubts.length, 1);
        like("it", doubts[0], {
          holdId: "job:j#2",
          jobId: "j",
          charged: 10n,
          chargedAt: at(8),
          scopes: [RUN, MONTH],
          tags: { user: "u" },
        });
        await store.correct("job:j#2", micro(1), decides("bill"));
        same("corrected", await store.inDoubt(), []);
        await refuses("an unknown job", "job_unknown", () => store.attempts("unknown"));
      },
      "leases",
      "corrections",
      "tags",
    ),
    define(
      "jobs",
      ["submit", "claim", "counts", "job"],
      "questions: counts has the unfinished jobs by lane and state with the oldest, and a job its times",
      async ({ store, clock }) => {
        await store.submit(free("a", { lane: "x" }));
        clock.now = START + 2;
        await store.submit(free("b", { lane: "x" }));
        await store.submit(paid("c"));
        clock.now = START + 4;
        await store.claim(["x"]);
        const counts = (await store.counts()).map(({ lane, state, jobs, oldest }) => [
          lane,
          state,
          jobs,
          oldest,
        ]);
        same("counts", [...counts].sort(), [
          ["text", "awaiting_approval", 1, at(2)],
          ["x", "pending", 1, at(2)],
          ["x", "running", 1, at(0)],
        ]);
        like("a", await store.job("a"), { submittedAt: at(0), startedAt: at(4), waitingSince: null });
        like("c", await store.job("c"), { submittedAt: at(2), startedAt: null, waitingSince: at(2) });
      },
    ),
    define(
      "both",
      ["hold", "settle", "expire", "release", "submit", "claim", "complete", "correct", "spend"],
      "questions: spend adds up what was booked, corrections included, by tag, scope, lane and time",
      async ({ store, clock }) => {
        const tagged = (id: string, user: string, scope = RUN) => ({
          ...asks(id, 10, capped(1000, scope)),
          tags: { user },
        });
        for (const id of ["a", "b"]) await store.hold(tagged(id, "u"));
        for (const id of ["c", "d"]) await store.hold(tagged(id, "v", "run:2"));
        await store.settle("a", micro(4));
        await store.settle("c", micro(15));
        await store.release("d");
        await store.submit(approved("j"));
        await store.complete(await leaseOf(store), "done", { actual: micro(7) });
        clock.now = START + 7200;
        await store.expire();
        await store.correct("b", micro(1), decides("bill"));
        const window = { from: at(0), to: at(86_400) };
        const rows = async (filter: object) =>
          (await store.spend({ ...window, ...filter })).map(({ group, booked, overrun, calls }) => [
            ...Object.values(group),
            booked,
            overrun,
            calls,
          ]);
        same("in all", await rows({}), [[27n, 5n, 4]]);
        const byUser = await rows({ by: ["tag:user"] });
        same("by a tag", [...byUser].sort(), [
          [null, 7n, 0n, 1],
          ["u", 5n, 0n, 2],
          ["v", 15n, 5n, 1],
        ]);
        same("of a tag", await rows({ where: { user: "v" } }), [[15n, 5n, 1]]);
        same("by lane", [...(await rows({ by: ["lane"] }))].sort(), [
          [null, 20n, 5n, 3],
          ["text", 7n, 0n, 1],
        ]);
        const ofRuns = await rows({ by: ["scope:run:"] });
        same("by scope", [...ofRuns].sort(), [
          ["run:1", 12n, 0n, 3],
          ["run:2", 15n, 5n, 1],
        ]);
        same("the first hour", await rows({ to: epochSeconds(START + 3600) }), [[26n, 5n, 3]]);
        same("by admission", await rows({ to: epochSeconds(START + 3600), on: "admitted" }), [[27n, 5n, 4]]);
        await refuses("an unknown group", "RangeError", () => store.spend({ ...window, by: ["colour"] }));
      },
      "corrections",
    ),
    define(
      "ledger",
      ["hold", "settle", "usage", "audit"],
      "questions: an audit of a sound store finds nothing",
      async ({ store }) => {
        same("of an empty store", await store.audit(), []);
        await store.hold(asks("a", 10));
        await store.hold(asks("b", 10));
        await store.settle("a", micro(4));
        same("of a sound store", await store.audit(), []);
      },
    ),
  ],
);
