import { formatUsd, type MicroCents } from "dispatch-kit";
import type { SpendRow } from "dispatch-kit/journal";
import { count, counted, dollars, timeOfDay } from "./format.ts";
import type { JournalFacts, Reached, Trial } from "./journal.ts";
import type { Result } from "./result.ts";

/** More hours than these are one sum: a trace may have many days. */
const MOST_ROWS = 4;

/** What the journal tells, in sentences, each with its name. */
export function journalLines(result: Result): readonly (readonly [string, string])[] {
  const { cap, journal } = result;
  return [
    ["spend", spendText(result)],
    ["alerts", journal.reached.map((each) => reachedText(each, cap.run)).join("; ")],
    ["replay", trialText(journal.trial)],
    ["seal", sealText(journal)],
  ];
}

function spendText({ journal: { spend }, place }: Result): string {
  const sumOf = (rows: readonly SpendRow[]): string => {
    const booked = rows.reduce((sum, row) => sum + row.booked, 0n);
    const calls = rows.reduce((sum, row) => sum + row.calls, 0);
    return `${dollars(booked)} for ${counted(calls, "call")}`;
  };
  if (spend.length === 0) return "nothing was booked";
  const isLong = spend.length > MOST_ROWS;
  const shown = isLong ? spend.slice(0, MOST_ROWS - 1) : spend;
  const rows = shown.map((row) => `${modelAndHour(row)}: ${sumOf([row])}`);
  const rest = spend.slice(shown.length);
  if (isLong) rows.push(`${counted(rest.length, "more hour")}: ${sumOf(rest)}`);
  // Only a server has a clock of its own.
  return `${rows.join("; ")}${place.store === "postgres" ? " (hours of the server's clock)" : ""}`;
}

function modelAndHour({ group }: SpendRow): string {
  return `${group["tag:model"] ?? "no model"}, ${group["hour"]?.replace("T", " ") ?? ""}:00`;
}

function reachedText({ threshold, times, first }: Reached, cap: MicroCents): string {
  const part = `${Number(threshold) * 100}% of the run's ${dollars(cap)}`;
  if (first === null) return `${part}: never reached`;
  // Settlements lower the sum, so later holds may cross the same threshold again.
  const again = times === 1 ? "" : `, the first of ${count(times)} crossings`;
  return `${part}: at ${timeOfDay(first.call.at)} by ${first.holdId}, with ${dollars(first.committed)} committed${again}`;
}

function trialText({ cap, refused, first, spent }: Trial): string {
  const under = `under a cap of ${dollars(cap)}`;
  if (first === null) return `${under}, no admitted call would have been refused`;
  return (
    `${under}, ${counted(refused, "admitted call")} would have been refused, the first at ` +
    `${timeOfDay(first.call.at)} (${first.holdId}, ${dollars(first.amount)}), and ${dollars(spent)} spent`
  );
}

function sealText({ seal, seconds }: JournalFacts): string {
  const size = `${count(seal.size)} ${seal.size === 1 ? "entry" : "entries"}`;
  return `${size} under the signed root ${seal.root}: read again and intact (these four answers took ${seconds.toFixed(1)} s)`;
}

/** The same for programs; amounts are exact decimal strings of dollars, times those of the trace. */
export function journalJson({ entries, spend, reached, trial, seal, seconds }: JournalFacts): object {
  return {
    entries,
    spend: spend.map(({ group, booked, overrun, calls }) => ({
      model: group["tag:model"],
      hour: group["hour"],
      booked: formatUsd(booked),
      overrun: formatUsd(overrun),
      calls,
    })),
    reached: reached.map(({ threshold, times, first }) => ({
      threshold,
      times,
      first: first && { ...causeJson(first), committed: formatUsd(first.committed) },
    })),
    replay: {
      cap: formatUsd(trial.cap),
      refused: trial.refused,
      first: trial.first && { ...causeJson(trial.first), amount: formatUsd(trial.first.amount) },
      spent: formatUsd(trial.spent),
    },
    // A journal that is not intact throws, so there is a result only if it is.
    checkpoint: { size: seal.size, root: seal.root, note: seal.note, verified: "intact" },
    seconds,
  };
}

function causeJson({ holdId, call }: NonNullable<Reached["first"] | Trial["first"]>): object {
  return { holdId, line: call.line, calledAt: new Date(call.at * 1000).toISOString() };
}
