import type { HoldRow, Rows } from "../rows.ts";

/** What the journal says of a hold. */
interface ToldHold {
  readonly held: bigint;
  readonly booked: bigint;
  readonly isOpen: boolean;
}

/** What the journal says of a job. */
interface ToldJob {
  readonly state: string;
  readonly attempt: number;
}

/**
 * At every instant: what the journal tells from the first entry on is what the tables hold. The entries are read as the
 * database has them, without the store's code.
 */
export function toldViolations({ journal, scopes, holds, jobs }: Rows): readonly string[] {
  const wrong: string[] = [];
  const committed = new Map<string, bigint>();
  const toldHolds = new Map<string, ToldHold>();
  const toldJobs = new Map<string, ToldJob>();
  for (const { place, before, entries } of journal) {
    for (const [scope, amount] of Object.entries(before)) {
      const known = committed.get(scope) ?? 0n;
      if (known !== BigInt(amount)) {
        wrong.push(`the journal at ${place}: ${scope} had committed ${known}, and it says ${amount}`);
      }
      committed.set(scope, BigInt(amount));
    }
    for (const { kind, job, attempt, state, closed, opened, scopes: moved, moved: by } of entries) {
      for (const [scope] of moved ?? []) {
        committed.set(scope, (committed.get(scope) ?? 0n) + BigInt(by ?? 0));
      }
      if (closed) {
        const [holdId, held, booked] = closed;
        if (kind === "forgotten") toldHolds.delete(holdId);
        else toldHolds.set(holdId, { held: BigInt(held), booked: BigInt(booked), isOpen: false });
      }
      if (opened) toldHolds.set(opened[0], { held: BigInt(opened[1]), booked: 0n, isOpen: true });
      if (kind === "forgotten" && job) toldJobs.delete(job);
      else if (job && state) toldJobs.set(job, { state, attempt: attempt ?? 0 });
    }
  }
  return [
    ...wrong,
    ...differing("scope", committed, new Map(scopes.map((one) => [one.scope, one.reserved + one.spent]))),
    ...differing("hold", toldHolds, new Map(holds.map((hold) => [hold.holdId, shownHold(hold)]))),
    ...differing(
      "job",
      toldJobs,
      new Map(jobs.map(({ jobId, state, tried }) => [jobId, { state, attempt: tried }])),
    ),
  ];
}

function shownHold({ held, booked, state }: HoldRow): ToldHold {
  return { held, booked, isOpen: state === "open" };
}

/** What the journal and the tables do not agree on. What neither knows is nothing committed. */
function differing<Value>(
  what: string,
  told: ReadonlyMap<string, Value>,
  kept: ReadonlyMap<string, Value>,
): readonly string[] {
  return [...new Set([...told.keys(), ...kept.keys()])].flatMap((name) => {
    const [one, other] = [text(told.get(name)), text(kept.get(name))];
    const isSame = one === other || (what === "scope" && (one ?? "0") === (other ?? "0"));
    return isSame ? [] : [`${what} ${name}: the journal says ${one ?? "none"}, the table ${other ?? "none"}`];
  });
}

function text(value: unknown): string | undefined {
  return value === undefined
    ? undefined
    : JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one)).replaceAll(
        '"',
        "",
      );
}
