import type { AnyObject } from "../own-fields.ts";
import type { StreamRules } from "../reports/account.ts";
import { whenGarbage } from "./abandoned.ts";
import type { EventReader, StreamEvent } from "./streams/event.ts";

/** How a streamed answer ended. */
export interface StreamEnd {
  /** What the events said, with the shape of a whole answer; `null` if there was none. */
  readonly report: AnyObject | null;
  /** Whether the provider has said that the answer is complete. */
  readonly isComplete: boolean;
}

/** What is done with a streamed answer. */
export interface StreamPlan {
  readonly rules: StreamRules;
  readonly reader: EventReader;
  /** Whether the client must not see an event, because the guard asked for it. `null`: all bytes pass as they come. */
  readonly isHidden: ((event: unknown) => boolean) | null;
  /** Called once: at the last event, or if the stream ends, fails or is cancelled before it. */
  readonly onEnd: (end: StreamEnd) => void;
}

/**
 * Passes a streamed answer on and reads it meanwhile. Nothing waits for the reading; the source is read only when the
 * client reads, and errors and cancellations pass in both directions.
 */
export function answerStream(
  source: ReadableStream<Uint8Array>,
  plan: StreamPlan,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const watch = new Watch(plan);
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        // Until there is something to pass on: a hidden event is nothing.
        for (;;) {
          let next: Awaited<ReturnType<typeof reader.read>>;
          try {
            next = await reader.read();
          } catch (error) {
            watch.end();
            throw error;
          }
          const passed = next.done ? watch.rest() : watch.take(next.value);
          for (const bytes of passed) controller.enqueue(bytes);
          if (next.done) {
            watch.end();
            controller.close();
            return;
          }
          if (passed.length > 0) return;
        }
      },
      cancel: async (reason) => {
        watch.end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  // Some clients leave a stream without a word: Google's, Ollama's.
  whenGarbage(stream, cancelling(reader));
  return stream;
}

function cancelling(reader: ReadableStreamDefaultReader): () => void {
  return () => {
    reader.cancel().catch(() => null);
  };
}

/** Follows the events of a stream until its end. */
class Watch {
  readonly #plan: StreamPlan;
  #report: AnyObject | null = null;
  #ended = false;
  #isUnreadable = false;

  constructor(plan: StreamPlan) {
    this.#plan = plan;
  }

  /** Reads bytes, and returns those that the client gets now. */
  take(bytes: Uint8Array): readonly Uint8Array[] {
    // After the last event nothing is read any more. A client may leave bytes behind it unread.
    const isReading = !this.#isUnreadable && (!this.#ended || this.#plan.isHidden !== null);
    if (!isReading) return [bytes];
    let events: readonly StreamEvent[];
    try {
      events = this.#plan.reader.push(bytes);
    } catch {
      // What cannot be read passes all the same. Its cost is unknown.
      this.#isUnreadable = true;
      this.end();
      return [...this.#kept(), bytes];
    }
    for (const { data } of events) this.#follow(data);
    const { isHidden } = this.#plan;
    if (isHidden === null) return [bytes];
    return joined(events.filter(({ data }) => !isHidden(data)));
  }

  /** What is left of an event without an end. */
  rest(): readonly Uint8Array[] {
    return this.#isUnreadable ? [] : this.#kept();
  }

  /** The bytes that were not passed on yet. */
  #kept(): readonly Uint8Array[] {
    if (this.#plan.isHidden === null) return [];
    const left = this.#plan.reader.rest();
    return left.length > 0 ? [left.slice()] : [];
  }

  #follow(event: unknown): void {
    if (this.#ended || event === undefined) return;
    const { fold, isLast } = this.#plan.rules;
    try {
      this.#report = fold(this.#report, event);
      if (isLast(event, this.#report)) this.#finish(true);
    } catch {
      // An event of a shape that the protocol does not have: the cost is unknown, and the stream goes on.
      this.#report = null;
      this.#finish(false);
    }
  }

  end(): void {
    this.#finish(false);
  }

  #finish(isComplete: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#plan.onEnd({ report: this.#report, isComplete });
  }
}

/** The bytes of events, not copied, and in as few pieces as possible: each piece costs the client a read. */
function joined(events: readonly StreamEvent[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start: number | null = null;
  for (const [at, { bytes }] of events.entries()) {
    start ??= bytes.byteOffset;
    const end = bytes.byteOffset + bytes.length;
    const next = events[at + 1]?.bytes;
    if (next?.buffer === bytes.buffer && next.byteOffset === end) continue;
    pieces.push(new Uint8Array(bytes.buffer, start, end - start));
    start = null;
  }
  return pieces;
}
