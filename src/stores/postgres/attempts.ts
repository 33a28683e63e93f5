import { Lease } from "../../dispatch/lease.ts";
import { noActualCost } from "../../dispatch/rules.ts";
import { overrunOf } from "../../budget/holds.ts";
import type { CompleteOutcome, FailOutcome, RecoverOutcome } from "../../dispatch/outcomes.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { AttemptOperations, Claimant, Completion } from "../operations.ts";
import { allOrNothing, answerAt, type Calls, type Item, jsonb } from "./calls.ts";
import { Undone } from "./client.ts";

type ReportAnswer<Kind> =
  | { readonly kind: "stale"; readonly corrected: boolean }
  | { readonly kind: "free" }
  | { readonly kind: Kind; readonly held: string; readonly booked: string };
type CompleteAnswer = ReportAnswer<"completed">;
interface ClaimInput extends Claimant {
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
  maxRunSeconds: number | null,
];

/** Claims and reports. */
export function attemptOperations(calls: Calls): AttemptOperations {
  return {
    async claimMany(lanes, limit, claimant) {
      const claimed = await calls.together<ClaimInput, readonly ClaimAnswer[]>(
        "claim",
        // A lane that is named twice counts once.
        { lanes: [...new Set(lanes)], most: limit, ...claimant },
        () => null,
        (inputs) => claim(inputs),
      );
      return claimed.map(([jobId, leasedAt, attempts, token, payload, paid, maxRunSeconds]) => {
        const lease = new Lease({ jobId, leasedAt, attempts, token });
        return { lease, payload, paid, maxRunSeconds };
      });
    },

    async complete(completion) {
      const input = completionInput(completion);
      const answer = await calls.grouped<CompleteAnswer>("complete", input, calls.by(), [false, "boolean"]);
      return completed(answer, completion);
    },

    async completeMany(completions) {
      const answers = await allOrNothing(() =>
        calls.call<readonly CompleteAnswer[]>(
          "complete",
          jsonb(completions.map(completionInput)),
          calls.time(),
          calls.by(),
          [true, "boolean"],
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
      const { lease, error, actual, retriable, counts, maxAttempts, retryAfterSeconds, isRefusal } = failure;
      const most = retriable ? maxAttempts : 0;
      const input = {
        jobId: lease.jobId,
        token: lease.token,
        error,
        actual: actual === null ? null : String(actual),
        most: most === Infinity ? null : most,
        delay: retryAfterSeconds,
        how: isRefusal ? "refused" : counts ? "counted" : "given",
      };
      type Kind = Exclude<FailOutcome["kind"], "stale">;
      const answer = await calls.grouped<ReportAnswer<Kind>>("fail", input, calls.by());
      if (answer.kind === "free") throw noActualCost("fail", lease.jobId, actual);
      return answer.kind === "stale" ? outcome(answer) : ended(answer);
    },

    renew({ jobId, token }) {
      return calls.grouped<boolean>("renew", { jobId, token });
    },

    async recoverStale(options) {
      const { ttlSeconds, maxAttempts, limit } = options;
      type Recovered = RecoverOutcome["attempts"][number];
      type Ended = RecoverOutcome["ended"][number];
      const [more, attempts, jobs] = await calls.call<
        readonly [
          boolean,
          readonly (Omit<Recovered, "charged"> & { readonly charged: string })[],
          readonly (Omit<Ended, "released"> & { readonly released: string })[],
        ]
      >(
        "recover_stale",
        [ttlSeconds, "float8"],
        [maxAttempts === Infinity ? null : maxAttempts, "bigint"],
        [limit, "bigint"],
        calls.time(),
        calls.by(),
      );
      return outcome({
        attempts: outcomes(attempts.map((each) => ({ ...each, charged: microCents(each.charged) }))),
        ended: outcomes(jobs.map((each) => ({ ...each, released: microCents(each.released) }))),
        more,
      });
    },
  };

  /**
   * Calls of one claimant for the same lanes are asked as one, and share the jobs in the order in which they came. Where the
   * size of the payloads has ended the claim, those that got none ask again.
   */
  async function claim(inputs: readonly ClaimInput[]): Promise<readonly (readonly ClaimAnswer[])[]> {
    const alike = new Map<string, ClaimInput[]>();
    for (const input of inputs) {
      const key = JSON.stringify([input.lanes, input.leaseSeconds, input.by]);
      const same = alike.get(key);
      if (same) same.push(input);
      else alike.set(key, [input]);
    }
    const list = [...alike.values()].map((same) => {
      const most = same.reduce((sum, input) => sum + input.most, 0);
      return { ...same[0], most: Math.min(most, Number.MAX_SAFE_INTEGER) };
    });
    const [answered, isCut] = await calls.call<
      readonly [readonly (readonly ClaimAnswer[])[], isCut: boolean]
    >("claim", jsonb(list), calls.time(), calls.by());
    const answers = new Map<ClaimInput, readonly ClaimAnswer[]>();
    [...alike.values()].forEach((same, index) => {
      let taken = 0;
      for (const input of same)
        answers.set(input, answerAt(answered, index).slice(taken, (taken += input.most)));
    });
    const without = inputs.filter((input) => answers.get(input)?.length === 0);
    if (isCut && without.length > 0) {
      const more = await claim(without);
      without.forEach((input, index) => answers.set(input, answerAt(more, index)));
    }
    return inputs.map((input) => answers.get(input) ?? []);
  }
}

function completionInput({ lease, result, actual }: Completion): Item {
  return { jobId: lease.jobId, token: lease.token, result, actual: actual === null ? null : String(actual) };
}

function completed(answer: CompleteAnswer, { lease, actual }: Completion): CompleteOutcome {
  if (answer.kind === "free") throw noActualCost("complete", lease.jobId, actual);
  return answer.kind === "stale" ? outcome(answer) : ended(answer);
}

/** An end, with what was booked for its attempt. */
function ended<Kind extends string>(answer: {
  readonly kind: Kind;
  readonly held: string;
  readonly booked: string;
}): { readonly kind: Kind; readonly booked: MicroCents; readonly overrun: MicroCents } {
  const booked = microCents(answer.booked);
  return outcome({ kind: answer.kind, booked, overrun: overrunOf(booked, microCents(answer.held)) });
}
