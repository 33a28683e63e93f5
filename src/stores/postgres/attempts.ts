import { Lease } from "../../dispatch/lease.ts";
import { noActualCost } from "../../dispatch/rules.ts";
import { overrunOf } from "../../budget/holds.ts";
import type { CompleteOutcome, FailOutcome, RecoverOutcome } from "../../dispatch/contract.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { AttemptOperations, Completion } from "../operations.ts";
import { allOrNothing, answerAt, type Calls, type Item, jsonb } from "./calls.ts";
import { Undone } from "./client.ts";

type ReportAnswer<Kind> =
  | { readonly kind: "stale" }
  | { readonly kind: "free" }
  | { readonly kind: Kind; readonly held: string; readonly booked: string };
type CompleteAnswer = ReportAnswer<"completed">;
interface ClaimInput {
  readonly lanes: readonly string[];
  readonly most: number;
}
type ClaimAnswer = readonly [
  jobId: string,
  leasedAt: EpochSeconds,
  attempts: number,
  token: string,
  payload: string,
  paid: boolean,
];

/** Claims and reports. */
export function attemptOperations(calls: Calls): AttemptOperations {
  return {
    async claimMany(lanes, limit) {
      const claimed = await calls.together<ClaimInput, readonly ClaimAnswer[]>(
        "claim",
        // A lane that is named twice counts once.
        { lanes: [...new Set(lanes)], most: limit },
        () => null,
        (inputs) => claim(inputs),
      );
      return claimed.map(([jobId, leasedAt, attempts, token, payload, paid]) => {
        return { lease: new Lease({ jobId, leasedAt, attempts, token }), payload, paid };
      });
    },

    async complete(completion) {
      const input = completionInput(completion);
      const answer = await calls.grouped<CompleteAnswer>("complete", input, false);
      return completed(answer, completion);
    },

    async completeMany(completions) {
      const answers = await allOrNothing(() =>
        calls.tried(() =>
          calls.call<readonly CompleteAnswer[]>(
            "complete",
            jsonb(completions.map(completionInput)),
            calls.time(),
            [true, "boolean"],
          ),
        ),
      );
      if (answers instanceof Undone) {
        const { jobId, actual } = answers.answer as { readonly jobId: string; readonly actual: string };
        throw noActualCost("complete", jobId, microCents(actual));
      }
      return Object.freeze(
        completions.map((completion, index) => completed(answerAt(answers, index), completion)),
      );
    },

    async fail(failure) {
      const { lease, error, actual, retriable, maxAttempts, retryAfterSeconds } = failure;
      const most = retriable ? maxAttempts : 0;
      const input = {
        jobId: lease.jobId,
        token: lease.token,
        error,
        actual: actual === null ? null : String(actual),
        most: most === Infinity ? null : most,
        delay: retryAfterSeconds,
      };
      type Kind = Exclude<FailOutcome["kind"], "stale">;
      const answer = await calls.grouped<ReportAnswer<Kind>>("fail", input);
      if (answer.kind === "free") throw noActualCost("fail", lease.jobId, actual);
      if (answer.kind === "stale") return outcome({ kind: "stale" });
      return outcome({ kind: answer.kind, booked: microCents(answer.booked) });
    },

    renew({ jobId, token }) {
      return calls.grouped<boolean>("renew", { jobId, token });
    },

    async recoverStale(options) {
      const { ttlSeconds, maxAttempts, limit } = options;
      type Recovered = RecoverOutcome["attempts"][number];
      // It may lose a deadlock: a late report has locked counters while it waits for a job that this has locked.
      const [more, ...recovered] = await calls.tried(() =>
        calls.call<[boolean, ...(Omit<Recovered, "charged"> & { readonly charged: string })[]]>(
          "recover_stale",
          [ttlSeconds, "float8"],
          [maxAttempts === Infinity ? null : maxAttempts, "bigint"],
          [limit, "bigint"],
          calls.time(),
        ),
      );
      const attempts = recovered.map((attempt) => ({ ...attempt, charged: microCents(attempt.charged) }));
      return outcome({ attempts: outcomes(attempts), more });
    },
  };

  /** Calls for the same lanes are asked as one, and share the jobs in the order in which they came. */
  async function claim(inputs: readonly ClaimInput[]): Promise<readonly (readonly ClaimAnswer[])[]> {
    const byLanes = new Map<string, ClaimInput[]>();
    for (const input of inputs) {
      const lanes = JSON.stringify(input.lanes);
      const same = byLanes.get(lanes);
      if (same) same.push(input);
      else byLanes.set(lanes, [input]);
    }
    const list = [...byLanes.values()].map((same) => {
      const most = same.reduce((sum, input) => sum + input.most, 0);
      return { lanes: same[0]?.lanes, most: Math.min(most, Number.MAX_SAFE_INTEGER) };
    });
    const answered = await calls.call<readonly (readonly ClaimAnswer[])[]>(
      "claim",
      jsonb(list),
      calls.time(),
    );
    const answers = new Map<ClaimInput, readonly ClaimAnswer[]>();
    [...byLanes.values()].forEach((same, index) => {
      let taken = 0;
      for (const input of same)
        answers.set(input, answerAt(answered, index).slice(taken, (taken += input.most)));
    });
    return inputs.map((input) => answers.get(input) ?? []);
  }
}

function completionInput({ lease, result, actual }: Completion): Item {
  return { jobId: lease.jobId, token: lease.token, result, actual: actual === null ? null : String(actual) };
}

function completed(answer: CompleteAnswer, { lease, actual }: Completion): CompleteOutcome {
  if (answer.kind === "free") throw noActualCost("complete", lease.jobId, actual);
  if (answer.kind === "stale") return outcome({ kind: "stale" });
  const [booked, held] = [microCents(answer.booked), microCents(answer.held)];
  return outcome({ kind: "completed", booked, overrun: overrunOf(booked, held) });
}
