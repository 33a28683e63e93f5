import type { AuditDifference } from "../../dispatch/questions.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import type { JournalBody } from "../journal-rows.ts";
import type { QuestionOperations } from "../operations.ts";
import { type Calls, jsonb } from "./calls.ts";

/** A number that was drawn last, the transaction id that was taken after that, and when. */
type Noted = readonly [number: number, id: string, at: EpochSeconds];

/** The most of them that are kept: beyond that the last one gives way. */
const MOST_NOTED = 100;

interface RowsAnswer {
  readonly rows: readonly (readonly [place: number, at: EpochSeconds, body: string])[];
  readonly more: boolean;
  readonly heldBackSince: EpochSeconds | null;
  readonly passed: number;
  readonly noted: readonly Noted[];
}

/**
 * Up to which number the journal can be read: nothing can come any more before it. A number that was noted is passed once all
 * transactions are over whose ids are smaller than the one that was taken then. On a busy server that is never so within one
 * call, so the handles of a store keep what they have noted.
 */
export class Barrier {
  passed = 0;
  noted: readonly Noted[] = [];

  /** Takes over what a call has found. Another call may have found more meanwhile. */
  update(before: { readonly passed: number; readonly noted: readonly Noted[] }, found: RowsAnswer): void {
    const isNew = found.passed < before.passed;
    const passed = isNew ? found.passed : Math.max(this.passed, found.passed);
    const noted = new Map<number, Noted>();
    // Of two ids for a number the one that was noted first is passed first.
    for (const each of [...found.noted, ...(isNew ? [] : this.noted)]) {
      if (each[0] > passed) noted.set(each[0], each);
    }
    const all = [...noted.values()].sort(([number], [other]) => number - other);
    this.passed = passed;
    this.noted = all.length > MOST_NOTED ? [...all.slice(0, MOST_NOTED - 1), ...all.slice(-1)] : all;
  }
}

/** Asks for every row that is committed. */
const EVERYTHING = { passed: -1, noted: [] } as const;

/** What is asked about the journal. */
export function journalOperations(
  calls: Calls,
  barrier: Barrier,
): Pick<QuestionOperations, "audit" | "journalRows"> {
  return {
    async journalRows(after, limit, isSum = false) {
      const before = isSum ? EVERYTHING : { passed: barrier.passed, noted: barrier.noted };
      const answer = await calls.call<RowsAnswer>(
        "journal",
        [after, "bigint"],
        [limit, "bigint"],
        [before.passed, "bigint"],
        jsonb(before.noted),
        calls.time(),
      );
      if (!isSum) barrier.update(before, answer);
      const { more, heldBackSince } = answer;
      // Only the store's functions write it.
      const rows = answer.rows.map(([place, at, body]) => ({
        place,
        at,
        body: JSON.parse(body) as JournalBody,
      }));
      return outcome({ rows, more, heldBackSince });
    },

    async audit() {
      interface Sums {
        readonly reserved: string;
        readonly spent: string;
      }
      const differing = await calls.call<
        readonly {
          readonly scope: string;
          readonly counter: Sums;
          readonly holds: Sums;
          readonly journal: string;
        }[]
      >("audit");
      const amounts = ({ reserved, spent }: Sums): AuditDifference["counter"] =>
        outcome({ reserved: microCents(reserved), spent: microCents(spent) });
      return outcomes(
        differing.map(({ scope, counter, holds, journal }) => ({
          scope,
          counter: amounts(counter),
          holds: amounts(holds),
          journal: microCents(journal),
        })),
      );
    },
  };
}
