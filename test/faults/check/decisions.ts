import { PINNED } from "../terms.ts";
import type { Answered, Evidence } from "./evidence.ts";
import { doubled } from "./evidence.ts";

/** What people decided: each decision carried out once, whoever repeats it, and whatever was decided since. */
export function decisionViolations(found: Evidence): readonly string[] {
  return [...corrections(found), ...retries(found), ...pins(found), ...lanes(found)];
}

/** The decisions of a kind that were asked for, answered or not, by their ids. */
function asked({ entries }: Evidence, call: string): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) => (entry.did === "decides" && entry.call === call ? [entry.decision] : [])),
  );
}

/** Each correction of a hold is booked once, and nothing else moves the hold after the first. */
function corrections(found: Evidence): readonly string[] {
  const { plan, rows, answers, holds } = found;
  const known = asked(found, "correct");
  const wanted = plan.changes.filter((change) => change.call === "correct" && known.has(change.id));
  const booked = new Map<string, bigint[]>();
  for (const { before, after } of rows.holdMoves) {
    // Pruning changes the row, and not what is booked.
    if (after?.corrected !== true || (after.pruned && !before.pruned)) continue;
    booked.set(after.holdId, [...(booked.get(after.holdId) ?? []), after.booked]);
  }
  const amounts = (holdId: string): readonly bigint[] => booked.get(holdId) ?? [];
  return [
    ...[...booked].flatMap(([holdId, all]) => [
      ...doubled(all.map(String)).map((amount) => `${holdId} was corrected to ${amount} twice`),
      ...all.flatMap((amount) => {
        const isWanted = wanted.some(
          (one) => one.call === "correct" && one.holdId === holdId && one.amount === amount,
        );
        return isWanted ? [] : [`${holdId} was moved to ${String(amount)} after its correction`];
      }),
      ...(holds.get(holdId)?.booked === all.at(-1)
        ? []
        : [
            `${holdId} was corrected to ${String(all.at(-1))} last, and is ${String(holds.get(holdId)?.booked)}`,
          ]),
    ]),
    ...answers
      .filter(({ call, answer }) => call === "correct" && answer["kind"] === "corrected")
      .flatMap(({ subject, actual, answer }) => {
        const isBooked = amounts(subject).some((amount) => String(amount) === actual);
        const wrong = isBooked ? [] : [`the correction of ${subject} to ${String(actual)} was lost`];
        return answer["to"] === actual
          ? wrong
          : [...wrong, `${subject} was corrected to ${String(answer["to"])}, not ${String(actual)}`];
      }),
  ];
}

/** A job is retried once for each `after`, and has its attempts once more each time. */
function retries(found: Evidence): readonly string[] {
  const { plan, rows, answers, jobs, attempts } = found;
  const known = asked(found, "retry");
  const wanted = plan.changes.filter((change) => change.call === "retry" && known.has(change.id));
  const queued = answers.filter(({ call, answer }) => call === "retry" && answer["kind"] === "queued");
  const distinct = [...new Map(queued.map((one) => [one.decision, one])).values()];
  const moves = rows.jobMoves.filter(({ before, after }) => after && after.retries !== before.retries);
  return [
    // Two decisions, one retry.
    ...doubled(distinct.map(({ subject }) => subject)).map((one) => `${one} was retried twice`),
    ...queued.flatMap(({ subject }) => {
      const [jobId = "", after] = subject.split("/");
      return (jobs.get(jobId)?.retries ?? 0) > Number(after) ? [] : [`the retry of ${subject} was lost`];
    }),
    ...moves.flatMap(({ before, after }) => {
      const { jobId, state, retries: times } = before;
      const name = `${jobId}/${String(times)}`;
      const wrong: string[] = [];
      if (state !== "failed") wrong.push(`${name} was retried while it was ${state}`);
      if (after?.retries !== times + 1) wrong.push(`${name} was retried, and says ${String(after?.retries)}`);
      if (!wanted.some((one) => one.call === "retry" && one.jobId === jobId && one.after === times))
        wrong.push(`${name} was retried, and nobody decided that`);
      return wrong;
    }),
    ...plan.jobs.flatMap(({ jobId, maxAttempts }) => {
      const own = [...attempts.values()].filter((one) => one.jobId === jobId);
      const starts = moves
        .filter(({ before }) => before.jobId === jobId)
        .map(({ before }) => before.tokens.length);
      return [0, ...starts].flatMap((from, index) => {
        const until = starts[index] ?? own.length;
        const counted = own.filter(({ place, counts }) => counts && place >= from && place < until).length;
        if (counted <= maxAttempts) return [];
        return [`job ${jobId} had ${String(counted)} attempts after ${String(index)} retries`];
      });
    }),
  ];
}

/** Each cap is pinned or raised once by the decision that says so. */
function pins(found: Evidence): readonly string[] {
  const { rows } = found;
  const moved = rows.scopeMoves.flatMap(({ before, after }) => {
    if (after?.scope !== PINNED) return [];
    const pinned = after.pinned === before.pinned ? [] : [after.pinned];
    const raised = after.raisedTo === before.raisedTo ? [] : [after.raisedTo];
    return [...pinned, ...raised].filter((amount) => amount !== null);
  });
  return doubled(moved.map(String)).map((amount) => `the cap of ${PINNED} was set to ${amount} twice`);
}

/** While a lane is paused, nobody who asks for a job gets one of its. */
function lanes({ plan, answers, entries }: Evidence): readonly string[] {
  const laneOf = new Map(plan.jobs.map(({ jobId, lane }) => [jobId, lane]));
  const claims = answers.filter(({ call }) => call === "claim" || call === "refuse");
  return answers
    .filter(({ call }) => call === "pauseLane")
    .flatMap((pause) => {
      const until = resumed(pause, entries);
      return claims
        .filter(({ subject, began = 0, at }) => {
          return laneOf.get(subject) === pause.subject && began > pause.at && at < until;
        })
        .map(({ subject }) => `${subject} was claimed while ${pause.subject} was paused`);
    });
}

/** Until when a pause has certainly lasted, in milliseconds since 1970: the next time that somebody began to end it. */
function resumed(pause: Answered, entries: Evidence["entries"]): number {
  // A repeat changes nothing: the first time that its decision was asked for counts.
  const first = entries.find((entry) => entry.did === "decides" && entry.decision === pause.decision);
  const since = first?.at ?? pause.at;
  const ends = entries.filter(
    (entry) => entry.did === "decides" && entry.call === "resumeLane" && entry.subject === pause.subject,
  );
  // One that was asked for before may still have been on its way.
  const later = ends.filter((end) => {
    if (end.did !== "decides") return false;
    const answered = entries.find(
      (entry) => entry.did === "answer" && entry.decision === end.decision && entry.at >= end.at,
    );
    return (answered?.at ?? Infinity) >= since;
  });
  return Math.min(Infinity, ...later.map(({ at }) => at));
}
