import { describe, expect, it } from "vitest";
import type { Entry } from "../journal.ts";
import type { Rows } from "../rows.ts";
import {
  and,
  answer,
  at,
  claim,
  entries,
  h1,
  lost,
  MONTH,
  nth,
  plan,
  recovery,
  rows,
  spend,
  withHolds,
  withJob,
  withMoves,
  withoutHolds,
} from "./story.ts";
import { judge } from "./verdict.ts";

const counter = (reserved: bigint, spent: bigint): Rows => ({
  ...rows,
  scopes: [{ scope: MONTH, reserved, spent, pinned: null, raisedTo: null }],
});
const second = { attempt: 2, token: "t2", actual: "15" };

const TAMPERED: readonly (readonly [string, readonly Entry[], Rows])[] = [
  ["month:2026-11 has cost 280 in truth, above its cap of 200", and(spend("h1", "200")), rows],
  ["month:2026-11 says spent 99, its holds add up to 100", entries, counter(0n, 99n)],
  ["month:2026-11 says reserved 1, its holds add up to 0", entries, counter(1n, 100n)],
  ["hold h3 was never asked for", entries, withHolds({ ...h1, holdId: "h3", booked: 0n })],
  ["for another request: 29, 30, month:2026-11", entries, withHolds({ ...h1, asked: 29n })],
  ["hold h1 is settled at 29, and has cost 30", entries, withHolds({ ...h1, booked: 29n })],
  ["hold h1 is open at 0 after the end", entries, withHolds({ ...h1, state: "open", booked: 0n })],
  ["h1 is released at 0, and has cost 30", entries, withHolds({ ...h1, state: "released", booked: 0n })],
  [
    "charged at 19, and 20 was set aside",
    entries,
    withHolds(nth("lost", 1, { state: "charged", booked: 19n })),
  ],
  ["20 was set aside, and it has cost 21", and(spend("t1", "1")), rows],
  ["1 was spent under t9, which does not exist", and(spend("t9", "1")), rows],
  ["job refused was lost", and(answer(1, "submit", "refused", "queued")), rows],
  ["job j3 was never submitted", entries, withJob("lost", { jobId: "j3" })],
  ["job lost is running after the end", entries, withJob("lost", { state: "running" })],
  [
    "job lost had 3 attempts",
    entries,
    withJob("lost", { tokens: ["t1", "t2", "t3"], ends: ["taken", "taken", "completed"] }),
  ],
  ["job lost counts 3 attempts, and has had 2", entries, withJob("lost", { tried: 3 })],
  ["job hung counts 2 attempts, and has had 1", entries, withJob("hung", { tried: 2 })],
  ["job lost has an attempt without an end", entries, withJob("lost", { ends: ["taken", null] })],
  ["job lost has two attempts with one token", entries, withJob("lost", { tokens: ["t1", "t1"] })],
  ["job hung has used its hold 1 again", entries, withJob("hung", { numbers: [1, 1] })],
  ["job lost ran without its hold job:lost#2", entries, withoutHolds("job:lost#2")],
  ["hold job:late#1 was lost", entries, withoutHolds("job:late#1")],
  ["hold job:lost#1 was claimed, and is released", entries, withHolds(nth("lost", 1, { state: "released" }))],
  ["job:lost#2 was claimed twice", and(claim(950, "lost", 2, "t2")), rows],
  ["job:lost#1 was recovered twice", and(recovery([lost])), rows],
  ["job:lost#1 was recovered, and ended failed", entries, withJob("lost", { ends: ["failed", "completed"] })],
  ["job:lost#1 was lost and not tried again", and(recovery([{ ...lost, outcome: "failed" }])), rows],
  ["the claim of job:lost#2 was lost", entries, withJob("lost", { tokens: ["t1", "t9"] })],
  [
    "job:lost#2 was reported as completed, and ended taken",
    entries,
    withJob("lost", { ends: ["taken", "taken"] }),
  ],
  [
    "job:hung#1 was given back, and its job has failed",
    and(answer(1, "fail", "hung", "failed", { attempt: 1, token: "g1" })),
    rows,
  ],
  [
    "job:lost#1 failed and was not tried again",
    and(
      at(0, {
        did: "report",
        job: "lost",
        attempt: 1,
        token: "t1",
        result: null,
        actual: null,
        counts: true,
        retriable: true,
      }),
      answer(1, "fail", "lost", "failed", { attempt: 1, token: "t1" }),
    ),
    rows,
  ],
  ["job lost ended more than once", and(answer(1, "fail", "lost", "failed", second)), rows],
  [
    "job lost ended t2 -> succeeded, and is failed",
    entries,
    withJob("lost", { state: "failed", result: null }),
  ],
  [
    "job again ended a1 -> failed,a2 -> succeeded, and is failed",
    entries,
    withJob("again", { state: "failed", result: null, retries: 1 }),
  ],
  ["job lost is failed, with a result", entries, withJob("lost", { state: "failed" })],
  ["job lost has the result of another attempt", entries, withJob("lost", { result: '"by t1"' })],
  ["nobody completed it", entries.filter(({ did }) => did !== "report"), rows],
  ["h1 was held twice", and(answer(1, "hold", "h1", "held")), rows],
  ["h1 was extended twice", and(answer(1, "extend", "h1", "held"), answer(1, "extend", "h1", "held")), rows],
  ["hold h1 was lost", entries, withoutHolds("h1")],
  ["h1 was settled at 30, and is charged at 30", entries, withHolds({ ...h1, state: "charged" })],
  ["h1 was released, and is settled at 30", and(answer(1, "release", "h1", "released")), rows],
  [
    "job:lost#1 was charged 20, and is released at 0",
    entries,
    withHolds(nth("lost", 1, { state: "released" })),
  ],
  ["h1 was settled twice at one amount, and conflicts", and(answer(1, "settle", "h1", "conflict")), rows],
  [
    "job:lost#1 was reported at 20 and answered stale; it is charged at 20",
    entries,
    withHolds(nth("lost", 1, { state: "charged", booked: 20n })),
  ],
  [
    "a process broke: no room on the disk",
    and(at(0, { did: "broke", message: "no room on the disk" })),
    rows,
  ],
];

describe("judge", () => {
  it("finds nothing where there is nothing", () => {
    const { violations, seen } = judge(plan, entries, rows);
    expect(violations).toEqual([]);
    expect(seen).toMatchObject({ refusals: 1, recoveries: 2, lateCompletes: 1, attempts: 9, givenBack: 1 });
    expect(seen).toMatchObject({
      notRead: 1,
      corrections: 1,
      retries: 1,
      expired: 1,
      timedOut: 1,
      pauses: 1,
    });
  });

  it.each(TAMPERED)("finds: %s", (message, written, read) => {
    expect(judge(plan, written, read).violations.join("\n")).toContain(message);
  });

  it("a forgotten job and its money are still counted", () => {
    const left = withMoves({});
    expect(
      judge(plan, entries, { ...left, holdMoves: left.holdMoves.slice(0, 1) }).violations,
    ).toContainEqual("month:2026-11 says spent 100, its holds add up to 93");
  });

  it("what a person adds to a bill may pass a cap, and nothing else may", () => {
    const dear = { ...h1, booked: 190n, corrected: true };
    const read = withMoves({ holdMoves: [{ at: 1001, before: h1, after: dear }] });
    const holds = read.holds.map((hold) => (hold.holdId === "h1" ? dear : hold));
    const scopes = [{ scope: MONTH, reserved: 0n, spent: 260n, pinned: null, raisedTo: null }];
    const { violations } = judge(plan, entries, { ...read, holds, scopes });
    expect(violations.join("\n")).not.toContain("above its cap");
  });

  const more = (extra: readonly Entry[]): boolean => judge(plan, and(...extra), rows).counts;
  const others = [
    answer(1300, "pinCap", "tenant:p", "done", { decision: "pin" }),
    answer(1300, "prune", "", "", { answer: { jobs: 1, holds: 0 } }),
  ];
  it("a seed in which enough was seen counts", () => {
    expect(more(others)).toBe(true);
    expect(
      judge(
        plan,
        entries.filter(({ did }) => did !== "spend"),
        rows,
      ).counts,
    ).toBe(true);
  });

  it.each(["submit", "recoverStale", "complete"])("a seed without any such %s does not count", (call) => {
    const kinds: Readonly<Record<string, string>> = {
      submit: "refused",
      recoverStale: "",
      complete: "stale",
    };
    const left = and(...others).filter(
      (entry) => entry.did !== "answer" || entry.call !== call || entry.answer["kind"] !== kinds[call],
    );
    expect(judge(plan, left, rows).counts).toBe(false);
  });
});
