import type { JournalEntry } from "../dispatch/journal.ts";
import { check, like, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import { approved, asks, at, capped, decides, leaseOf, micro, MONTH, RUN, upTo } from "./fixtures.ts";
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

/** The whole journal, in short. */
export async function told(store: Handle<"journal">): Promise<readonly string[]> {
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

/** The entries of money and of decisions, and how they are read. */
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
