import { setTimeout as wait } from "node:timers/promises";
import type { Decision } from "../../src/approval/decision.ts";
import { microCents } from "../../src/money/micro-cents.ts";
import { epochSeconds } from "../../src/time.ts";
import { type Caller, orCode } from "./caller.ts";
import type { Change } from "./changes.ts";
import { PINNED } from "./terms.ts";

/** Milliseconds between a decision and the one that takes it back. */
const MOMENT = 60;

type Of<Call extends Change["call"]> = Extract<Change, { readonly call: Call }>;

const decision = (id: string): Decision => ({ id, approval: { author: "alice", reason: "faults" } });

/** What one process decides under an id: corrections, retries, pauses and caps. */
export class Deciding {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Carries a change out; false if there is nothing to decide about yet. */
  async change(id: string): Promise<boolean> {
    const change = this.#caller.plan.changes.find((one) => one.id === id);
    if (!change) throw new Error(`nobody planned ${id}`);
    switch (change.call) {
      case "correct":
        return this.#correct(change);
      case "retry":
        return this.#retry(change);
      case "pause":
        return this.#pause(change);
      case "unpinCap":
        return this.#unpin(change);
      case "pinCap":
        await this.#pin(change.id, change.amount);
        return true;
      case "raiseCap":
        return this.#raise(change);
    }
  }

  /** Lets nothing stay paused or without a cap, for the last process. */
  async reopen(lanes: readonly string[]): Promise<void> {
    for (const lane of lanes) await this.#resume(lane, `last-${lane}`);
  }

  async #correct({ id, holdId, amount }: Of<"correct">): Promise<boolean> {
    const { store } = this.#caller;
    // A person asks again and again while it is open; only what was decided is worth writing down.
    const hold = await this.#caller.repeated(() => store.getHold(holdId));
    if (hold?.state === "open" || (hold === null && !isOld(holdId))) return false;
    const cost = microCents(amount);
    await this.#caller.decided(
      "correct",
      holdId,
      id,
      () => orCode(["hold_unknown"], () => store.correct(holdId, cost, decision(id))),
      { actual: String(amount) },
    );
    return true;
  }

  async #retry({ id, jobId, after }: Of<"retry">): Promise<boolean> {
    const { store } = this.#caller;
    const job = await this.#caller.repeated(() => store.job(jobId));
    if (!job || job.retries < after || (job.retries === after && job.state !== "failed")) return false;
    await this.#caller.decided("retry", `${jobId}/${String(after)}`, id, () =>
      orCode(["job_pruned"], () => store.retry(jobId, { after }, decision(id))),
    );
    return true;
  }

  async #pause({ id, lane, milliseconds }: Of<"pause">): Promise<boolean> {
    const { store } = this.#caller;
    await this.#caller.decided("pauseLane", lane, id, async () => {
      await store.pauseLane(lane, decision(id));
      return { kind: "done" };
    });
    await wait(milliseconds);
    await this.#resume(lane, `${id}-over`);
    return true;
  }

  async #resume(lane: string, id: string): Promise<void> {
    await this.#caller.decided("resumeLane", lane, id, async () => {
      await this.#caller.store.resumeLane(lane, decision(id));
      return { kind: "done" };
    });
  }

  async #pin(id: string, amount: bigint): Promise<void> {
    const told = { actual: String(amount) };
    const pin = async (): Promise<object> => {
      await this.#caller.store.pinCap(PINNED, microCents(amount), decision(id));
      return { kind: "done" };
    };
    await this.#caller.decided("pinCap", PINNED, id, pin, told);
  }

  async #unpin({ id, amount }: Of<"unpinCap">): Promise<boolean> {
    await this.#caller.decided("unpinCap", PINNED, id, async () => {
      await this.#caller.store.unpinCap(PINNED, decision(id));
      return { kind: "done" };
    });
    await wait(MOMENT);
    await this.#pin(`${id}-over`, amount);
    return true;
  }

  async #raise({ id, amount, seconds }: Of<"raiseCap">): Promise<boolean> {
    // From the start of the seed, so that a repeat of it is the same decision.
    const raise = { to: microCents(amount), until: epochSeconds(this.#caller.start + seconds) };
    const give = async (): Promise<object> => {
      // Nothing is pinned just then, or something higher.
      return orCode(["cap_unknown", "cap_conflict"], async () => {
        await this.#caller.store.raiseCap(PINNED, raise, decision(id));
        return { kind: "done" };
      });
    };
    await this.#caller.decided("raiseCap", PINNED, id, give, { actual: String(amount) });
    return true;
  }
}

/** What has ended before the processes started, and may be forgotten. */
function isOld(holdId: string): boolean {
  return /^(?:was|job:old)/.test(holdId);
}
