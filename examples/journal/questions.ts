/** An operator's questions to a store, each with its answer as lines of text. */
import { type DispatchStore, formatUsd, JobState, type MicroCents } from "dispatch-kit";
import { journalEntries, replay } from "dispatch-kit/journal";

/** How many jobs wait, in which lane, since when? */
export async function unfinished(store: DispatchStore): Promise<readonly string[]> {
  const counts = await store.counts();
  return counts
    .map(
      ({ lane, state, jobs, oldest }) =>
        `${lane}: ${String(jobs)} ${state}, the oldest since ${timeOf(oldest)}`,
    )
    .sort();
}

/** Which jobs wait for a person, and for how many hours? */
export async function waiting(store: DispatchStore, now: number): Promise<readonly string[]> {
  const jobs = await store.jobs({ state: JobState.AWAITING_APPROVAL });
  return jobs.map(({ jobId, waitingSince }) => {
    const hours = Math.floor((now - (waitingSince ?? now)) / 3600);
    return `${jobId}: ${String(hours)} h`;
  });
}

/** Who decided what, and why? */
export async function decisions(store: DispatchStore): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { at, kind, decision, jobId, lane, scopes } of journalEntries(store)) {
    if (decision === null) continue;
    const subject = jobId ?? lane ?? scopes.map(({ scope }) => scope).join(", ");
    lines.push(`${timeOf(at)} ${decision.author} ${kind} ${subject}: ${decision.reason}`);
  }
  return lines;
}

/** What did each user, tool and model spend? */
export async function spending(
  store: DispatchStore,
  from: Date,
  to: Date,
  tag: string,
): Promise<readonly string[]> {
  const rows = await store.spend({ from, to, by: [`tag:${tag}`] });
  return [...rows]
    .sort((a, b) => Number(b.booked - a.booked))
    .map(({ group, booked, calls }) => {
      return `${group[`tag:${tag}`] ?? `no ${tag}`}: $${formatUsd(booked)} in ${String(calls)} calls`;
    });
}

/** Which pinned caps have reached 80 %? */
export async function nearTheirCap(store: DispatchStore): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.scopes({ after });
    for (const { scope, committed, cap } of page) {
      if (cap === null || committed * 10n < cap * 8n) continue;
      lines.push(`${scope}: $${formatUsd(committed)} of $${formatUsd(cap)}`);
    }
    after = page.at(-1)?.scope;
    if (after === undefined) return lines;
  }
}

/** What would another cap have refused, when first, and what would have been spent? */
export async function underCap(store: DispatchStore, scope: string, cap: MicroCents): Promise<string> {
  const { refused, scopes } = await replay(journalEntries(store), { caps: { [scope]: cap } });
  const spent = formatUsd(scopes.find((replayed) => replayed.scope === scope)?.spent ?? 0n);
  const [first] = refused;
  return first === undefined
    ? `nothing refused, $${spent} spent`
    : `${String(refused.length)} refused, ${first.holdId} first at ${timeOf(first.at)}; $${spent} spent`;
}

/** What was charged in full because nobody has reported the cost: to be corrected from a bill. */
export async function inDoubt(store: DispatchStore): Promise<readonly string[]> {
  const holds = await store.inDoubt();
  return holds.map(
    ({ holdId, charged, chargedAt }) => `${holdId}: $${formatUsd(charged)} since ${timeOf(chargedAt)}`,
  );
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16);
}
