import { attemptName } from "../costs.ts";
import type { Answered, Evidence } from "./evidence.ts";

/** Deadlines, and how long leases and runs last, all on the clock that the database and the processes share. */
export function timeViolations(found: Evidence): readonly string[] {
  return [...deadlines(found), ...leases(found)];
}

/** What was not decided on or claimed in time has cost nothing, and nobody decides on it or claims it afterwards. */
function deadlines({ plan, rows, jobs, holds, attempts, answers, start }: Evidence): readonly string[] {
  const firstClaim = (jobId: string): Answered | undefined =>
    answers.find(({ call, token }) => {
      const one = attempts.get(String(token));
      return (call === "claim" || call === "refuse") && one?.jobId === jobId && one.place === 0;
    });
  return plan.jobs.flatMap(({ jobId, decideBy, claimBy, approvedAtOnce }) => {
    const wrong: string[] = [];
    const ends = [approvedAtOnce ? null : decideBy, claimBy].filter((end) => end !== null);
    const job = jobs.get(jobId);
    const expired = rows.jobMoves.filter(
      ({ before, after }) =>
        before.jobId === jobId && after?.error === "expired" && before.error !== "expired",
    );
    for (const { at, before, after } of expired) {
      if (ends.length === 0 || at < start + Math.min(...ends))
        wrong.push(`job ${jobId} expired before its deadline`);
      if (before.tokens.length > 0) wrong.push(`job ${jobId} expired, and was claimed`);
      if (after?.state !== (before.state === "awaiting_approval" ? "rejected" : "failed"))
        wrong.push(`job ${jobId} expired, and is ${String(after?.state)}`);
    }
    if (job?.error === "expired" && !job.pruned) {
      const kept = [...holds.values()].filter(
        (hold) => hold.jobId === jobId && hold.state !== "released" && !hold.corrected,
      );
      for (const { holdId, state } of kept) wrong.push(`job ${jobId} expired, and ${holdId} is ${state}`);
    }
    const claim = firstClaim(jobId);
    // Whoever retries a job takes its deadline away.
    const isRetried = rows.jobMoves.some(
      ({ before, after }) =>
        before.jobId === jobId && before.tokens.length === 0 && after?.retries === before.retries + 1,
    );
    if (claimBy !== null && !isRetried && claim && (claim.answer["leasedAt"] as number) >= start + claimBy)
      wrong.push(`job ${jobId} was claimed after its deadline`);
    const approvals = answers.filter(
      ({ call, subject, answer }) => call === "approve" && subject === jobId && answer["kind"] === "queued",
    );
    for (const { asked = 0 } of approvals) {
      // A later approval is about another attempt, and has no deadline.
      const isFirst = claim ? asked / 1000 < (claim.answer["leasedAt"] as number) : job?.tokens.length === 0;
      if (isFirst && ends.length > 0 && asked / 1000 >= start + Math.min(...ends))
        wrong.push(`job ${jobId} was approved after its deadline`);
    }
    return wrong;
  });
}

/** Nobody takes a lease before its own length is over, and none is renewed once its job has run as long as it may. */
function leases({ plan, rows, answers, attempts }: Evidence): readonly string[] {
  const claims = answers.filter(({ call }) => call === "claim");
  return claims.flatMap(({ subject, attempt, token, leaseSeconds, answer }) => {
    const leasedAt = answer["leasedAt"] as number;
    const most = plan.jobs.find(({ jobId }) => jobId === subject)?.maxRunSeconds ?? null;
    const { place } = attempts.get(String(token)) ?? {};
    const taken = rows.jobMoves.find(({ before, after }) => {
      if (place === undefined || before.jobId !== subject) return false;
      return before.ends[place] === null && after?.ends[place] === "taken";
    });
    const renewed = answers.filter(
      (one) => one.call === "renew" && one.token === token && one.answer["kind"] === true,
    );
    const last = Math.max(leasedAt, ...renewed.map(({ asked = 0 }) => asked / 1000));
    const name = attemptName(subject, attempt);
    const wrong: string[] = [];
    const { error } = taken?.after ?? {};
    if (taken && error === "lost" && typeof leaseSeconds === "number" && taken.at < last + leaseSeconds)
      wrong.push(`${name} was recovered ${(taken.at - last).toFixed(3)} s after it was leased for longer`);
    if (taken && error === "timed_out" && (most === null || taken.at < leasedAt + most))
      wrong.push(`${name} timed out before its time`);
    if (most !== null && last > leasedAt + most) wrong.push(`${name} was renewed after its time`);
    return wrong;
  });
}
