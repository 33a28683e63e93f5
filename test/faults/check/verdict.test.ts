import { describe, expect, it } from "vitest";
import type { Answer, Entry } from "../journal.ts";
import type { Plan, PlannedScope } from "../plan.ts";
import type { HoldRow, JobRow, Rows } from "../rows.ts";
import { judge } from "./verdict.ts";

const MONTH = "month:2026-11";
const scopes: readonly PlannedScope[] = [{ scope: MONTH, cap: 100n }];

const job = { lane: "a", maxCost: 20n, maxAttempts: 2, scopes, approvedAtOnce: true };
const plan: Plan = {
  seed: 1,
  jobs: [
    { jobId: "j1", ...job },
    { jobId: "j2", ...job },
  ],
  holds: [{ holdId: "h1", amount: 30n, extension: 0n, scopes, end: "settle" }],
  actors: [],
  cuts: [],
  crash: null,
};

const answer = (call: string, subject: string, kind: string, rest: Partial<Answer> = {}): Answer => {
  return { did: "answer", call, subject, ...rest, answer: { kind, ...rest.answer } };
};
const spend = (hold: string, amount: string): Entry => ({ did: "spend", hold, amount });
const first = { attempt: 1, token: "t1", actual: "20" };
const second = { attempt: 2, token: "t2", actual: "15" };
const taken = [{ jobId: "j1", attempt: 1, charged: "20", outcome: "requeued" }];

/** A job whose first attempt is lost, and tells its cost too late; another one that is refused; a hold. */
const entries: readonly Entry[] = [
  answer("submit", "j1", "queued"),
  answer("submit", "j2", "refused"),
  answer("hold", "h1", "held"),
  spend("h1", "30"),
  answer("settle", "h1", "settled", { actual: "30" }),
  answer("claim", "j1", "claimed", { attempt: 1, token: "t1" }),
  spend("job:j1#1", "20"),
  answer("recoverStale", "", "", { answer: { attempts: taken } }),
  answer("claim", "j1", "claimed", { attempt: 2, token: "t2" }),
  spend("job:j1#2", "15"),
  { did: "report", job: "j1", attempt: 2, token: "t2", result: "by t2", actual: "15" },
  answer("complete", "j1", "completed", second),
  answer("complete", "j1", "stale", first),
];

const hold = { asked: 20n, held: 20n, scopes: [MONTH], state: "settled" };
const h1: HoldRow = { ...hold, holdId: "h1", jobId: null, asked: 30n, held: 30n, booked: 30n };
const a1: HoldRow = { ...hold, holdId: "job:j1#1", jobId: "j1", booked: 20n };
const a2: HoldRow = { ...hold, holdId: "job:j1#2", jobId: "j1", booked: 15n };
const j1: JobRow = {
  jobId: "j1",
  state: "succeeded",
  result: '"by t2"',
  tokens: ["t1", "t2"],
  ends: ["taken", "completed"],
};
const rows: Rows = {
  jobs: [j1],
  holds: [h1, a1, a2],
  scopes: [{ scope: MONTH, reserved: 0n, spent: 65n }],
};

const withHolds = (...holds: readonly HoldRow[]): Rows => ({ ...rows, holds });
const withJob = (changed: Partial<JobRow>): Rows => ({ ...rows, jobs: [{ ...j1, ...changed }] });
const counter = (reserved: bigint, spent: bigint): Rows => ({
  ...rows,
  scopes: [{ scope: MONTH, reserved, spent }],
});
const and = (...more: readonly Entry[]): readonly Entry[] => [...entries, ...more];

type Tampered = readonly [string, readonly Entry[], Rows];

const TAMPERED: readonly Tampered[] = [
  ["month:2026-11 has cost 135 in truth, above its cap of 100", and(spend("h1", "70")), rows],
  ["month:2026-11 says spent 64, its holds add up to 65", entries, counter(0n, 64n)],
  ["month:2026-11 says reserved 1, its holds add up to 0", entries, counter(1n, 65n)],
  ["hold h2 was never asked for", entries, withHolds(h1, a1, a2, { ...h1, holdId: "h2", booked: 0n })],
  ["for another request: 29, 30, month:2026-11", entries, withHolds({ ...h1, asked: 29n }, a1, a2)],
  ["hold h1 is settled at 29, and has cost 30", entries, withHolds({ ...h1, booked: 29n }, a1, a2)],
  ["hold h1 is open at 0 after the end", entries, withHolds({ ...h1, state: "open", booked: 0n }, a1, a2)],
  ["h1 is released at 0, and has cost 30", entries, withHolds({ ...h1, state: "released", booked: 0n })],
  ["is charged at 19, and 20 was set aside", entries, withHolds({ ...a1, state: "charged", booked: 19n })],
  ["20 was set aside, and it has cost 21", and(spend("job:j1#1", "1")), rows],
  ["1 was spent under h9, which does not exist", and(spend("h9", "1")), rows],
  ["job j2 was lost", and(answer("submit", "j2", "queued")), rows],
  ["job j3 was never submitted", entries, withJob({ jobId: "j3" })],
  ["job j1 is running after the end", entries, withJob({ state: "running" })],
  ["job j1 had 3 attempts", entries, withJob({ tokens: ["t1", "t2", "t3"] })],
  ["job j1 has an attempt without an end", entries, withJob({ ends: ["taken", null] })],
  ["job j1 ran without its hold job:j1#2", entries, withHolds(h1, a1)],
  ["hold job:j1#1 was claimed, and is released", entries, withHolds(h1, { ...a1, state: "released" }, a2)],
  ["job:j1#2 was claimed twice", and(answer("claim", "j1", "claimed", { attempt: 2, token: "t2" })), rows],
  [
    "job:j1#1 was recovered twice",
    and(answer("recoverStale", "", "", { answer: { attempts: taken } })),
    rows,
  ],
  ["job:j1#1 was recovered and reported", and(answer("complete", "j1", "completed", first)), rows],
  ["the claim of job:j1#2 was lost", entries, withJob({ tokens: ["t1", "t9"] })],
  ["job:j1#2 was reported as completed, and ended taken", entries, withJob({ ends: ["taken", "taken"] })],
  ["job j1 ended more than once", and(answer("fail", "j1", "failed", second)), rows],
  ["job j1 ended t2 -> succeeded, and is failed", entries, withJob({ state: "failed", result: null })],
  ["job j1 is failed, with a result", entries, withJob({ state: "failed" })],
  ["job j1 has the result of another attempt", entries, withJob({ result: '"by t1"' })],
  ["nobody completed it", entries.filter(({ did }) => did !== "report"), rows],
  ["h1 was held twice", and(answer("hold", "h1", "held")), rows],
  ["h1 was extended twice", and(answer("extend", "h1", "held"), answer("extend", "h1", "held")), rows],
  ["hold h1 was lost", entries, withHolds(a1, a2)],
  ["h1 was settled at 30, and is charged at 30", entries, withHolds({ ...h1, state: "charged" }, a1, a2)],
  ["h1 was released, and is settled at 30", and(answer("release", "h1", "released")), rows],
  [
    "job:j1#1 was charged 20, and is released at 0",
    entries,
    withHolds({ ...a1, state: "released", booked: 0n }),
  ],
  ["h1 was settled twice at one amount, and conflicts", and(answer("settle", "h1", "conflict")), rows],
  [
    "job:j1#1 was reported at 20 and answered stale; it is charged at 20",
    entries,
    withHolds(h1, { ...a1, state: "charged" }, a2),
  ],
  ["a process broke: no room on the disk", and({ did: "broke", message: "no room on the disk" }), rows],
];

describe("judge", () => {
  it("finds nothing where there is nothing, and the seed counts", () => {
    const { violations, counts, seen } = judge(plan, entries, rows);
    expect(violations).toEqual([]);
    expect(seen).toMatchObject({ refusals: 1, recoveries: 1, lateCompletes: 1, attempts: 2 });
    expect(counts).toBe(true);
  });

  it.each(TAMPERED)("finds: %s", (message, written, read) => {
    expect(judge(plan, written, read).violations.join("\n")).toContain(message);
  });

  it.each(["submit", "recoverStale", "complete"])("a seed without any such %s does not count", (call) => {
    const left = entries.filter((entry) => {
      const kinds: Readonly<Record<string, string>> = {
        submit: "refused",
        recoverStale: "",
        complete: "stale",
      };
      return entry.did !== "answer" || entry.call !== call || entry.answer["kind"] !== kinds[call];
    });
    expect(judge(plan, left, rows).counts).toBe(false);
  });
});
