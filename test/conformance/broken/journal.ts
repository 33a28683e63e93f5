import type { JournalBody, StoredEntry } from "../../../src/stores/journal-rows.ts";
import { epochSeconds } from "dispatch-kit";
import { micro } from "../../stores/memory/support.ts";
import type { Defect } from "../makers.ts";
import { type Broken, methods, operations, tables } from "./table.ts";

/** A store whose entries are changed, or left out, before they are kept. */
function entries(change: (entry: StoredEntry) => StoredEntry | null): Defect {
  return tables((base) => ({
    addJournal(at, body: JournalBody) {
      const kept = body.entries.map(change).filter((entry) => entry !== null);
      if (kept.length > 0) base.addJournal(at, { ...body, entries: kept });
    },
  }));
}

const START = epochSeconds(0);
const OTHER = { amount: micro(0), scopes: [{ scope: "other", cap: micro(0) }], ttlSeconds: 60 };

/** A store that tells nothing of one kind. */
const without = (kind: StoredEntry["kind"]): Defect =>
  entries((entry) => (entry.kind === kind ? null : entry));

const MONEY =
  "journal: each move of a hold is one entry with its amounts, times, scopes and tags; what changes nothing is none";
const JOBS =
  "journal: each move of a job is one entry, with the money that moved with it and the node that moved it";
const BATCHES =
  "journal: a batch has an entry for each of its jobs, and what is given back says what followed";
const ENDS =
  "journal: a cancelled, a retried, a waiting and an expired job are told apart, with the money of each";
const PEOPLE =
  "journal: what a person decides about money has its id, author and reason, and a repeat has no entry";
const LANES = "journal: a lane's pause and its end are entries, with who decided";
const PAGES = "journal: pages of any size have every entry once, and a filter leaves out the others";
const ROLLED_BACK = "journal: what is rolled back leaves no entry";
const FORGOTTEN = "journal: what is forgotten has an entry each, a prune has none, and the audit goes on";
const SCOPES =
  "questions: scopes lists, by name, what each has committed, its cap in force, and its open holds";
const HOLDS = "questions: holds lists, by id, what is set aside for what since when, of a scope or a state";
const ATTEMPTS =
  "questions: attempts lists each claim with its times, node, end and cost, and inDoubt what nobody reported";
const COUNTS =
  "questions: counts has the unfinished jobs by lane and state with the oldest, and a job its times";
const SPEND = "questions: spend adds up what was booked, corrections included, by tag, scope, lane and time";
const AUDIT = "questions: an audit of a sound store finds nothing";

export const brokenJournal: readonly Broken[] = [
  [MONEY, "tells no charge", without("charged")],
  [MONEY, "forgets the tags", entries((entry) => ({ ...entry, tags: null }))],
  [
    MONEY,
    "keeps what was committed first for every entry",
    tables((base) => ({
      addJournal: (at, body) => {
        base.addJournal(at, { ...body, before: {} });
      },
    })),
  ],
  [
    MONEY,
    "tells repeats too",
    methods((store) => ({
      async settle(holdId, actual) {
        const answer = await store.settle(holdId, actual);
        if (answer.kind === "conflict") await store.hold({ ...OTHER, holdId: `again ${holdId}` });
        return answer;
      },
    })),
  ],
  [JOBS, "tells no recovery", without("recovered")],
  [JOBS, "does not say who moved it", entries((entry) => ({ ...entry, by: null }))],
  [
    JOBS,
    "loses the hold that a requeue makes",
    entries((entry) => (entry.closed ? { ...entry, opened: null } : entry)),
  ],
  [
    BATCHES,
    "tells the first of a batch only",
    tables((base) => ({
      addJournal: (at, body) => {
        base.addJournal(at, { ...body, entries: body.entries.slice(0, 1) });
      },
    })),
  ],
  [BATCHES, "tells what is given back as a requeue", renamed("given_back", "requeued")],
  [ENDS, "tells what has expired as cancelled", renamed("expired", "cancelled")],
  [ENDS, "tells no retry", without("retried")],
  [PEOPLE, "tells a raise as a pin", renamed("cap_raised", "cap_pinned")],
  [
    PEOPLE,
    "loses the id of a decision",
    entries((entry) => (entry.decision ? { ...entry, decision: { ...entry.decision, id: null } } : entry)),
  ],
  [LANES, "tells no resumption", without("lane_resumed")],
  [
    PAGES,
    "begins each page with the last entry of the one before",
    methods((store) => ({
      journal: ({ after = 0, ...filter } = {}) => store.journal({ ...filter, after: Math.max(0, after - 1) }),
    })),
  ],
  [
    PAGES,
    "says that there is no more",
    methods((store) => ({ journal: async (filter) => ({ ...(await store.journal(filter)), more: false }) })),
  ],
  [ROLLED_BACK, "commits what the caller rolls back", { rollsBack: "nothing" }],
  [FORGOTTEN, "tells nothing of what it forgets", without("forgotten")],
  [
    SCOPES,
    "counts closed holds as open",
    tables((base) => ({
      openHolds: (scopes) =>
        new Map(
          scopes.map((scope) => [scope, base.holds({ scope, state: null, limit: 99, after: null }).length]),
        ),
    })),
  ],
  [
    SCOPES,
    "reads a prefix as a pattern",
    tables((base) => ({
      scopes: (prefix, after, limit) => base.scopes(prefix === "_" ? "" : prefix, after, limit),
    })),
  ],
  [
    HOLDS,
    "looks at no scope",
    tables((base) => ({ holds: (filter) => base.holds({ ...filter, scope: null }) })),
  ],
  [
    HOLDS,
    "keeps the time of the first hold only",
    tables((base) => ({
      putHold: (hold) => {
        base.putHold({ ...hold, heldAt: base.hold(hold.holdId)?.heldAt ?? START });
      },
    })),
  ],
  [
    ATTEMPTS,
    "forgets who has claimed it",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, attempts: job.attempts.map((attempt) => ({ ...attempt, by: null })) });
      },
    })),
  ],
  [
    ATTEMPTS,
    "doubts what was settled too",
    methods((store) => ({
      inDoubt: async (page) => {
        const [first] = await store.inDoubt(page);
        const settled = await store.holds({ state: "settled" });
        return settled.map((hold) => ({
          holdId: hold.holdId,
          jobId: hold.jobId,
          charged: hold.booked,
          chargedAt: hold.heldAt,
          scopes: first?.scopes ?? [],
          tags: hold.tags,
        }));
      },
    })),
  ],
  [
    COUNTS,
    "counts the newest as the oldest",
    operations((engine, base) => ({
      counts: async () => (await engine.counts()).map((count) => ({ ...count, oldest: base.now() })),
    })),
  ],
  [SPEND, "leaves corrections out", without("corrected")],
  [
    SPEND,
    "goes by the time of admission",
    methods((store) => ({ spend: (filter) => store.spend({ ...filter, on: "admitted" }) })),
  ],
  [
    AUDIT,
    "finds every scope",
    methods((store) => ({
      audit: async () =>
        (await store.scopes()).map(({ scope, reserved, spent, committed }) => ({
          scope,
          counter: { reserved, spent },
          holds: { reserved, spent },
          journal: committed,
        })),
    })),
  ],
];

function renamed(kind: StoredEntry["kind"], other: StoredEntry["kind"]): Defect {
  return entries((entry) => (entry.kind === kind ? { ...entry, kind: other } : entry));
}
