import type { Approval } from "../../approval.ts";
import type {
  ExpireOutcome,
  Hold,
  HoldOutcome,
  HoldRequest,
  ReleaseOutcome,
  SettleOutcome,
} from "../../budget/ledger.ts";
import {
  capOf,
  extendHold,
  heldAmount,
  releaseHold,
  repeatHold,
  settleHold,
  unknownHold,
} from "../../budget/rules.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import { BudgetState } from "../../budget/state.ts";
import { Lease } from "../../dispatch/lease.ts";
import {
  type CheckedApproval,
  ensureSameJob,
  isFree,
  noActualCost,
  type recoverOptions,
  unknownJob,
} from "../../dispatch/rules.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../../dispatch/store.ts";
import { DispatchError, isDispatchError } from "../../errors.ts";
import { outcome, outcomes } from "../../internal/outcome.ts";
import type { JobState } from "../../lifecycle.ts";
import { type MicroCents, microCents } from "../../money.ts";
import { type EpochSeconds, instant } from "../../time.ts";
import type { ClaimedText, Completion, Failure } from "../engine/attempts.ts";
import type { Submission } from "../engine/queue.ts";
import type { JobFilter, ShownJob } from "../engine/tables.ts";
import { Group } from "../group.ts";
import type { Operations, Pruned } from "../operations.ts";
import { ask, type PostgresClient, type PostgresValue, Undone } from "./client.ts";
import {
  bodyOf,
  type HoldAnswer,
  holdOf,
  type JobAnswer,
  type LackingAnswer,
  refusedOf,
  shownOf,
} from "./rows.ts";

interface Pinned {
  readonly kind: "pinned";
  readonly scope: string;
  readonly pinned: string;
}
interface Refusal {
  readonly kind: "refused";
  readonly lacking: readonly LackingAnswer[];
}
interface NotWaiting {
  readonly kind: "not_waiting";
  readonly state: JobState;
}
type HoldAnswered =
  Pinned | Refusal | { readonly kind: "held" } | { readonly kind: "known"; readonly hold: HoldAnswer };
type SubmitAnswered =
  | Pinned
  | Refusal
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "known"; readonly job: JobAnswer & { readonly pruned: boolean } };
type ReportAnswered<Kind> =
  | { readonly kind: "stale" }
  | { readonly kind: "free" }
  | { readonly kind: Kind; readonly held: string; readonly booked: string };
type CompleteAnswered = ReportAnswered<"completed">;

/** How often a statement is tried that met another one. */
const TRIES = 3;

/**
 * Each operation is one call of one function of the database; what it decided there is told here by the pure
 * rules. Calls in flight together travel as one, unless they are `alone`, inside a caller's transaction.
 */
export class PostgresOperations implements Operations {
  readonly #client: PostgresClient;
  readonly #schema: string;
  readonly #clock: (() => EpochSeconds) | null;
  readonly #alone: boolean;
  readonly #groups = new Map<string, unknown>();

  constructor(client: PostgresClient, schema: string, clock: (() => EpochSeconds) | null, alone: boolean) {
    this.#client = client;
    this.#schema = schema;
    this.#clock = clock;
    this.#alone = alone;
  }

  async hold(request: HoldRequest): Promise<HoldOutcome> {
    if (this.#clock) instant("hold: the end of its ttl", this.#clock() + request.ttlSeconds);
    const answer = await this.#together<HoldRequest, HoldAnswered>(
      "hold",
      request,
      ({ holdId }) => holdId,
      (requests) => {
        const places = new Places();
        const holds = requests.map(({ holdId, amount, scopes, ttlSeconds }) => {
          return { holdId, amount: String(amount), ttlSeconds, place: places.of(columns(scopes), amount) };
        });
        return this.#tried(() => this.#call("hold", items(holds), items(places.list), this.#at()));
      },
    );
    switch (answer.kind) {
      case "held":
        return outcome({ kind: "held" });
      case "refused":
        return refusedOf(answer.lacking);
      case "pinned":
        throw pinned(answer, request.scopes);
      case "known":
        return answer.hold.pruned
          ? outcome({ kind: "exists", state: answer.hold.state })
          : repeatHold(holdOf(answer.hold), request);
    }
  }

  async settle(holdId: string, actual: MicroCents): Promise<SettleOutcome> {
    const input = { holdId, actual: String(actual) };
    return settleHold(await this.#hold("settle", input), actual).outcome;
  }

  async release(holdId: string): Promise<ReleaseOutcome> {
    return releaseHold(await this.#hold("release", { holdId })).outcome;
  }

  async extend(holdId: string, by: MicroCents, step: number): Promise<HoldOutcome> {
    const answer = await this.#grouped<{
      readonly hold: HoldAnswer;
      readonly lacking: readonly LackingAnswer[];
    } | null>("extend", { holdId, amount: String(by), step });
    if (answer === null) throw unknownHold(holdId);
    // The row as it was before: a repeat, a conflict or a wrong step is answered by it.
    const next = extendHold(holdOf(answer.hold), by, step);
    // Own: a polluted prototype must not make an answer of a row.
    if (Object.hasOwn(next, "kind")) return next as HoldOutcome;
    return answer.lacking.length > 0 ? refusedOf(answer.lacking) : outcome({ kind: "held" });
  }

  async expire(limit: number): Promise<ExpireOutcome> {
    const [more, ...charged] = await this.#call<[boolean, ...{ holdId: string; amount: string }[]]>(
      "expire",
      [limit, "bigint"],
      this.#at(),
    );
    const holds = charged.map(({ holdId, amount }) => ({ holdId, amount: microCents(amount) }));
    return outcome({ charged: outcomes(holds), more });
  }

  async usage(scope: string): Promise<BudgetState> {
    const [counter] = await this.#call<[{ readonly reserved: string; readonly spent: string }]>(
      "usage",
      items([scope]),
    );
    return new BudgetState({ reserved: microCents(counter.reserved), spent: microCents(counter.spent) });
  }

  async getHold(holdId: string): Promise<Hold | null> {
    const [answer] = await this.#call<[HoldAnswer | null]>("get_hold", items([holdId]));
    if (answer === null) return null;
    const hold = holdOf(answer);
    const { scopes, state, booked, expiresAt } = hold;
    return outcome({ holdId, amount: heldAmount(hold), scopes: outcomes(scopes), state, booked, expiresAt });
  }

  async pinCap(scope: string, cap: MicroCents): Promise<void> {
    await this.#call("pin_cap", [scope, "text"], [String(cap), "bigint"]);
  }

  async submit(submission: Submission): Promise<SubmitOutcome> {
    const answer = await this.#together<Submission, SubmitAnswered>(
      "submit",
      submission,
      ({ body }) => body.jobId,
      (inputs) => this.#submit(inputs, false),
    );
    return submitted(answer, submission);
  }

  async submitMany(submissions: readonly Submission[]): Promise<readonly SubmitOutcome[]> {
    const answers = await allOrNothing(() => this.#submit(submissions, true));
    return Object.freeze(
      answers instanceof Undone
        ? submissions.map((submission) => undone(answers.answer as SubmitAnswered, submission))
        : submissions.map((submission, index) => submitted(at(answers, index), submission)),
    );
  }

  #submit(submissions: readonly Submission[], atomic: boolean): Promise<readonly SubmitAnswered[]> {
    const [jobs, approvals] = submissionInputs(submissions);
    return this.#tried(() =>
      this.#call("submit", items(jobs), items(approvals), this.#at(), [atomic, "boolean"]),
    );
  }

  async approve(jobId: string, approved: CheckedApproval): Promise<ApproveOutcome> {
    const input = { jobId, ...approvalColumns(approved) };
    const answer = await this.#grouped<Pinned | Refusal | NotWaiting | { readonly kind: "queued" } | null>(
      "approve",
      input,
    );
    if (answer === null) throw unknownJob(jobId);
    if (answer.kind === "pinned") throw pinned(answer, approved.scopes);
    return answer.kind === "refused" ? refusedOf(answer.lacking) : outcome(answer);
  }

  async reject(jobId: string, decision: Approval): Promise<RejectOutcome> {
    const error = JSON.stringify({ code: "rejected", message: decision.reason });
    const input = { jobId, decision: JSON.stringify(decision), error };
    const answer = await this.#grouped<NotWaiting | { readonly kind: "rejected" } | null>("reject", input);
    if (answer === null) throw unknownJob(jobId);
    return outcome(answer);
  }

  async cancel(jobId: string): Promise<CancelOutcome> {
    type Cancelled = Extract<CancelOutcome, { kind: "cancelled" }>;
    const answer = await this.#grouped<
      | (Omit<Cancelled, "booked"> & { readonly booked: string })
      | { readonly kind: "ended"; readonly state: JobState }
      | null
    >("cancel", { jobId });
    if (answer === null) throw unknownJob(jobId);
    return answer.kind === "ended"
      ? outcome(answer)
      : outcome({ ...answer, booked: microCents(answer.booked) });
  }

  async claimMany(lanes: readonly string[], limit: number): Promise<readonly ClaimedText[]> {
    const claimed = await this.#together<ClaimInput, readonly ClaimAnswered[]>(
      "claim",
      { lanes, most: limit },
      () => null,
      (inputs) => this.#claim(inputs),
    );
    return claimed.map(([jobId, leasedAt, attempts, token, payload, paid]) => {
      return { lease: new Lease({ jobId, leasedAt, attempts, token }), payload, paid };
    });
  }

  /** Those that ask for the same lanes take what there is in the order in which they came. */
  async #claim(inputs: readonly ClaimInput[]): Promise<readonly (readonly ClaimAnswered[])[]> {
    const asked = new Map<string, ClaimInput[]>();
    for (const input of inputs) {
      const lanes = JSON.stringify(input.lanes);
      const alike = asked.get(lanes);
      if (alike) alike.push(input);
      else asked.set(lanes, [input]);
    }
    const list = [...asked.values()].map((alike) => {
      const most = alike.reduce((sum, input) => sum + input.most, 0);
      return { lanes: alike[0]?.lanes, most: Math.min(most, Number.MAX_SAFE_INTEGER) };
    });
    const rows = await this.#call<readonly (readonly ClaimAnswered[])[]>("claim", items(list), this.#at());
    const answers = new Map<ClaimInput, readonly ClaimAnswered[]>();
    [...asked.values()].forEach((alike, index) => {
      let taken = 0;
      for (const input of alike) answers.set(input, at(rows, index).slice(taken, (taken += input.most)));
    });
    return inputs.map((input) => answers.get(input) ?? []);
  }

  async complete(completion: Completion): Promise<CompleteOutcome> {
    const input = completionInput(completion);
    const answer = await this.#grouped<CompleteAnswered>("complete", input, false);
    return completed(answer, completion);
  }

  async completeMany(completions: readonly Completion[]): Promise<readonly CompleteOutcome[]> {
    const answers = await allOrNothing(() =>
      this.#tried(() =>
        this.#call<readonly CompleteAnswered[]>(
          "complete",
          items(completions.map(completionInput)),
          this.#at(),
          [true, "boolean"],
        ),
      ),
    );
    if (answers instanceof Undone) {
      const { jobId, actual } = answers.answer as { readonly jobId: string; readonly actual: string };
      throw noActualCost("complete", jobId, microCents(actual));
    }
    return Object.freeze(completions.map((completion, index) => completed(at(answers, index), completion)));
  }

  async fail(failure: Failure): Promise<FailOutcome> {
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
    const answer = await this.#grouped<ReportAnswered<Kind>>("fail", input);
    if (answer.kind === "free") throw noActualCost("fail", lease.jobId, actual);
    if (answer.kind === "stale") return outcome({ kind: "stale" });
    return outcome({ kind: answer.kind, booked: microCents(answer.booked) });
  }

  renew({ jobId, token }: Lease): Promise<boolean> {
    return this.#grouped<boolean>("renew", { jobId, token });
  }

  async recoverStale(options: ReturnType<typeof recoverOptions>): Promise<RecoverOutcome> {
    const { ttlSeconds, maxAttempts, limit } = options;
    type Recovered = RecoverOutcome["attempts"][number];
    const [more, ...recovered] = await this.#call<
      [boolean, ...(Omit<Recovered, "charged"> & { readonly charged: string })[]]
    >(
      "recover_stale",
      [ttlSeconds, "float8"],
      [maxAttempts === Infinity ? null : maxAttempts, "bigint"],
      [limit, "bigint"],
      this.#at(),
    );
    const attempts = recovered.map((attempt) => ({ ...attempt, charged: microCents(attempt.charged) }));
    return outcome({ attempts: outcomes(attempts), more });
  }

  async job(jobId: string): Promise<ShownJob | null> {
    const [job] = await this.#call<[JobAnswer | null]>("job", items([jobId]));
    return job === null || job.pruned ? null : shownOf(job);
  }

  async jobs({ state, lane, limit, after }: JobFilter): Promise<readonly ShownJob[]> {
    const jobs = await this.#call<readonly (JobAnswer | null)[]>(
      "jobs",
      [state, "text"],
      [lane, "text"],
      [limit, "bigint"],
      [after, "text"],
    );
    return jobs.map((job) => {
      if (job === null) throw unknownJob(after ?? "");
      return shownOf(job);
    });
  }

  async prune(before: EpochSeconds): Promise<Pruned> {
    const [pruned] = await this.#call<[Pruned]>("prune", [before, "float8"]);
    return pruned;
  }

  /** The row of a hold as it was before an operation. */
  async #hold(name: string, input: { readonly holdId: string }): Promise<ReturnType<typeof holdOf>> {
    const hold = await this.#grouped<HoldAnswer | null>(name, input);
    if (hold === null) throw unknownHold(input.holdId);
    return holdOf(hold);
  }

  /** With the other calls of this operation that are in flight; those about one thing one after another. */
  async #grouped<Answer>(name: string, input: Item, atomic?: false): Promise<Answer> {
    const last = atomic === undefined ? [] : [[atomic, "boolean"] as const];
    const run = (inputs: readonly Item[]): Promise<readonly unknown[]> =>
      this.#tried(() => this.#call(name, items(inputs), this.#at(), ...last));
    // What a function answers is declared with each operation.
    const answer = await this.#together(
      name,
      input,
      ({ token, holdId, jobId }) => token ?? holdId ?? jobId ?? "",
      run,
    );
    return answer as Answer;
  }

  /** In one statement with the other calls of a name, unless inside a caller's transaction. */
  async #together<Input, Answer>(
    name: string,
    input: Input,
    key: (input: Input) => string | null,
    run: (inputs: readonly Input[]) => Promise<readonly Answer[]>,
  ): Promise<Answer> {
    if (this.#alone) return at(await run([input]), 0);
    // Under a name all calls are of one type.
    let group = this.#groups.get(name) as Group<Input, Answer> | undefined;
    if (group === undefined) {
      group = new Group(run, key);
      this.#groups.set(name, group);
    }
    return group.call(input);
  }

  /** Again, if it met another statement; inside a caller's transaction there is nothing left to try in. */
  async #tried<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await run();
      } catch (error) {
        if (this.#alone || tries >= TRIES || !metAnother(error)) throw error;
      }
    }
  }

  async #call<Answer>(
    name: string,
    ...parameters: readonly (readonly [PostgresValue, string])[]
  ): Promise<Answer> {
    const list = parameters.map(([, type], index) => `$${String(index + 1)}::text::${type}`).join(", ");
    const values = parameters.map(([value]) => (value === null ? null : String(value)));
    const text = `SELECT "${this.#schema}".${name}_v1(${list})::text AS answer`;
    return (await ask(this.#client, text, values)) as Answer;
  }

  #at(): readonly [PostgresValue, string] {
    return [this.#clock ? this.#clock() : null, "float8"];
  }
}

/** In one transaction; what undid it, if there was a conflict. */
async function allOrNothing<Answer>(
  run: () => Promise<readonly Answer[]>,
): Promise<readonly Answer[] | Undone> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Undone) return error;
    throw error;
  }
}

interface ClaimInput {
  readonly lanes: readonly string[];
  readonly most: number;
}
type ClaimAnswered = readonly [
  jobId: string,
  leasedAt: EpochSeconds,
  attempts: number,
  token: string,
  payload: string,
  paid: boolean,
];

/** What one call gives its function; two about one thing do not travel together. */
interface Item {
  readonly [column: string]: unknown;
  readonly holdId?: string;
  readonly jobId?: string;
  readonly token?: string;
}

function items(inputs: readonly unknown[]): readonly [PostgresValue, string] {
  return [JSON.stringify(inputs), "jsonb"];
}

function at<Answer>(answers: readonly Answer[], index: number): Answer {
  const answer = answers[index];
  if (answer === undefined)
    throw new DispatchError("store_failed", "PostgreSQL answered fewer calls than were made");
  return answer;
}

/** Deadlock, or two of one id at once: definite, and met once. */
function metAnother(error: unknown): boolean {
  if (!isDispatchError(error, "store_failed")) return false;
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  return code === "40P01" || code === "23505";
}

function columns(scopes: readonly ScopeCap[]): object {
  return {
    scopes: scopes.map(({ scope }) => scope),
    caps: scopes.map(({ cap }) => String(cap)),
    untils: scopes.map(({ until }) => until ?? null),
  };
}

function approvalColumns(approved: CheckedApproval | null): object {
  return {
    decision: approved ? JSON.stringify(approved.approval) : null,
    ...columns(approved?.scopes ?? []),
  };
}

/** What many have the same of, each once: where they hold, and how much they want there together. */
class Places {
  readonly #known = new Map<string, { readonly place: number; readonly columns: object; total: bigint }>();

  /** The place in the list, counted from 1. */
  of(columns: object, amount: bigint): number {
    const key = JSON.stringify(columns);
    const known = this.#known.get(key) ?? { place: this.#known.size + 1, columns, total: 0n };
    known.total += amount;
    this.#known.set(key, known);
    return known.place;
  }

  get list(): readonly object[] {
    return [...this.#known.values()].map(({ columns, total }) => ({ ...columns, total: String(total) }));
  }
}

/** Jobs, and the approvals that they name by their place: many jobs have the same one. */
function submissionInputs(submissions: readonly Submission[]): readonly [readonly Item[], readonly object[]] {
  const approvals = new Places();
  const jobs = submissions.map(({ body, approved }) => {
    const job = { ...body, maxCost: String(body.maxCost) };
    if (approved === null) return job;
    // Free work holds nothing, so it locks no scope.
    const held = isFree(body) ? { ...approved, scopes: [] } : approved;
    return { ...job, approval: approvals.of(approvalColumns(held), body.maxCost) };
  });
  return [jobs, approvals.list];
}

function submitted(answer: SubmitAnswered, { body, approved }: Submission): SubmitOutcome {
  switch (answer.kind) {
    case "pinned":
      throw pinned(answer, approved?.scopes ?? []);
    case "refused":
      return refusedOf(answer.lacking);
    case "known":
      if (!answer.job.pruned) ensureSameJob(bodyOf(answer.job), body);
      return outcome({ kind: "exists", state: answer.job.state });
    default:
      return outcome({ kind: answer.kind });
  }
}

/** Throws the conflict that undid a batch, where it belongs. */
function undone(answer: SubmitAnswered, submission: Submission): SubmitOutcome {
  if (answer.kind === "known" && answer.job.jobId !== submission.body.jobId)
    return outcome({ kind: "queued" });
  if (answer.kind === "pinned" && !submission.approved?.scopes.some(({ scope }) => scope === answer.scope)) {
    return outcome({ kind: "queued" });
  }
  return submitted(answer, submission);
}

function completionInput({ lease, result, actual }: Completion): Item {
  return { jobId: lease.jobId, token: lease.token, result, actual: actual === null ? null : String(actual) };
}

function completed(answer: CompleteAnswered, { lease, actual }: Completion): CompleteOutcome {
  if (answer.kind === "free") throw noActualCost("complete", lease.jobId, actual);
  if (answer.kind === "stale") return outcome({ kind: "stale" });
  const [booked, held] = [microCents(answer.booked), microCents(answer.held)];
  return outcome({ kind: "completed", booked, overrun: microCents(booked > held ? booked - held : 0n) });
}

/** The `cap_conflict` of a request against a pinned cap. */
function pinned(answer: Pinned, scopes: readonly ScopeCap[]): unknown {
  const asked = scopes.find(({ scope }) => scope === answer.scope);
  try {
    return asked && capOf(asked, microCents(answer.pinned));
  } catch (error) {
    return error;
  }
}
