import { describe, expect, it } from "vitest";
import type { Entry } from "../journal.ts";
import type { JobRow, Move, Rows } from "../rows.ts";
import { and, answer, claim, entries, nth, plan, rows, withHolds } from "./story.ts";
import { judge } from "./verdict.ts";

/** The rows, with the change of a job at another time, or to another row. */
function withMove(jobId: string, changed: Partial<Move<JobRow>>): Rows {
  const jobMoves = rows.jobMoves.map((move) =>
    move.before.jobId === jobId ? { ...move, ...changed } : move,
  );
  return { ...rows, jobMoves };
}
const moveOf = (jobId: string): Move<JobRow> => {
  const move = rows.jobMoves.find(({ before }) => before.jobId === jobId);
  if (!move) throw new Error(`the story has no move of ${jobId}`);
  return move;
};
const late = moveOf("late");
const own = (seconds: number): readonly Entry[] =>
  entries.map((entry) =>
    entry.did === "answer" && entry.call === "claim" && entry.token === "t1"
      ? { ...entry, leaseSeconds: seconds }
      : entry,
  );

const TAMPERED: readonly (readonly [string, readonly Entry[], Rows])[] = [
  ["job late expired before its deadline", entries, withMove("late", { at: 1000.4 })],
  [
    "job late expired, and was claimed",
    entries,
    withMove("late", { before: { ...late.before, tokens: ["x"] } }),
  ],
  [
    "job late expired, and is rejected",
    entries,
    withMove("late", { after: { ...late.before, state: "rejected", error: "expired" } }),
  ],
  [
    "job late expired, and job:late#1 is charged",
    entries,
    withHolds(nth("late", 1, { state: "charged", booked: 20n })),
  ],
  ["job late was approved after its deadline", and(answer(502, "approve", "late", "queued")), rows],
  [
    "job late was claimed after its deadline",
    and(claim(1001, "late", 1, "x")),
    {
      ...rows,
      jobs: rows.jobs.map((job) =>
        job.jobId === "late" ? { ...job, tokens: ["x"], ends: ["taken"], numbers: [1] } : job,
      ),
    },
  ],
  ["job:lost#1 was recovered 0.889 s after it was leased for longer", own(0.9), rows],
  ["job:hung#1 timed out before its time", entries, withMove("hung", { at: 1000.5 })],
  ["job:hung#1 was renewed after its time", and(answer(525, "renew", "hung", true, { token: "g2" })), rows],
];

describe("judge, about time", () => {
  it.each(TAMPERED)("finds: %s", (message, written, read) => {
    expect(judge(plan, written, read).violations.join("\n")).toContain(message);
  });

  it("a job that was retried has no deadline any more", () => {
    const claimed = { ...late.before, tokens: ["x"], ends: ["taken"], numbers: [1] };
    const retried = {
      at: 1001,
      before: { ...late.before, state: "failed" },
      after: { ...late.before, retries: 1 },
    };
    const read = { ...rows, jobMoves: [...rows.jobMoves, retried], jobs: [...rows.jobs, claimed] };
    const { violations } = judge(plan, and(claim(1001, "late", 1, "x")), read);
    expect(violations.join()).not.toContain("after its deadline");
  });

  it("a lease that is as old as it may be is lost", () => {
    expect(judge(plan, own(0.8), rows).violations).toEqual([]);
  });

  it("a renewal counts from when it was asked for", () => {
    const renewed = [...own(0.8), answer(200, "renew", "lost", true, { token: "t1" })];
    expect(judge(plan, renewed, rows).violations.join()).toContain("after it was leased for longer");
  });
});
