import { doubled, type Evidence, holdOf, recovered } from "./evidence.ts";

const ENDED: readonly string[] = ["succeeded", "failed", "rejected"];
const REPORTED: readonly string[] = ["completed", "failed", "requeued", "waiting"];

/** The jobs: none lost, none made up, each attempt one claim and one end, each job ended once. */
export function jobViolations(found: Evidence): readonly string[] {
  return [...known(found), ...attempts(found), ...ends(found), ...results(found)];
}

function known({ plan, rows, jobs, answers, holds }: Evidence): readonly string[] {
  const accepted = answers.filter(({ call, answer }) => call === "submit" && answer["kind"] !== "refused");
  return [
    ...accepted.flatMap(({ subject }) => (jobs.has(subject) ? [] : [`job ${subject} was lost`])),
    ...rows.jobs.flatMap(({ jobId, state, tokens, ends: made }) => {
      const planned = plan.jobs.find((job) => job.jobId === jobId);
      if (!planned) return [`job ${jobId} was never submitted`];
      const wrong: string[] = [];
      if (!ENDED.includes(state)) wrong.push(`job ${jobId} is ${state} after the end`);
      if (tokens.length > planned.maxAttempts)
        wrong.push(`job ${jobId} had ${String(tokens.length)} attempts`);
      if (made.includes(null)) wrong.push(`job ${jobId} has an attempt without an end`);
      tokens.forEach((_, index) => {
        const hold = holdOf(jobId, index + 1);
        if (!holds.has(hold)) wrong.push(`job ${jobId} ran without its hold ${hold}`);
        if (holds.get(hold)?.state === "released") wrong.push(`hold ${hold} was claimed, and is released`);
      });
      return wrong;
    }),
  ];
}

/** One claim an attempt, one end an attempt. */
function attempts({ answers, jobs }: Evidence): readonly string[] {
  const claims = answers.filter(({ call }) => call === "claim");
  const reported = answers.filter(
    ({ call, answer }) =>
      (call === "complete" || call === "fail") && REPORTED.includes(String(answer["kind"])),
  );
  const taken = recovered(answers).map(({ jobId, attempt }) => holdOf(jobId, attempt));
  const accepted = new Map(
    reported.map(({ subject, attempt, answer }) => [holdOf(subject, attempt), String(answer["kind"])]),
  );
  return [
    ...doubled(claims.map(({ subject, attempt }) => holdOf(subject, attempt))).map(
      (one) => `${one} was claimed twice`,
    ),
    ...doubled(taken).map((one) => `${one} was recovered twice`),
    ...taken.filter((one) => accepted.has(one)).map((one) => `${one} was recovered and reported`),
    ...claims.flatMap(({ subject, attempt, token }) => {
      if (jobs.get(subject)?.tokens[Number(attempt) - 1] === token) return [];
      return [`the claim of ${holdOf(subject, attempt)} was lost`];
    }),
    ...reported.flatMap(({ subject, attempt, token, answer }) => {
      const job = jobs.get(subject);
      const end = job?.ends[job.tokens.indexOf(String(token))];
      if (end === answer["kind"]) return [];
      return [
        `${holdOf(subject, attempt)} was reported as ${String(answer["kind"])}, and ended ${String(end)}`,
      ];
    }),
  ];
}

/** Of everything that was answered to have ended a job, one did, and the job is as it said. */
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
  return [...seen].flatMap(([jobId, by]) => {
    const all = [...by];
    if (all.length > 1) return [`job ${jobId} ended more than once: ${all.join(", ")}`];
    const state = jobs.get(jobId)?.state;
    return all[0]?.endsWith(` -> ${String(state)}`)
      ? []
      : [`job ${jobId} ended ${all.join()}, and is ${String(state)}`];
  });
}

/** The result that stands is the one of the attempt that counted. */
function results({ rows, entries }: Evidence): readonly string[] {
  return rows.jobs.flatMap(({ jobId, state, result, tokens, ends: made }) => {
    if (state !== "succeeded") return result === null ? [] : [`job ${jobId} is ${state}, with a result`];
    const token = tokens[made.indexOf("completed")];
    const told = entries.find(
      (entry) => entry.did === "report" && entry.token === token && entry.result !== null,
    );
    if (told?.did !== "report") return [`job ${jobId} succeeded, and nobody completed it`];
    return JSON.stringify(told.result) === result ? [] : [`job ${jobId} has the result of another attempt`];
  });
}
