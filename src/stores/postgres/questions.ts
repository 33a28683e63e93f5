import { pinOf } from "../../budget/caps.ts";
import { unknownJob } from "../../dispatch/rules.ts";
import type { JobAttempt, JobCount } from "../../dispatch/questions.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import { listedHold, shownAttempt, statusOf } from "../engine/questions.ts";
import type { QuestionOperations } from "../operations.ts";
import { type HoldAnswer, holdOf } from "./answers.ts";
import type { Calls } from "./calls.ts";

interface ScopeAnswer {
  readonly scope: string;
  readonly reserved: string;
  readonly spent: string;
  readonly pinned: string | null;
  readonly raisedTo: string | null;
  readonly raisedUntil: EpochSeconds | null;
  readonly openHolds: number;
  readonly clock: EpochSeconds;
}

interface ListedAnswer extends HoldAnswer {
  readonly heldAt: EpochSeconds;
  readonly resolvedAt: EpochSeconds | null;
}

interface AttemptAnswer extends Pick<JobAttempt, "by" | "claimedAt" | "end" | "endedAt"> {
  readonly hold: HoldAnswer | null;
}

/** What is asked about scopes, holds and jobs. */
export function questionOperations(
  calls: Calls,
): Pick<QuestionOperations, "attempts" | "counts" | "holds" | "placeAt" | "scopes"> {
  return {
    async placeAt(at) {
      const [place] = await calls.call<readonly [number]>("place_at", [at, "float8"]);
      return place;
    },

    async scopes(prefix, after, limit) {
      const answers = await calls.call<readonly ScopeAnswer[]>(
        "scopes",
        [prefix, "text"],
        [after, "text"],
        [limit, "bigint"],
        calls.time(),
      );
      return outcomes(
        answers.map(({ scope, reserved, spent, pinned, raisedTo, raisedUntil, openHolds, clock }) => {
          const pin = pinOf(pinned, raisedTo, raisedUntil);
          const record = { reserved: BigInt(reserved), spent: BigInt(spent), pin };
          return statusOf(scope, record, openHolds, clock);
        }),
      );
    },

    async holds({ scope, state, limit, after }) {
      const answers = await calls.call<readonly ListedAnswer[]>(
        "holds",
        [scope, "text"],
        [state, "text"],
        [limit, "bigint"],
        [after, "text"],
      );
      return outcomes(answers.map((hold) => listedHold(holdOf(hold), hold)));
    },

    async attempts(jobId) {
      const answers = await calls.call<readonly (AttemptAnswer | null)[]>("attempts", [jobId, "text"]);
      return outcomes(
        answers.map((answer, index): JobAttempt => {
          if (answer === null) throw unknownJob(jobId);
          return shownAttempt(index + 1, answer, answer.hold && holdOf(answer.hold));
        }),
      );
    },

    async counts() {
      const counts = await calls.call<readonly JobCount[]>("counts");
      return Object.freeze(counts.map((count) => outcome(count)));
    },
  };
}
