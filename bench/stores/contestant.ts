/** How a load is made: so many callers in a process, each with calls of so many jobs. */
export interface Load {
  readonly callers: number;
  /** Jobs a call; 1 is the system's default, a call a job. */
  readonly batch: number;
}

/** A system on a database, in one process. */
export interface Session {
  /** Makes jobs, from one number up to and without another. */
  enqueue(from: number, to: number): Promise<void>;
  /** Runs jobs that do nothing until there is none left; how many they were. */
  work(): Promise<number>;
  close(): Promise<void>;
}

/** One of those that are measured beside each other. */
export interface Contestant {
  readonly name: string;
  /** Makes its tables in an empty database. */
  install(url: string): Promise<void>;
  open(url: string, load: Load): Promise<Session>;
}

/** Calls from several callers at once, each of which takes the next piece of the work when it is free. */
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

/** Callers that each go on until they are told that nothing was done; the sum of what was done. */
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
