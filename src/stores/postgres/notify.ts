import type { SubmitOutcome } from "../../dispatch/contract.ts";
import type { Submission } from "../engine/queue.ts";
import type { Operations } from "../operations.ts";
import type { PostgresClient } from "./client.ts";
import { channelOf } from "./wake.ts";

/** Milliseconds in which a lane's news is told once. */
const QUIET = 100;

/** Of any lane: who approves a job or gives one back knows its id alone. */
const ANY = "";

/**
 * Tells listeners of the lanes in which this process has queued jobs, in a statement of its own: a NOTIFY inside
 * the transaction that moves money makes every commit wait for the one before.
 */
class News {
  readonly #client: PostgresClient;
  readonly #channel: string;
  readonly #lanes = new Set<string>();
  #isQuiet = false;

  constructor(client: PostgresClient, schema: string) {
    this.#client = client;
    this.#channel = channelOf(schema);
  }

  tell(lane: string): void {
    this.#lanes.add(lane);
    if (!this.#isQuiet) void this.#send();
  }

  async #send(): Promise<void> {
    const lanes = JSON.stringify([...this.#lanes]);
    this.#lanes.clear();
    this.#isQuiet = true;
    const timer: unknown = setTimeout(() => {
      this.#isQuiet = false;
      if (this.#lanes.size > 0) void this.#send();
    }, QUIET);
    // News is not worth keeping a process for. Not every runtime's timers know it.
    (timer as { unref?: () => unknown }).unref?.();
    const text =
      "SELECT pg_notify($1::text, lane) FROM jsonb_array_elements_text($2::text::jsonb) AS t (lane)";
    try {
      await this.#client.query(text, [this.#channel, lanes]);
    } catch {
      // The jobs are queued all the same, and found by the next look.
    }
  }
}

/** The same operations, which tell of each job that they have queued once that is committed. */
export function notifying(operations: Operations, client: PostgresClient, schema: string): Operations {
  const news = new News(client, schema);
  const submitted = ({ body }: Submission, answer: SubmitOutcome | undefined): void => {
    if (answer?.kind === "queued") news.tell(body.lane);
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
    async approve(jobId, approved) {
      const answer = await operations.approve(jobId, approved);
      if (answer.kind === "queued") news.tell(ANY);
      return answer;
    },
    async fail(failure) {
      const answer = await operations.fail(failure);
      // What is to wait is found when it is due.
      if (answer.kind === "requeued" && failure.retryAfterSeconds === 0) news.tell(ANY);
      return answer;
    },
    async recoverStale(options) {
      const answer = await operations.recoverStale(options);
      if (answer.attempts.some(({ outcome }) => outcome === "requeued")) news.tell(ANY);
      return answer;
    },
  };
}
