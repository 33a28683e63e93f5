import { attemptName } from "../costs.ts";
import { attemptOf, doubled, type Evidence, holdOf, overdue, recovered } from "./evidence.ts";

const ENDED: readonly string[] = ["succeeded", "failed", "rejected"];
const REPORTED: readonly string[] = ["completed", "failed", "requeued", "waiting"];

/** The jobs: none lost, none made up, each attempt one claim and one end, each job ended once. */
export function jobViolations(found: Evidence): readonly string[] {
  return [...known(found), ...attempts(found), ...ends(found), ...results(found)];
}

function known({ plan, jobs, answers, holds, attempts: all }: Evidence): readonly string[] {
  const accepted = answers.filter(
    ({ call, answer }) =>
      call === "submit" && ["queued", "awaiting_approval", "exists"].includes(String(answer["kind"])),
  );
  return [
    ...accepted.flatMap(({ subject }) => (jobs.has(subject) ? [] : [`job ${subject} was lost`])),
    ...[...jobs.values()].flatMap(({ jobId, state, tokens, numbers, holds: made, tried, retries }) => {
      const planned = plan.jobs.find((job) => job.jobId === jobId);
      if (!planned) return [`job ${jobId} was never submitted`];
      const wrong: string[] = [];
      const own = [...all.values()].filter((one) => one.jobId === jobId);
      const counted = own.filter(({ counts }) => counts).length;
      if (!ENDED.includes(state)) wrong.push(`job ${jobId} is ${state} after the end`);
      if (counted > planned.maxAttempts * (retries + 1))
        wrong.push(`job ${jobId} had ${String(counted)} attempts`);
      if (tried !== counted)
        wrong.push(`job ${jobId} counts ${String(tried)} attempts, and has had ${String(counted)}`);
      if (own.some(({ end }) => end === null)) wrong.push(`job ${jobId} has an attempt without an end`);
      if (doubled(tokens).length > 0) wrong.push(`job ${jobId} has two attempts with one token`);
      numbers.forEach((number, place) => {
        if (place > 0 && number <= (numbers[place - 1] ?? 0))
          wrong.push(`job ${jobId} has used its hold ${String(number)} again`);
        const hold = holdOf(jobId, number);
        if (!holds.has(hold)) wrong.push(`job ${jobId} ran without its hold ${hold}`);
        if (holds.get(hold)?.state === "released") wrong.push(`hold ${hold} was claimed, and is released`);
      });
      for (let n = 1; n <= made; n++) {
        if (!holds.has(holdOf(jobId, n))) wrong.push(`hold ${holdOf(jobId, n)} was lost`);
      }
      return wrong;
    }),
  ];
}

/** One claim an attempt, one end an attempt. */
function attempts(found: Evidence): readonly string[] {
  const { answers, attempts: all, entries, plan } = found;
  const claims = answers.filter(({ call }) => call === "claim" || call === "refuse");
  const reported = answers.filter(
    ({ call, answer }) =>
      (call === "complete" || call === "fail") && REPORTED.includes(String(answer["kind"])),
  );
  const taken = recovered(answers).map(({ jobId, attempt }) => attemptName(jobId, attempt));
  const reports = new Map(entries.flatMap((entry) => (entry.did === "report" ? [[entry.token, entry]] : [])));
  const most = (jobId: string): number => plan.jobs.find((job) => job.jobId === jobId)?.maxAttempts ?? 0;
  return [
    ...doubled(claims.map(({ token }) => String(token))).map(
      (token) => `${String(all.get(token)?.holdId)} was claimed twice`,
    ),
    ...doubled(taken).map((one) => `${one} was recovered twice`),
    ...recovered(answers).flatMap(({ jobId, attempt, outcome }) => {
      const one = attemptOf(found, jobId, attempt);
      const name = attemptName(jobId, attempt);
      const wrong: string[] = [];
      if (one?.end !== "taken") wrong.push(`${name} was recovered, and ended ${String(one?.end)}`);
      if (outcome === "failed" && attempt < most(jobId))
        wrong.push(`${name} was lost and not tried again, of ${String(most(jobId))} attempts`);
      return wrong;
    }),
    ...claims.flatMap(({ subject, attempt, token }) => {
      const one = all.get(String(token));
      if (one?.jobId === subject && one.number === attempt) return [];
      return [`the claim of ${attemptName(subject, attempt)} was lost`];
    }),
    ...reported.flatMap(({ call, subject, attempt, token, answer }) => {
      const { end } = all.get(String(token)) ?? {};
      const kind = String(answer["kind"]);
      const name = attemptName(subject, attempt);
      const wrong: string[] = [];
      if (end !== kind) wrong.push(`${name} was reported as ${kind}, and ended ${String(end)}`);
      const told = reports.get(String(token));
      if (call === "fail" && kind === "failed" && told?.counts === false)
        wrong.push(`${name} was given back, and its job has failed`);
      if (kind === "failed" && told?.retriable === true && Number(attempt) < most(subject))
        wrong.push(`${name} failed and was not tried again, of ${String(most(subject))} attempts`);
      return wrong;
    }),
  ];
}

/** Of everything that was answered to have ended a job, one did for each time that it was queued, and it is as that said. */
function ends({ answers, jobs }: Evidence): readonly string[] {
  const seen = new Map<string, Set<string>>();
  const add = (jobId: string, by: string, state: string): void => {
    seen.set(jobId, (seen.get(jobId) ?? new Set()).add(`${by} -> ${state}`));
  };
  for (const { call, subject, token, answer } of answers) {
    const kind = String(answer["kind"]);
    if (call === "complete" && kind === "completed") add(subject, String(token), "succeeded");
    if (call === "fail" && kind === "failed") add(subject, String(token), "failed");
    if (call === "cancel" && kind === "cancelled") add(subject, "cancel", String(answer["state"]));
    if (call === "reject" && kind === "rejected") add(subject, "reject", "rejected");
  }
  for (const { jobId, attempt, outcome } of recovered(answers)) {
    if (outcome === "failed") add(jobId, `recovery of ${String(attempt)}`, "failed");
  }
  for (const { jobId, state } of overdue(answers)) add(jobId, "deadline", state);
  return [...seen].flatMap(([jobId, by]) => {
    const all = [...by];
    const { state, retries = 0 } = jobs.get(jobId) ?? {};
    if (all.length > retries + 1) return [`job ${jobId} ended more than once: ${all.join(", ")}`];
    const is = (one: string): boolean => one.endsWith(` -> ${String(state)}`);
    // What failed may have been retried since, and then have ended in any way.
    const last = all.filter((one) => retries === 0 || !one.endsWith(" -> failed"));
    return last.every(is) ? [] : [`job ${jobId} ended ${all.join()}, and is ${String(state)}`];
  });
}

/** The result that stands is the one of the attempt that counted. */
function results({ jobs, entries, rows }: Evidence): readonly string[] {
  // As it was before it was pruned.
  const pruned = rows.jobMoves.filter(({ before, after }) => after?.pruned === true && !before.pruned);
  const before = new Map(pruned.map((move) => [move.before.jobId, move.before]));
  return [...jobs.values()].flatMap((job) => {
    const { jobId, state, result, tokens, ends: made } = job.pruned ? (before.get(job.jobId) ?? job) : job;
    if (state !== "succeeded") return result === null ? [] : [`job ${jobId} is ${state}, with a result`];
    const token = tokens[made.indexOf("completed")];
    const told = entries.find(
      (entry) => entry.did === "report" && entry.token === token && entry.result !== null,
    );
    if (told?.did !== "report") return [`job ${jobId} succeeded, and nobody completed it`];
    return JSON.stringify(told.result) === result ? [] : [`job ${jobId} has the result of another attempt`];
  });
}
