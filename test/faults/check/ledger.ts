import type { Answer } from "../journal.ts";
import { attemptOf, doubled, type Evidence, expired, recovered } from "./evidence.ts";

/** What the store answered about money, against what it has written: nothing that it acknowledged may be lost. */
export function ledgerViolations(found: Evidence): readonly string[] {
  const { answers, holds, attempts } = found;
  const of = (call: string, kind: string): readonly Answer[] =>
    answers.filter((one) => one.call === call && one.answer["kind"] === kind);
  const held = of("hold", "held");
  const extended = of("extend", "held");
  const settled = of("settle", "settled");
  const released = of("release", "released");
  const charged = [
    ...expired(answers).map(({ holdId, amount }) => ({ holdId, amount })),
    ...recovered(answers).map(({ jobId, attempt, charged: amount }) => ({
      holdId: attemptOf(found, jobId, attempt)?.holdId ?? `that of attempt ${String(attempt)} of ${jobId}`,
      amount,
    })),
  ];
  const stateOf = (holdId: string): string => {
    const hold = holds.get(holdId);
    return hold ? `${hold.state} at ${String(hold.booked)}` : "lost";
  };
  // What a person has corrected since is checked with the corrections.
  const isCorrected = (holdId: string): boolean => holds.get(holdId)?.corrected === true;
  return [
    ...doubled(held.map(({ subject }) => subject)).map((one) => `${one} was held twice`),
    ...doubled(extended.map(({ subject }) => subject)).map((one) => `${one} was extended twice`),
    ...doubled(charged.map(({ holdId }) => holdId)).map((one) => `${one} was charged twice`),
    ...held.filter(({ subject }) => !holds.has(subject)).map(({ subject }) => `hold ${subject} was lost`),
    ...settled
      .filter(({ subject, actual }) => stateOf(subject) !== `settled at ${String(actual)}`)
      .filter(({ subject }) => !isCorrected(subject))
      .map(
        ({ subject, actual }) => `${subject} was settled at ${String(actual)}, and is ${stateOf(subject)}`,
      ),
    ...released
      .filter(({ subject }) => holds.get(subject)?.state !== "released" && !isCorrected(subject))
      .map(({ subject }) => `${subject} was released, and is ${stateOf(subject)}`),
    ...charged
      .filter(({ holdId, amount }) => {
        // The truth may have corrected it since.
        const hold = holds.get(holdId);
        return hold?.state !== "settled" && stateOf(holdId) !== `charged at ${amount}`;
      })
      .map(({ holdId, amount }) => `${holdId} was charged ${amount}, and is ${stateOf(holdId)}`),
    ...of("settle", "conflict")
      .filter(({ subject }) => !isCorrected(subject))
      .map(({ subject }) => `${subject} was settled twice at one amount, and conflicts`),
    ...answers.flatMap(({ call, token, actual, answer }) => {
      // An accepted report books its actual, and a late one corrects its own attempt.
      if ((call !== "complete" && call !== "fail") || typeof actual !== "string") return [];
      const holdId = String(attempts.get(String(token))?.holdId);
      if (stateOf(holdId) === `settled at ${actual}` || isCorrected(holdId)) return [];
      const was = `${holdId} was reported at ${actual} and answered ${String(answer["kind"])}`;
      return [`${was}; it is ${stateOf(holdId)}`];
    }),
  ];
}
