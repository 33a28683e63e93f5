import type { SubmitOutcome } from "../../dispatch/outcomes.ts";
import type { Operations, Submission } from "../operations.ts";
import type { PostgresClient } from "./client.ts";
import { channelOf } from "./wake.ts";

/** Milliseconds in which a lane is announced at most once. */
const INTERVAL = 100;

/** Any lane: an approval or a report knows the job's id, and not its lane. */
const ANY_LANE = "";

/**
 * Announces the lanes in which this process has queued jobs, in a statement of its own: a NOTIFY inside the
 * transaction that moves money would make every commit wait for the one before.
 */
class Notifier {
  readonly #client: PostgresClient;
  readonly #channel: string;
  readonly #lanes = new Set<string>();
  #isWaiting = false;

  constructor(client: PostgresClient, schema: string) {
    this.#client = client;
    this.#channel = channelOf(schema);
  }

  announce(lane: string): void {
    this.#lanes.add(lane);
    if (!this.#isWaiting) void this.#send();
  }

  async #send(): Promise<void> {
    const lanes = JSON.stringify([...this.#lanes]);
    this.#lanes.clear();
    this.#isWaiting = true;
    const timer: unknown = setTimeout(() => {
      this.#isWaiting = false;
      if (this.#lanes.size > 0) void this.#send();
    }, INTERVAL);
    // A notification must not keep a process alive. Not every runtime's timers have the method.
    (timer as { unref?: () => unknown }).unref?.();
    const text =
      "SELECT pg_notify($1::text, lane) FROM jsonb_array_elements_text($2::text::jsonb) AS t (lane)";
    try {
      await this.#client.query(text, [this.#channel, lanes]);
    } catch {
      // The jobs are queued nevertheless, and found by polling.
    }
  }
}

/** The same operations, which announce each job that they have queued, after the commit. */
export function notifying(operations: Operations, client: PostgresClient, schema: string): Operations {
  const notifier = new Notifier(client, schema);
  const submitted = ({ body }: Submission, answer: SubmitOutcome | undefined): void => {
    if (answer?.kind === "queued") notifier.announce(body.lane);
  };
  return {
    ...operations,
    async submit(submission) {
      const answer = await operations.submit(submission);
      submitted(submission, answer);
      return answer;
    },
    async submitMany(submissions) {
      const answers = await operations.submitMany(submissions);
      submissions.forEach((submission, index) => {
        submitted(submission, answers[index]);
      });
      return answers;
    },
    async approve(jobId, scopes, decided) {
      const answer = await operations.approve(jobId, scopes, decided);
      if (answer.kind === "queued") notifier.announce(ANY_LANE);
      return answer;
    },
    async retry(jobId, after, scopes, decided) {
      const answer = await operations.retry(jobId, after, scopes, decided);
      if (answer.kind === "queued") notifier.announce(ANY_LANE);
      return answer;
    },
    async setLane(lane, paused, decided) {
      await operations.setLane(lane, paused, decided);
      if (!paused) notifier.announce(lane);
    },
    async fail(failure) {
      const answer = await operations.fail(failure);
      // A retry that waits is found by polling when it is due.
      if (answer.kind === "requeued" && failure.retryAfterSeconds === 0) notifier.announce(ANY_LANE);
      return answer;
    },
    async recoverStale(options) {
      const answer = await operations.recoverStale(options);
      if (answer.attempts.some(({ outcome }) => outcome === "requeued")) notifier.announce(ANY_LANE);
      return answer;
    },
  };
}
