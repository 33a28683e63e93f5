import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TokenRates } from "dispatch-kit";

/** The settings of a worker process. */
export interface WorkerOrders {
  readonly url: string;
  readonly schema: string;
  readonly lane: string;
  readonly concurrency: number;
  readonly leaseSeconds: number;
  readonly rates: TokenRates;
}

/** The simulated time; with `look` there are new jobs. */
export interface Tick {
  readonly step: number;
  readonly look: boolean;
}

/** A message of a worker: it is ready, or has recorded an answer. Money is decimal digits of micro-cents. */
export type Told =
  | { readonly kind: "ready" }
  | { readonly kind: "booked"; readonly jobId: string; readonly attempt: number; readonly booked: string };

/** Worker processes for the same lane; a dead one is replaced. */
export class Team {
  readonly #orders: WorkerOrders;
  readonly #told: (told: Told) => void;
  #workers: ChildProcess[] = [];
  #next = 0;
  #step = -1;
  #stopping = false;
  #failed: (error: Error) => void = () => undefined;
  /** Rejects if a worker process cannot start. */
  readonly failure: Promise<never>;
  /** How many have died while they ran. */
  deaths = 0;

  constructor(orders: WorkerOrders, told: (told: Told) => void) {
    this.#orders = orders;
    this.#told = told;
    this.failure = new Promise((_, reject) => {
      this.#failed = reject;
    });
    // Those who await `failure` get the error; it must not also count as unhandled.
    this.failure.catch(() => undefined);
  }

  async start(count: number): Promise<void> {
    await Promise.race([Promise.all(Array.from({ length: count }, () => this.#hire())), this.failure]);
  }

  /** Sends the time to all workers, and asks one of them, in turn, to look for jobs. */
  tick(step: number, look: boolean): void {
    this.#step = step;
    if (look) this.#next++;
    const chosen = this.#next % this.#workers.length;
    for (const [index, worker] of this.#workers.entries())
      tell(worker, { step, look: look && index === chosen });
  }

  /** Ends all workers: after they have recorded their jobs if `isGraceful`, else at once. */
  async stop(isGraceful: boolean): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#workers.map(async (worker) => {
        const exited = once(worker, "exit");
        if (isGraceful && worker.connected) worker.send("stop");
        else worker.kill("SIGKILL");
        await exited;
      }),
    );
  }

  async #hire(): Promise<void> {
    const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [JSON.stringify(this.#orders)]);
    let isReady = false;
    await new Promise<void>((resolve) => {
      worker.on("message", (told: Told) => {
        if (told.kind === "ready") {
          isReady = true;
          this.#workers.push(worker);
          // It may have missed the time and new jobs.
          tell(worker, { step: this.#step, look: true });
          resolve();
        } else this.#told(told);
      });
      worker.on("exit", () => {
        this.#workers = this.#workers.filter((each) => each !== worker);
        if (this.#stopping) return;
        if (!isReady) this.#failed(new Error("a worker process ended before it was ready"));
        else {
          this.deaths++;
          void this.#hire();
        }
      });
    });
  }
}

function tell(worker: ChildProcess, tick: Tick): void {
  // A worker that has just died sends `exit` soon; the failed message does not matter.
  if (worker.connected) worker.send(tick, () => undefined);
}
