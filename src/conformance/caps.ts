import { kind, like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  AT_ONCE,
  at,
  capped,
  counted,
  decides,
  lacks,
  leaseOf,
  micro,
  MONTH,
  nothingToClaim,
  paid,
  recovered,
  RUN,
  YES,
} from "./fixtures.ts";

const HELD = { kind: "held" };
const QUEUED = { kind: "queued" };
/** A run whose cap the store must know. */
const PINNED = [{ scope: RUN }];
const refused = (by: number): unknown => ({ kind: "refused", lacking: lacks(by, RUN) });
const unknown = (by: number): unknown => ({
  kind: "refused",
  lacking: [{ scope: RUN, by: micro(by), unknown: true }],
});

const nothing: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "settle", "extend", "usage"],
    "nothing costs nothing: an amount of 0 fits where a cap is passed, and not in a scope that is over",
    async ({ store, clock }) => {
      const scopes = [...capped(20, RUN), { scope: MONTH, cap: micro(20), until: at(60) }];
      await store.hold(asks("open", 5, scopes));
      await store.hold(asks("a", 10, scopes));
      await store.settle("a", micro(25));
      same("a hold", await store.hold(asks("b", 0, scopes)), HELD);
      same("an extension", await store.extend("open", micro(0), 1), HELD);
      same("under a cap of 0", await store.hold(asks("c", 0, capped(0, RUN))), HELD);
      kind("a micro-cent", await store.hold(asks("d", 1, scopes)), "refused");
      kind("an extension by one", await store.extend("open", micro(1), 2), "refused");
      clock.now = START + 60;
      const over = { kind: "refused", lacking: [{ scope: MONTH, by: micro(0), until: at(60), over: true }] };
      same("in a month that is over", await store.hold(asks("e", 0, scopes)), over);
      await counted("after that", store, 5, 25);
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "fail", "hold", "settle", "usage"],
    "nothing costs nothing: a job of $0 is approved and retried where a cap is passed",
    async ({ store }) => {
      await store.hold(asks("other", 10, capped(10)));
      await store.settle("other", micro(25));
      const job = { maxCost: micro(0) };
      same("approved at once", await store.submit(approved("a", capped(10), job)), QUEUED);
      await store.submit(paid("b", job));
      same("approved later", await store.approve("b", YES(), { scopes: capped(10) }), QUEUED);
      const busy = { retriable: true, actual: micro(0) };
      like("retried", await store.fail(await leaseOf(store), "busy", busy), { kind: "requeued" });
      await counted("after that", store, 0, 25);
    },
  ),
];

const pins: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "pinCap", "cap", "usage"],
    "caps: a request without a cap is judged by the pinned one, with others beside it",
    async ({ store }) => {
      same("before", await store.cap(RUN), null);
      await store.pinCap(RUN, micro(10), decides("pin"));
      same("pinned", await store.cap(RUN), { pinned: micro(10), cap: micro(10), until: null });
      same("left out", await store.hold(asks("a", 6, PINNED)), HELD);
      same("null", await store.hold(asks("b", 4, [{ scope: RUN, cap: null }, ...capped(9, MONTH)])), HELD);
      same("without room", await store.hold(asks("c", 1, PINNED)), refused(1));
      same("a repeat with the cap", await store.hold(asks("a", 6, capped(10, RUN))), {
        kind: "exists",
        state: "open",
      });
      await counted("after that", store, 10, 0, RUN);
    },
  ),
  define(
    "ledger",
    ["hold", "usage", "getHold"],
    "caps: a request without a cap is cap_unknown where none is pinned, also of $0, and fails no call beside it",
    async ({ store }) => {
      for (const amount of [10, 0]) {
        await refuses(`an amount of ${amount}`, "cap_unknown", () => store.hold(asks("a", amount, PINNED)));
      }
      const mixed = [...capped(100, MONTH), ...PINNED];
      await refuses("beside a known one", "cap_unknown", () => store.hold(asks("a", 10, mixed)));
      const calls = [
        store.hold(asks("b", 10)),
        refuses("in a group", "cap_unknown", () => store.hold(asks("a", 10, PINNED))),
        store.hold(asks("c", 10)),
      ];
      same("the others", await Promise.all(calls), [HELD, undefined, HELD]);
      same("its hold", await store.getHold("a"), null);
      await counted("after that", store, 20, 0);
    },
  ),
  define(
    "both",
    ["submit", "submitMany", "approve", "pinCap", "usage", "job"],
    "caps: a job without a cap is judged by the pinned one, and is cap_unknown without it",
    async ({ store }) => {
      await store.submit(paid("waits"));
      const approve = (): Promise<unknown> => store.approve("waits", YES(), { scopes: PINNED });
      await refuses("approve", "cap_unknown", approve);
      await refuses("submit", "cap_unknown", () => store.submit(approved("a", PINNED)));
      const many = [approved("b"), approved("c", PINNED)];
      await refuses("submitMany", "cap_unknown", () => store.submitMany(many));
      like("the job", await store.job("waits"), { state: "awaiting_approval", approval: null });
      for (const id of ["a", "b", "c"]) same(id, await store.job(id), null);
      await counted("after that", store, 0, 0);
      await store.pinCap(RUN, micro(15), decides("pin"));
      same("approve, then", await approve(), QUEUED);
      same("submit, then", await store.submit(approved("a", PINNED)), refused(5));
      await counted("in the end", store, 10, 0, RUN);
    },
  ),
  define(
    "both",
    ["submit", "claim", "hold", "pinCap", "usage"],
    "caps: a pin of 0 lets nothing new be held that costs money; what is queued has its money and runs",
    async ({ store }) => {
      await store.pinCap(RUN, micro(100), decides("pin"));
      await store.submit(approved("queued", PINNED));
      await store.pinCap(RUN, micro(0), decides("stop"));
      same("a hold", await store.hold(asks("a", 1, PINNED)), refused(11));
      same("a job", await store.submit(approved("j", PINNED)), refused(20));
      same("nothing", await store.hold(asks("b", 0, PINNED)), HELD);
      like("what is queued", await leaseOf(store), { jobId: "queued" });
      await counted("after that", store, 10, 0, RUN);
    },
  ),
  define(
    "ledger",
    ["hold", "pinCap", "unpinCap", "cap", "usage"],
    "caps: after unpinCap the cap of the request counts again",
    async ({ store }) => {
      await store.pinCap(RUN, micro(10), decides("pin"));
      await store.unpinCap(RUN, decides("unpin"));
      same("the cap", await store.cap(RUN), null);
      same("by the request", await store.hold(asks("a", 20, capped(20, RUN))), HELD);
      await refuses("without a cap", "cap_unknown", () => store.hold(asks("b", 1, PINNED)));
      await store.unpinCap("never pinned", decides("again"));
      await counted("after that", store, 20, 0, RUN);
    },
  ),
  define(
    "ledger",
    ["hold", "extend", "settle", "pinCap", "unpinCap", "usage"],
    "caps: an extension finds no room where the cap is no longer known, and the hold still settles",
    async ({ store }) => {
      await store.pinCap(RUN, micro(100), decides("pin"));
      await store.hold(asks("a", 10, PINNED));
      await store.unpinCap(RUN, decides("unpin"));
      same("an extension", await store.extend("a", micro(5), 1), unknown(5));
      await counted("after it", store, 10, 0, RUN);
      await store.pinCap(RUN, micro(15), decides("pin again"));
      same("pinned again", await store.extend("a", micro(5), 1), HELD);
      await store.unpinCap(RUN, decides("unpin again"));
      like("its cost", await store.settle("a", micro(12)), { kind: "settled", booked: micro(12) });
      await counted("in the end", store, 0, 12, RUN);
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "fail", "recoverStale", "pinCap", "unpinCap", "usage", "job"],
    "caps: a retry waits where the cap is no longer known; recovery never throws it",
    async ({ store }) => {
      await store.pinCap(RUN, micro(100), decides("pin"));
      for (const id of ["lost", "busy"]) await store.submit(approved(id, PINNED));
      await store.submit(approved("other"));
      await leaseOf(store);
      const busy = await leaseOf(store);
      await store.unpinCap(RUN, decides("unpin"));
      like("fail", await store.fail(busy, "busy", { retriable: true }), {
        kind: "waiting",
        booked: micro(10),
      });
      const recovery = await store.recoverStale({ ...AT_ONCE, limit: 1 });
      same("recovery", recovery, recovered("lost", 1, "waiting", 10));
      for (const id of ["lost", "busy"]) {
        const job = await store.job(id);
        same(id, [job?.state, job?.error?.code], ["awaiting_approval", "no_room"]);
      }
      await counted("after that", store, 10, 20, RUN);
      await refuses("approve", "cap_unknown", () => store.approve("lost", YES(), { scopes: PINNED }));
      same("with a cap", await store.approve("lost", YES(), { scopes: capped(100, RUN) }), QUEUED);
    },
  ),
];

const raises: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "hold", "pinCap", "raiseCap", "cap", "usage"],
    "caps: a raise judges until its end, to the second, and requests are still compared with the pin",
    async ({ store, clock }) => {
      await store.pinCap(RUN, micro(10), decides("pin"));
      await store.raiseCap(RUN, { to: micro(30), until: at(60) }, decides("raise"));
      same("the cap", await store.cap(RUN), { pinned: micro(10), cap: micro(30), until: at(60) });
      clock.now = START + 59.999;
      same("by the pin", await store.hold(asks("a", 11, capped(10, RUN))), HELD);
      await refuses("by the raise", "cap_conflict", () => store.hold(asks("b", 1, capped(30, RUN))));
      same("a job", await store.submit(approved("j", PINNED)), QUEUED);
      same("more than the raise", await store.hold(asks("b", 10, PINNED)), refused(1));
      clock.now = START + 60;
      same("at its end", await store.hold(asks("b", 1, PINNED)), refused(12));
      same("the cap, then", await store.cap(RUN), { pinned: micro(10), cap: micro(10), until: null });
      like("what was queued in time", await leaseOf(store), { jobId: "j" });
      await nothingToClaim("after that", store);
      await counted("in the end", store, 21, 0, RUN);
    },
  ),
  define(
    "ledger",
    ["hold", "pinCap", "unpinCap", "raiseCap", "cap"],
    "caps: a raise ends at the next pinCap or unpinCap, also at the same cap",
    async ({ store }) => {
      const raise = { to: micro(30), until: at(60) };
      const pinned = { pinned: micro(10), cap: micro(10), until: null };
      await store.pinCap(RUN, micro(10), decides("pin"));
      await store.raiseCap(RUN, raise, decides("raise"));
      await store.pinCap(RUN, micro(10), decides("pin again"));
      same("pinned again", await store.cap(RUN), pinned);
      same("a hold", await store.hold(asks("a", 11, PINNED)), refused(1));
      await store.raiseCap(RUN, raise, decides("raise again"));
      await store.unpinCap(RUN, decides("unpin"));
      await store.pinCap(RUN, micro(10), decides("pin once more"));
      same("unpinned and pinned", await store.cap(RUN), pinned);
      same("a hold, then", await store.hold(asks("a", 11, PINNED)), refused(1));
    },
  ),
  define(
    "ledger",
    ["pinCap", "raiseCap", "cap"],
    "caps: a raise without a pin is cap_unknown, and one below the pin is cap_conflict; neither changes anything",
    async ({ store }) => {
      const raise = (to: number, id: string) => () =>
        store.raiseCap(RUN, { to: micro(to), until: at(60) }, decides(id));
      await refuses("without a pin", "cap_unknown", raise(30, "a"));
      same("the cap", await store.cap(RUN), null);
      await store.pinCap(RUN, micro(10), decides("pin"));
      await refuses("below it", "cap_conflict", raise(9, "b"));
      same("the cap, then", await store.cap(RUN), { pinned: micro(10), cap: micro(10), until: null });
      await raise(30, "a")();
      like("raised", await store.cap(RUN), { cap: micro(30) });
    },
  ),
];

/** Caps that the store owns, and amounts of 0. */
export const capCases: readonly Definition[] = [...nothing, ...featured(["caps"], [...pins, ...raises])];
