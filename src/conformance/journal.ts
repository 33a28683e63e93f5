import type { JournalEntry } from "../dispatch/journal.ts";
import { check, like, same } from "./check.ts";
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
  NO,
  paid,
  RUN,
  upTo,
  YES,
} from "./fixtures.ts";
import type { Handle } from "./setup.ts";

/** The whole journal, read page by page. */
export async function wholeJournal(
  store: Handle<"journal">,
  filter: Parameters<typeof store.journal>[0] = {},
): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let after = 0; ;) {
    const page = await store.journal({ limit: 7, ...filter, after });
    entries.push(...page.entries);
    after = page.cursor;
    if (!page.more && page.heldBackSince === null) return entries;
  }
}

type Hold = JournalEntry["closed"] | JournalEntry["opened"];

/** What moved, in short: `held a 10`, `settled a 10 = 4`, `requeued j#1 running: j#1 10 = 10, j#2 10`. */
function short({ kind, jobId, attempt, state, closed, opened }: JournalEntry): string {
  const job = jobId === null ? "" : `${jobId}${attempt === null ? "" : ` ${attempt} ${state}`}: `;
  const of = (hold: Hold): string => {
    if (hold === null) return "";
    const booked = "booked" in hold ? ` = ${hold.booked}` : "";
    return `${hold.holdId.replace(/^job:/, "")} ${hold.held}${booked}`;
  };
  return `${kind} ${job}${[of(closed), of(opened)].filter((text) => text !== "").join(", ")}`.trim();
}

async function told(store: Handle<"journal">): Promise<readonly string[]> {
  return (await wholeJournal(store)).map(short);
}

async function twice(call: () => Promise<unknown>): Promise<void> {
  await call();
  await call();
}

/** Expects that each scope goes on in each entry where it was left, and that the last is what the store says. */
export async function chained(store: Handle<"journal" | "usage">): Promise<void> {
  const committed = new Map<string, bigint>();
  let place = 0;
  for (const entry of await wholeJournal(store)) {
    check("the place of an entry", entry.place > place, `above ${place}`, entry.place);
    place = entry.place;
    for (const { scope, before, after } of entry.scopes) {
      same(`${entry.kind} at ${place}: ${scope} before`, before, committed.get(scope) ?? 0n);
      committed.set(scope, after);
    }
  }
  for (const [scope, amount] of committed) {
    const usage = await store.usage(scope);
    same(`${scope} by the journal`, amount, usage.reserved + usage.spent);
  }
}

/** The entries of every move. */
export const journalCases: readonly Definition[] = featured(
  ["journal"],
  [
    define(
      "ledger",
      ["hold", "extend", "settle", "release", "expire", "journal", "usage"],
      "journal: each move of a hold is one entry with its amounts, times, scopes and tags; what changes nothing is none",
      async ({ store, clock }) => {
        const tags = { user: "u-7" };
        await store.hold({ ...asks("a", 10), tags });
        await store.hold(asks("b", 20, capped(100, RUN)));
        await store.hold(asks("c", 30, capped(100, RUN)));
        clock.now = START + 1;
        await store.extend("a", micro(5), 1);
        await store.settle("a", micro(4));
        await store.release("b");
        // Repeats, conflicts and refusals.
        await store.hold(asks("a", 10));
        await store.settle("a", micro(4));
        await store.settle("a", micro(5));
        await store.release("b");
        await store.hold(asks("d", 99, capped(100, RUN)));
        clock.now = START + 60;
        await store.expire();
        await store.settle("c", micro(7));
        same("what it tells", await told(store), [
          "held a 10",
          "held b 20",
          "held c 30",
          "extended a 15",
          "settled a 15 = 4",
          "released b 20 = 0",
          "charged c 30 = 30",
          "settled c 30 = 7",
        ]);
        const [held, , , extended, settled] = await wholeJournal(store);
        like("held", held, { at: at(0), tags, until: at(60), jobId: null, decision: null });
        same("its scopes", held?.scopes, [
          { scope: RUN, cap: 100n, before: 0n, after: 10n },
          { scope: MONTH, cap: 100n, before: 0n, after: 10n },
        ]);
        like("extended", extended, { at: at(1), tags });
        same("settled", settled?.scopes, [
          { scope: RUN, cap: 100n, before: 65n, after: 54n },
          { scope: MONTH, cap: 100n, before: 15n, after: 4n },
        ]);
        await chained(store);
      },
    ),
    define(
      "both",
      ["submit", "approve", "reject", "claim", "complete", "fail", "recoverStale", "journal", "usage"],
      "journal: each move of a job is one entry, with the money that moved with it and the node that moved it",
      async ({ store, clock }) => {
        const tags = { model: "m" };
        await store.submit(paid("j", { tags }));
        await store.submit(paid("no"));
        await store.submit(free("f", { lane: "free" }));
        clock.now = START + 1;
        await store.approve("j", YES(), { scopes: capped(100) });
        await store.reject("no", NO());
        const first = await store.claim(LANES, { by: "node-1" });
        if (first) await store.fail(first.lease, "again", { retriable: true, actual: micro(3) });
        const second = await store.claim(LANES, { by: "node-2" });
        await store.recoverStale(AT_ONCE);
        const third = await store.claim(LANES);
        if (third) await store.complete(third.lease, "done", { actual: micro(12) });
        // Late: it corrects its own charge.
        if (second) await store.complete(second.lease, "late", { actual: micro(6) });
        const freeLease = await store.claim(["free"]);
        if (freeLease) await store.fail(freeLease.lease, "no", { retriable: false });
        same("what it tells", await told(store), [
          "submitted j 0 awaiting_approval:",
          "submitted no 0 awaiting_approval:",
          "submitted f 0 pending:",
          "approved j 0 queued: j#1 10",
          "rejected no 0 rejected:",
          "claimed j 1 running:",
          "requeued j 1 queued: j#1 10 = 3, j#2 10",
          "claimed j 2 running:",
          "recovered j 2 queued: j#2 10 = 10, j#3 10",
          "claimed j 3 running:",
          "completed j 3 succeeded: j#3 10 = 12",
          "settled j 3 succeeded: j#2 10 = 6",
          "claimed f 1 running:",
          "failed f 1 failed:",
        ]);
        const entries = await wholeJournal(store, { jobId: "j" });
        same("of one job", entries.length, 9);
        like("approved", entries[1], { at: at(1), tags, lane: "text", backend: "cloud_worker" });
        like("its decision", entries[1]?.decision, { id: null, author: "alice", reason: "conformance" });
        same(
          "who",
          entries.map(({ by }) => by),
          [null, null, "node-1", "node-1", "node-2", "node-2", null, null, "node-2"],
        );
        await chained(store);
      },
      "leases",
      "tags",
    ),
    define(
      "both",
      ["submit", "submitMany", "claim", "claimMany", "completeMany", "fail", "journal", "usage"],
      "journal: a batch has an entry for each of its jobs, and what is given back says what followed",
      async ({ store }) => {
        await store.submitMany(["a", "b"].map((id) => approved(id)));
        const jobs = await store.claimMany(LANES, 2);
        const [a, b] = jobs.map(({ lease }) => lease);
        if (a) await store.fail(a, "stopped", { retriable: true, counts: false, actual: micro(0) });
        if (b) await store.completeMany([{ lease: b, result: "b", actual: micro(2) }]);
        same("what it tells", await told(store), [
          "submitted a 0 queued: a#1 10",
          "submitted b 0 queued: b#1 10",
          "claimed a 1 running:",
          "claimed b 1 running:",
          "given_back a 0 queued: a#1 10 = 0, a#2 10",
          "completed b 1 succeeded: b#1 10 = 2",
        ]);
        await chained(store);
      },
      "give_back",
    ),
    define(
      "both",
      ["submit", "claim", "cancel", "fail", "retry", "recoverStale", "journal", "usage"],
      "journal: a cancelled, a retried, a waiting and an expired job are told apart, with the money of each",
      async ({ store, clock }) => {
        await store.submit(approved("run"));
        await leaseOf(store);
        await store.cancel("run", NO());
        await store.submit(approved("queued"));
        await store.cancel("queued", NO());
        await store.submit(approved("j", capped(40), { maxAttempts: 1 }));
        await store.fail(await leaseOf(store), "no", { retriable: false, actual: micro(25) });
        await store.retry("j", { after: 0, scopes: capped(50) }, decides("again"));
        await store.submit(approved("late", capped(100), { claimBy: at(5), priority: -1 }));
        await leaseOf(store);
        clock.now = START + 5;
        await store.recoverStale({ ttlSeconds: 60 });
        same("what it tells", await told(store), [
          "submitted run 0 queued: run#1 10",
          "claimed run 1 running:",
          "cancelled run 1 failed: run#1 10 = 10",
          "submitted queued 0 queued: queued#1 10",
          "cancelled queued 0 failed: queued#1 10 = 0",
          "submitted j 0 queued: j#1 10",
          "claimed j 1 running:",
          "failed j 1 failed: j#1 10 = 25",
          "retried j 1 queued: j#2 10",
          "submitted late 0 queued: late#1 10",
          "claimed j 2 running:",
          "expired late 0 failed: late#1 10 = 0",
        ]);
        await chained(store);
      },
      "deadlines",
      "retries",
    ),
    define(
      "ledger",
      ["hold", "settle", "correct", "pinCap", "raiseCap", "unpinCap", "journal", "usage"],
      "journal: what a person decides about money has its id, author and reason, and a repeat has no entry",
      async ({ store }) => {
        await store.pinCap(RUN, micro(50), decides("pin"));
        await store.hold(asks("a", 40, [{ scope: RUN }]));
        await store.raiseCap(RUN, { to: micro(90), until: at(9) }, decides("raise"));
        await store.hold(asks("b", 40, [{ scope: RUN }]));
        await store.settle("a", micro(30));
        await twice(() => store.correct("a", micro(20), decides("bill", "the bill")));
        await twice(() => store.unpinCap(RUN, decides("unpin")));
        const entries = await wholeJournal(store);
        same("what it tells", entries.map(short), [
          "cap_pinned",
          "held a 40",
          "cap_raised",
          "held b 40",
          "settled a 40 = 30",
          "corrected a 40 = 20",
          "cap_unpinned",
        ]);
        const caps = entries.map(({ scopes: [scope] }) => scope?.cap);
        same("the caps in force", caps, [50n, 50n, 90n, 90n, 90n, 90n, null]);
        like("raised", entries[2], { until: at(9) });
        like("corrected", entries[5]?.decision, { id: "bill", author: "alice", reason: "the bill" });
        await chained(store);
      },
      "caps",
      "corrections",
    ),
    define(
      "jobs",
      ["pauseLane", "resumeLane", "journal"],
      "journal: a lane's pause and its end are entries, with who decided",
      async ({ store }) => {
        await store.pauseLane("text", decides("stop", "the key is invalid"));
        await twice(() => store.resumeLane("text", decides("go")));
        const entries = await wholeJournal(store);
        same(
          "what it tells",
          entries.map(({ kind, lane, decision }) => [kind, lane, decision?.id, decision?.reason]),
          [
            ["lane_paused", "text", "stop", "the key is invalid"],
            ["lane_resumed", "text", "go", "conformance"],
          ],
        );
      },
      "pauses",
    ),
    define(
      "ledger",
      ["hold", "settle", "journal", "usage"],
      "journal: pages of any size have every entry once, and a filter leaves out the others",
      async ({ store, peer }) => {
        const ids = upTo(24).map((number) => `h${number}`);
        await Promise.all(
          ids.map((id, index) => {
            return (index % 2 ? peer : store).hold(asks(id, 1, capped(100, index % 3 ? RUN : MONTH)));
          }),
        );
        for (const id of ids.slice(0, 5)) await store.settle(id, micro(1));
        const places = (entries: readonly JournalEntry[]): readonly number[] =>
          entries.map(({ place }) => place);
        const all = await wholeJournal(store);
        same("all", all.length, 29);
        for (const limit of [1, 5, 1000]) {
          same(`pages of ${limit}`, places(await wholeJournal(store, { limit })), places(all));
        }
        const settled = await wholeJournal(store, { kinds: ["settled"], limit: 2 });
        same("of one kind", settled.length, 5);
        const inMonth = await wholeJournal(store, { scope: MONTH });
        same(
          "of one scope",
          places(inMonth),
          places(all.filter(({ scopes }) => scopes.some(({ scope }) => scope === MONTH))),
        );
        const empty = await store.journal({ after: all.at(-1)?.place });
        same("behind the last", [empty.entries.length, empty.more], [0, false]);
        await chained(store);
      },
    ),
    define(
      "both",
      ["hold", "submit", "journal"],
      "journal: what is rolled back leaves no entry",
      async (setup) => {
        const { store } = setup;
        await store.hold(asks("kept", 1));
        await setup.rolledBack(async (inside) => {
          await inside.hold(asks("gone", 1));
          await inside.submit(approved("gone"));
        });
        await store.hold(asks("kept too", 1));
        same("what it tells", await told(store), ["held kept 1", "held kept too 1"]);
      },
    ),
    define(
      "both",
      ["hold", "settle", "submit", "claim", "complete", "prune", "forget", "journal", "usage", "audit"],
      "journal: what is forgotten has an entry each, a prune has none, and the audit goes on",
      async ({ store, clock }) => {
        await store.hold(asks("a", 10));
        await store.settle("a", micro(4));
        await store.submit(approved("j"));
        await store.complete(await leaseOf(store), "done", { actual: micro(5) });
        clock.now = START + 60;
        await store.prune({ before: at(30) });
        await store.forget({ before: at(30) });
        const told = (await wholeJournal(store)).slice(5).map(short);
        same("what it tells", [...told].sort(), [
          "forgotten a 10 = 4",
          "forgotten j 1 succeeded: j#1 10 = 5",
        ]);
        await chained(store);
        same("the audit", await store.audit(), []);
      },
      "forget",
      "questions",
    ),
  ],
);
