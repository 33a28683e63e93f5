// A worker process of the demo: `work` of dispatch-kit/worker on a store in PostgreSQL. It runs a simulated model, which
// answers in a given step of the simulated time.
import { type Lease, tokenCost, TokenRates } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { work, type WorkStore } from "dispatch-kit/worker";
import { Pool } from "pg";
import type { Answer } from "./guards.ts";
import type { Flight } from "./postgres.ts";
import type { Tick, Told, WorkerOrders } from "./team.ts";

// The parent process wrote it.
const orders = JSON.parse(process.argv[2] ?? "") as WorkerOrders;
const rates = TokenRates.fromJSON(orders.rates);
const pool = new Pool({ connectionString: orders.url, max: 4 });
// Without it, an idle connection that dies would end the process. Errors of a call are thrown by the call.
pool.on("error", () => undefined);
const store = postgresStore<Flight, Answer>(pool, { schema: orders.schema });

const stop = new AbortController();
const waiting = new Set<() => void>();
let now = -1;
let look: () => void = () => undefined;

process.on("message", (message: Tick | "stop") => {
  if (message === "stop") {
    stop.abort();
    return;
  }
  now = message.step;
  for (const wake of waiting) wake();
  if (message.look) look();
});
// Without the parent there is no time any more.
process.on("disconnect", () => process.exit(1));

function tell(told: Told): void {
  process.send?.(told);
}

/** Resolves in the step in which the answer is due. */
async function answered(step: number): Promise<void> {
  if (now >= step) return;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      if (now < step) return;
      waiting.delete(wake);
      resolve();
    };
    waiting.add(wake);
  });
}

/** The store, which also reports to the parent what it has booked. */
const reporting: WorkStore<Flight, Answer> = {
  claim: (lanes, options) => store.claim(lanes, options),
  claimMany: (lanes, limit, options) => store.claimMany(lanes, limit, options),
  fail: (lease, error, options) => store.fail(lease, error, options),
  renew: (lease) => store.renew(lease),
  // The parent recovers when no other call moves money, because its audit must see each move in order.
  recoverStale: () => ({ attempts: [], ended: [], more: false }),
  complete: async (lease: Lease, result, options) => {
    const outcome = await store.complete(lease, result, options);
    if (outcome.kind === "completed") {
      tell({ kind: "booked", jobId: lease.jobId, attempt: lease.attempts, booked: String(outcome.booked) });
    }
    return outcome;
  },
};

tell({ kind: "ready" });
await work(
  reporting,
  async ({ dueStep, generatedTokens }) => {
    await answered(dueStep);
    return { generatedTokens };
  },
  {
    lanes: [orders.lane],
    concurrency: orders.concurrency,
    leaseSeconds: orders.leaseSeconds,
    signal: stop.signal,
    wake: (_, listener) => {
      look = listener;
      return () => undefined;
    },
    actualCost: ({ generatedTokens }, { payload }) =>
      tokenCost(rates, { inputTokens: payload.contextTokens, outputTokens: generatedTokens }),
  },
);
await pool.end();
process.disconnect();
