import { describe, expect, it } from "vitest";
import type { Entry } from "../journal.ts";
import type { Rows } from "../rows.ts";
import {
  and,
  answer,
  entries,
  h1,
  lostJob,
  nth,
  plan,
  rows,
  withHolds,
  withJob,
  withMoves,
} from "./story.ts";
import { judge } from "./verdict.ts";

const refusals = (count: number): Rows => {
  const tokens = Array.from({ length: count }, (_, index) => `r${String(index)}`);
  const [ends, numbers] = [tokens.map(() => "requeued"), tokens.map((_, index) => index + 1)];
  return withJob("newer", { tokens, ends, numbers });
};

const TAMPERED: readonly (readonly [string, readonly Entry[], Rows])[] = [
  [
    "job lost was swept away while it was running",
    entries,
    withMoves({
      jobMoves: [{ at: 1, before: { ...lostJob, state: "running" }, after: { ...lostJob, pruned: true } }],
    }),
  ],
  [
    "hold h1 was swept away while it was open",
    entries,
    withMoves({ holdMoves: [{ at: 1, before: { ...h1, state: "open" }, after: { ...h1, pruned: true } }] }),
  ],
  [
    "lost was forgotten too early",
    entries,
    withMoves({ jobMoves: [{ at: 1, before: lostJob, after: null }] }),
  ],
  ["h1 was forgotten too early", entries, withMoves({ holdMoves: [{ at: 1, before: h1, after: null }] })],
  ["hold job:old#2 has outlived its job", entries, withHolds(nth("old", 2))],
  ["decision r9 has outlived job:old", entries, { ...rows, decisions: [{ id: "r9", subject: "job:old" }] }],
  [
    "job lost was refused, and anyone can read it",
    and(answer(1, "refuse", "lost", "requeued", { token: "t1" })),
    rows,
  ],
  ["n1 was refused twice", and(answer(11, "refuse", "newer", "requeued", { attempt: 1, token: "n1" })), rows],
  [
    "job newer was refused and requeued, and its attempt ended taken",
    entries,
    withJob("newer", { ends: ["taken", "completed"] }),
  ],
  ["n1 of job newer was given back by nobody", entries, rows],
  [
    "job newer was not read, and job:newer#1 is charged",
    entries,
    withHolds(nth("newer", 1, { state: "charged", booked: 20n })),
  ],
  ["job newer was refused 9 times", entries, refusals(9)],
];

describe("judge, about what is swept away and what cannot be read", () => {
  it.each(TAMPERED)("finds: %s", (message, written, read) => {
    const jobs = plan.jobs.map((job) => ({ ...job, isNewer: job.isNewer && !message.includes("by nobody") }));
    expect(judge({ ...plan, jobs }, written, read).violations.join("\n")).toContain(message);
  });

  it("a result stands as it was before it was pruned", () => {
    const pruned = { ...lostJob, result: null, pruned: true };
    const moved = withMoves({ jobMoves: [{ at: 1, before: lostJob, after: pruned }] });
    const jobs = rows.jobs.map((job) => (job.jobId === "lost" ? pruned : job));
    expect(judge(plan, entries, { ...moved, jobs }).violations).toEqual([]);
    const other = {
      ...moved,
      jobMoves: moved.jobMoves.map((move) => ({ ...move, before: { ...move.before, result: '"x"' } })),
    };
    expect(judge(plan, entries, { ...other, jobs }).violations.join()).toContain("result of another attempt");
  });
});
