// `npm run example:graphile-worker` starts a PostgreSQL server, or uses the one that DATABASE_URL names.
import { Logger, makeWorkerUtils, runOnce } from "graphile-worker";
import { BUDGET, onFreshDatabase, paidWork } from "../queue-budget/ground.ts";
import { addPaid, type PaidTask, paidTask } from "./paid-task.ts";

await onFreshDatabase("graphile_worker", async ({ pool, store, sendAll, show }) => {
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  await utils.release();
  const paid: PaidTask = { store, task: "mail", budget: BUDGET, schema: "graphile_worker" };
  const ids = Array.from({ length: 20 }, (_, index) => `mail-${String(index)}`);
  const send = (client: Parameters<typeof addPaid>[0], id: string): ReturnType<typeof addPaid> =>
    addPaid(client, paid, id, { isLost: id === ids[2] }, 1);
  const mail = paidTask(paid, (payload) =>
    paidWork(typeof payload === "object" && payload !== null && Reflect.get(payload, "isLost") === true),
  );

  const refused = await sendAll(ids, send);
  await show("before any job has run");
  await runOnce({ pgPool: pool, taskList: { mail }, logger });
  await show("nine jobs settled at $0.04, one dead job charged in full");

  await sendAll(refused, send);
  await runOnce({ pgPool: pool, taskList: { mail }, logger });
  await show("after five more jobs in the remaining room");
});
