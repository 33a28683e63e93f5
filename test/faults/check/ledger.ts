import type { Answer } from "../journal.ts";
import { doubled, type Evidence, expired, holdOf, recovered } from "./evidence.ts";

/** What the store answered about money, against what it has written: nothing that it acknowledged may be lost. */
export function ledgerViolations({ answers, holds }: Evidence): readonly string[] {
  const of = (call: string, kind: string): readonly Answer[] =>
    answers.filter((one) => one.call === call && one.answer["kind"] === kind);
  const held = of("hold", "held");
  const extended = of("extend", "held");
  const settled = of("settle", "settled");
  const released = of("release", "released");
  const charged = [
    ...expired(answers).map(({ holdId, amount }) => ({ holdId, amount })),
    ...recovered(answers).map(({ jobId, attempt, charged: amount }) => ({
      holdId: holdOf(jobId, attempt),
      amount,
    })),
  ];
  const stateOf = (holdId: string): string => {
    const hold = holds.get(holdId);
    return hold ? `${hold.state} at ${String(hold.booked)}` : "lost";
  };
  return [
    ...doubled(held.map(({ subject }) => subject)).map((one) => `${one} was held twice`),
    ...doubled(extended.map(({ subject }) => subject)).map((one) => `${one} was extended twice`),
    ...doubled(charged.map(({ holdId }) => holdId)).map((one) => `${one} was charged twice`),
    ...held.filter(({ subject }) => !holds.has(subject)).map(({ subject }) => `hold ${subject} was lost`),
    ...settled
      .filter(({ subject, actual }) => stateOf(subject) !== `settled at ${String(actual)}`)
      .map(
        ({ subject, actual }) => `${subject} was settled at ${String(actual)}, and is ${stateOf(subject)}`,
      ),
    ...released
      .filter(({ subject }) => holds.get(subject)?.state !== "released")
      .map(({ subject }) => `${subject} was released, and is ${stateOf(subject)}`),
    ...charged
      .filter(({ holdId, amount }) => {
        // The truth may have corrected it since.
        const hold = holds.get(holdId);
        return hold?.state !== "settled" && stateOf(holdId) !== `charged at ${amount}`;
      })
      .map(({ holdId, amount }) => `${holdId} was charged ${amount}, and is ${stateOf(holdId)}`),
    ...of("settle", "conflict").map(
      ({ subject }) => `${subject} was settled twice at one amount, and conflicts`,
    ),
    ...answers.flatMap(reportViolation(stateOf)),
  ];
}

/** An accepted report books its actual, and a late one corrects its own attempt. */
function reportViolation(stateOf: (holdId: string) => string): (answer: Answer) => readonly string[] {
  return ({ call, subject, attempt, actual, answer }) => {
    if ((call !== "complete" && call !== "fail") || typeof actual !== "string") return [];
    const hold = holdOf(subject, attempt);
    if (stateOf(hold) === `settled at ${actual}`) return [];
    return [
      `${hold} was reported at ${actual} and answered ${String(answer["kind"])}; it is ${stateOf(hold)}`,
    ];
  };
}
