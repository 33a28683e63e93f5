import { doubled, type Evidence } from "./evidence.ts";

const ENDED: readonly string[] = ["succeeded", "failed", "rejected"];
/** After so many refusals of its payload a job waits for a person. */
const MOST_REFUSALS = 8;

/** What is swept away has ended, and what older code cannot read waits for newer code. */
export function sweepViolations(found: Evidence): readonly string[] {
  return [...swept(found), ...refused(found)];
}

function swept({ plan, rows }: Evidence): readonly string[] {
  const old = new Set([
    ...plan.jobs.filter(({ isOld }) => isOld).map(({ jobId }) => jobId),
    ...plan.holds.filter(({ isOld }) => isOld).map(({ holdId }) => holdId),
  ]);
  const [jobs, holds] = [rows.jobMoves, rows.holdMoves];
  const forgotten = [
    ...jobs.filter(({ after }) => after === null).map(({ before }) => before.jobId),
    ...holds.filter(({ after }) => after === null).map(({ before }) => before.jobId ?? before.holdId),
  ];
  const left = new Set([
    ...rows.jobs.map(({ jobId }) => `job:${jobId}`),
    ...rows.holds.map(({ holdId }) => holdId),
  ]);
  return [
    ...jobs
      .filter(({ before, after }) => (after?.pruned ?? true) && !ENDED.includes(before.state))
      .map(({ before }) => `job ${before.jobId} was swept away while it was ${before.state}`),
    ...holds
      .filter(({ before, after }) => (after?.pruned ?? true) && before.state === "open")
      .map(({ before }) => `hold ${before.holdId} was swept away while it was open`),
    ...new Set(forgotten.filter((one) => !old.has(one)).map((one) => `${one} was forgotten too early`)),
    // A job is forgotten with all of its holds, and with what was decided about it.
    ...rows.holds
      .filter(({ jobId }) => jobId !== null && !rows.jobs.some((job) => job.jobId === jobId))
      .map(({ holdId }) => `hold ${holdId} has outlived its job`),
    ...rows.decisions
      .filter(({ subject }) => subject !== null && !left.has(subject))
      .map(({ id, subject }) => `decision ${id} has outlived ${String(subject)}`),
  ];
}

/** What a parser refused is given back: it costs nothing and does not count, eight times at most without a person. */
function refused({ plan, answers, attempts, holds, jobs, entries }: Evidence): readonly string[] {
  const newer = new Set(plan.jobs.filter(({ isNewer }) => isNewer).map(({ jobId }) => jobId));
  const refusals = answers.filter(({ call }) => call === "refuse");
  const claimed = new Set(answers.filter(({ call }) => call === "claim").map(({ token }) => token));
  const reported = new Set(entries.flatMap((entry) => (entry.did === "report" ? [entry.token] : [])));
  // A process that was killed has told nobody that it refused one.
  const given = [...attempts.values()].filter(
    ({ token, counts }) => !counts && !claimed.has(token) && !reported.has(token),
  );
  return [
    ...refusals
      .filter(({ subject }) => !newer.has(subject))
      .map(({ subject }) => `job ${subject} was refused, and anyone can read it`),
    ...doubled(refusals.map(({ token }) => String(token))).map((token) => `${token} was refused twice`),
    ...refusals.flatMap(({ subject, token, answer }) => {
      const end = attempts.get(String(token))?.end;
      const kind = answer["kind"] as string | null;
      // Whoever was not answered does not know.
      return kind === null || kind === end || (kind === "stale" && end === "taken")
        ? []
        : [`job ${subject} was refused and ${kind}, and its attempt ended ${String(end)}`];
    }),
    ...given.flatMap(({ jobId, holdId, token }) => {
      if (!newer.has(jobId)) return [`${token} of job ${jobId} was given back by nobody`];
      const hold = holds.get(holdId);
      const isFree = hold?.corrected === true || (hold?.state === "settled" && hold.booked === 0n);
      return isFree ? [] : [`job ${jobId} was not read, and ${holdId} is ${String(hold?.state)}`];
    }),
    ...[...newer].flatMap((jobId) => {
      const times = given.filter((one) => one.jobId === jobId).length;
      const people = 1 + (jobs.get(jobId)?.retries ?? 0);
      const approved = answers.filter(
        ({ call, subject, answer }) => call === "approve" && subject === jobId && answer["kind"] === "queued",
      );
      const most = MOST_REFUSALS * (people + approved.length);
      return times <= most ? [] : [`job ${jobId} was refused ${String(times)} times`];
    }),
  ];
}
