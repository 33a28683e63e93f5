/** A load: the number of callers in a process, and of jobs per call. */
export interface Load {
  readonly callers: number;
  /** Jobs per call; with 1, the system's default, each job is one call. */
  readonly batch: number;
}

/** A contestant on a database, in one process. */
export interface Session {
  /** Makes jobs with the numbers from the first up to, but without, the second. */
  enqueue(from: number, to: number): Promise<void>;
  /** Runs jobs that do nothing until none is left; returns their number. */
  work(): Promise<number>;
  close(): Promise<void>;
}

/** One of the systems that are measured side by side. */
export interface Contestant {
  readonly name: string;
  /** Makes its tables in an empty database. */
  install(url: string): Promise<void>;
  open(url: string, load: Load): Promise<Session>;
}

/** Runs several callers; each takes the next piece of the work when it is free. */
export async function share(
  { callers, batch }: Load,
  from: number,
  to: number,
  call: (from: number, to: number) => Promise<unknown>,
): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < to) {
        const start = next;
        next = Math.min(to, start + batch);
        await call(start, next);
      }
    }),
  );
}

/** Runs callers that continue until a call has done nothing; returns the sum of their work. */
export async function untilNone({ callers }: Load, call: () => Promise<number>): Promise<number> {
  const done = await Promise.all(
    Array.from({ length: callers }, async () => {
      let sum = 0;
      for (;;) {
        const count = await call();
        if (count === 0) return sum;
        sum += count;
      }
    }),
  );
  return done.reduce((sum, count) => sum + count, 0);
}

/** The numbers of a piece of work. */
export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
