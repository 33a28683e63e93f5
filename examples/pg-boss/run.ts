// `npm run example:pg-boss` starts a PostgreSQL server, or uses the one that DATABASE_URL names.
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { PgBoss } from "pg-boss";
import { BUDGET, onFreshDatabase, paidWork } from "../queue-budget/ground.ts";
import { type PaidQueue, sendPaid, workPaid } from "./paid-queue.ts";

await onFreshDatabase("pg_boss", async ({ url, store, sendAll, isAnyHeld, show }) => {
  const boss = new PgBoss({ connectionString: url, schedule: false });
  boss.on("error", console.error);
  await boss.start();
  try {
    const paid: PaidQueue = { boss, store, queue: "mail", deadLetter: "dead-mail", budget: BUDGET };
    await boss.createQueue("dead-mail");
    await boss.createQueue("mail", { retryLimit: 0 });
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const send = (client: Parameters<typeof sendPaid>[0], id: string): ReturnType<typeof sendPaid> =>
      sendPaid(client, paid, id, { isLost: id === ids[2] });

    const workOnAll = async (): Promise<void> => {
      await workPaid(paid, (data) => paidWork("isLost" in data && data.isLost === true));
      while (await isAnyHeld()) await setTimeout(100);
      for (const queue of ["mail", "dead-mail"]) await boss.offWork(queue);
    };

    const refused = await sendAll(ids, send);
    await show("before any job has run");
    await workOnAll();
    await show("nine jobs settled at $0.04, one dead job charged in full");

    await sendAll(refused, send);
    await workOnAll();
    await show("after five more jobs in the remaining room");
  } finally {
    await boss.stop({ graceful: false });
  }
});
