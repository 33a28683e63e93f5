import { PgBoss } from "pg-boss";
import { type Contestant, range, share, untilNone } from "../contestant.ts";

const QUEUE = "work";

function boss(url: string, max: number): PgBoss {
  // Without its maintenance and its scheduler, which would only slow it down.
  const made = new PgBoss({ connectionString: url, max, supervise: false, schedule: false });
  made.on("error", (error) => {
    throw error;
  });
  return made;
}

export const pgBoss: Contestant = {
  name: "pg-boss",
  async install(url) {
    const installed = await boss(url, 2).start();
    await installed.createQueue(QUEUE);
    await installed.stop({ graceful: false });
  },
  async open(url, load) {
    const started = await boss(url, Math.max(load.callers, 2)).start();
    return {
      enqueue: (from, to) =>
        share(load, from, to, (start, end) =>
          load.batch === 1
            ? started.send(QUEUE, { number: start })
            : started.insert(
                QUEUE,
                range(start, end).map((number) => ({ data: { number } })),
              ),
        ),
      work: () =>
        untilNone(load, async () => {
          const jobs = await started.fetch(QUEUE, { batchSize: load.batch });
          if (jobs.length > 0) {
            await started.complete(
              QUEUE,
              jobs.map(({ id }) => id),
            );
          }
          return jobs.length;
        }),
      close: () => started.stop({ graceful: false }),
    };
  },
};
