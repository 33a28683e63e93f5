import { describe, expect, it } from "vitest";
import type { Entry } from "../journal.ts";
import type { Rows } from "../rows.ts";
import { PINNED } from "../terms.ts";
import { and, answer, claim, decides, entries, h1, plan, rows, withMoves } from "./story.ts";
import { judge } from "./verdict.ts";

const [again] = rows.jobs.filter(({ jobId }) => jobId === "again");
const [refunded] = rows.holds.filter(({ holdId }) => holdId === "h2");
if (!again || !refunded) throw new Error("the story has both");
const retried = { ...again, state: "queued", retries: 2 };
const pin = { scope: PINNED, reserved: 0n, spent: 0n, pinned: null, raisedTo: null };
const pinned = (from: bigint | null, to: bigint | null) => {
  return { at: 1000, before: { ...pin, pinned: from }, after: { ...pin, pinned: to } };
};
const paused = {
  ...plan,
  jobs: plan.jobs.map((job) => (job.jobId === "again" ? { ...job, lane: "b" } : job)),
};

const TAMPERED: readonly (readonly [string, readonly Entry[], Rows])[] = [
  [
    "h2 was corrected to 5 twice",
    entries,
    withMoves({ holdMoves: [{ at: 1001, before: refunded, after: refunded }] }),
  ],
  [
    "h2 was moved to 30 after its correction",
    entries,
    withMoves({ holdMoves: [{ at: 1001, before: refunded, after: { ...refunded, booked: 30n } }] }),
  ],
  [
    "h1 was moved to 7 after",
    entries,
    withMoves({ holdMoves: [{ at: 1, before: h1, after: { ...h1, booked: 7n, corrected: true } }] }),
  ],
  [
    "h2 was corrected to 5 last, and is 6",
    entries,
    { ...rows, holds: rows.holds.map((hold) => (hold.holdId === "h2" ? { ...hold, booked: 6n } : hold)) },
  ],
  ["the correction of h2 to 5 was lost", entries, { ...rows, holdMoves: rows.holdMoves.slice(1) }],
  [
    "h2 was corrected to 6, not 5",
    and(answer(8, "correct", "h2", "corrected", { decision: "refund", actual: "5", answer: { to: "6" } })),
    rows,
  ],
  ["again/0 was retried twice", and(answer(73, "retry", "again/0", "queued", { decision: "r2" })), rows],
  ["the retry of again/1 was lost", and(answer(73, "retry", "again/1", "queued", { decision: "r3" })), rows],
  [
    "again/1 was retried, and nobody decided that",
    entries,
    withMoves({ jobMoves: [{ at: 1, before: { ...again, state: "failed" }, after: retried }] }),
  ],
  [
    "again/1 was retried while it was running",
    entries,
    withMoves({ jobMoves: [{ at: 1, before: { ...again, state: "running" }, after: retried }] }),
  ],
  [
    "again/1 was retried, and says 3",
    entries,
    withMoves({ jobMoves: [{ at: 1, before: again, after: { ...retried, retries: 3 } }] }),
  ],
  ["job again had 2 attempts after 0 retries", entries, { ...rows, jobMoves: rows.jobMoves.slice(1) }],
  [
    `the cap of ${PINNED} was set to 50 twice`,
    entries,
    withMoves({ scopeMoves: [pinned(null, 50n), pinned(50n, 40n), pinned(40n, 50n)] }),
  ],
];

describe("judge, about decisions", () => {
  it.each(TAMPERED)("finds: %s", (message, written, read) => {
    expect(judge(plan, written, read).violations.join("\n")).toContain(message);
  });

  it("finds a job that was claimed while its lane was paused", () => {
    const late = and(claim(230, "again", 2, "a2"));
    expect(judge(paused, late, rows).violations).toContain("again was claimed while b was paused");
  });

  it.each([
    ["before it was", claim(205, "again", 2, "a2")],
    ["after somebody began to resume it", claim(265, "again", 2, "a2")],
  ])("a claim is none while a lane is paused %s", (_, claimed) => {
    expect(judge(paused, and(claimed), rows).violations.join()).not.toContain("paused");
  });

  it("a pause that is repeated after it was taken back pauses nothing", () => {
    const repeated = and(
      decides(280, "pauseLane", "b", "stop"),
      answer(281, "pauseLane", "b", "done", { decision: "stop" }),
      claim(290, "again", 2, "a2"),
    );
    expect(judge(paused, repeated, rows).violations.join()).not.toContain("paused");
    // Whichever process comes first.
    expect(judge(paused, [...repeated].reverse(), rows).violations.join()).not.toContain("paused");
  });
});
