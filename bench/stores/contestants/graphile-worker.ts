import { Logger, makeWorkerUtils, runMigrations, runOnce } from "graphile-worker";
import { poolOf } from "../server.ts";
import { type Contestant, range, share } from "../contestant.ts";

const TASK = "work";
const logger = new Logger(() => () => undefined);

export const graphileWorker: Contestant = {
  name: "graphile-worker",
  install: (connectionString) => runMigrations({ connectionString, logger }),
  async open(url, load) {
    // The number of connections that it recommends.
    const pgPool = poolOf(url, Math.max(10, load.callers + 2));
    // It requires this listener; errors of a call are thrown by the call.
    pgPool.on("connect", (client) => client.on("error", () => undefined));
    const utils = await makeWorkerUtils({ pgPool, logger });
    // With these it takes and completes several jobs at a time; each worker still runs one job after another.
    const batching =
      load.batch === 1
        ? {}
        : { localQueue: { size: load.batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
    return {
      enqueue: (from, to) =>
        share(load, from, to, (start, end) =>
          load.batch === 1
            ? utils.addJob(TASK, { number: start })
            : utils.addJobs(range(start, end).map((number) => ({ identifier: TASK, payload: { number } }))),
        ),
      async work() {
        let done = 0;
        await runOnce({
          pgPool,
          logger,
          noHandleSignals: true,
          preset: { worker: { concurrentJobs: load.batch === 1 ? load.callers : load.batch, ...batching } },
          taskList: {
            [TASK]: () => {
              done++;
            },
          },
        });
        return done;
      },
      async close() {
        await utils.release();
        await pgPool.end();
      },
    };
  },
};
