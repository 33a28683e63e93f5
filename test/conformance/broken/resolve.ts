import { epochSeconds, type HoldOutcome, HoldState, monthScope } from "dispatch-kit";
import { micro } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, operations, reserve, spend, tables } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

export const brokenResolve: readonly Broken[] = [
  [
    "settle: replaces the hold by the actual cost in every scope, also by 0",
    "treats an actual cost of 0 as unknown, and charges in full",
    methods((store) => ({
      async settle(holdId, actual) {
        const hold = await store.getHold(holdId);
        return store.settle(holdId, actual === 0n && hold ? hold.amount : actual);
      },
    })),
  ],
  [
    "settle: replaces the hold by the actual cost in every scope, also by 0",
    "books the actual cost and keeps the reservation",
    operations((engine, base) => ({
      async settle(holdId, actual) {
        const hold = base.hold(holdId);
        const answer = await engine.settle(holdId, actual);
        if (hold) reserve(base, hold.scopes, hold.asked);
        return answer;
      },
    })),
  ],
  [
    "settle: a repeat with the same amount gets the same answer, and books nothing more",
    "books the cost again",
    operations((engine, base) => ({
      settle(holdId, actual) {
        const hold = base.hold(holdId);
        if (hold?.state === HoldState.SETTLED) spend(base, hold.scopes, actual);
        return engine.settle(holdId, actual);
      },
    })),
  ],
  [
    "settle: another amount is a conflict, and changes nothing",
    "answers settled to any amount",
    methods((store) => ({
      async settle(holdId, actual) {
        const answer = await store.settle(holdId, actual);
        if (answer.kind === "settled") return answer;
        return { kind: "settled", booked: actual, overrun: micro(0), corrected: true };
      },
    })),
  ],
  [
    "settle: after a release the actual cost is booked, and all of it is an overrun",
    "refuses a settlement after a release",
    methods((store) => ({
      async settle(holdId, actual) {
        const isReleased = (await store.getHold(holdId))?.state === HoldState.RELEASED;
        return isReleased ? { kind: "conflict", booked: micro(0) } : store.settle(holdId, actual);
      },
    })),
  ],
  [
    "settle: corrects a charge once, down or up, and then another amount is a conflict",
    "refuses a settlement after a charge",
    methods((store) => ({
      async settle(holdId, actual) {
        const hold = await store.getHold(holdId);
        if (hold?.state !== HoldState.CHARGED) return store.settle(holdId, actual);
        return { kind: "conflict", booked: hold.booked };
      },
    })),
  ],
  [
    "settle: an overrun is booked in full, reported, and counted by the next admission",
    "books no more than was set aside",
    methods((store) => ({
      async settle(holdId, actual) {
        const amount = (await store.getHold(holdId))?.amount ?? actual;
        return store.settle(holdId, actual < amount ? actual : amount);
      },
    })),
  ],
  [
    "settle: a late settlement counts in the month of its admission, and not in the new month",
    "books in the current month",
    operations((engine, base) => ({
      async settle(holdId, actual) {
        const scopes = base.hold(holdId)?.scopes ?? [];
        const answer = await engine.settle(holdId, actual);
        spend(base, scopes, 0n - actual);
        spend(base, [monthScope(base.now(), "UTC")], actual);
        return answer;
      },
    })),
  ],
  [
    "release: gives the money back once, however often it is repeated",
    "gives the money back each time, and so frees the money of another hold",
    operations((engine, base) => ({
      release(holdId) {
        const hold = base.hold(holdId);
        if (hold?.state === HoldState.RELEASED) reserve(base, hold.scopes, 0n - hold.asked);
        return engine.release(holdId);
      },
    })),
  ],
  [
    "release: does nothing to a settled or charged hold, and says so",
    "answers released, whatever the state",
    methods((store) => ({
      async release(holdId) {
        await store.release(holdId);
        return { kind: "released" };
      },
    })),
  ],
  [
    "expire: charges in full, once, exactly when the ttl is over, and not before",
    "compares with < instead of <=",
    tables((base) => ({ expired: (now, limit) => base.expired(epochSeconds(now - 0.001), limit) })),
  ],
  [
    "expire: charges in full, once, exactly when the ttl is over, and not before",
    "releases due holds",
    operations((engine, base) => ({
      async expire(limit) {
        const answer = await engine.expire(limit);
        for (const { holdId, amount } of answer.charged)
          spend(base, base.hold(holdId)?.scopes ?? [], 0n - amount);
        return answer;
      },
    })),
  ],
  [
    "expire: charges at most its limit, and says whether there was more",
    "charges all due holds",
    methods((store) => ({ expire: () => store.expire() })),
  ],
  [
    "ledger: an id that was never held, or only refused, is hold_unknown",
    "answers released for an unknown id",
    methods((store) => ({ release: (holdId) => orElse(store.release(holdId), { kind: "released" }) })),
  ],
  [
    "extend: sets more aside under the same id, each step once, and all of it is charged or settled",
    "counts a repeated step as the next step",
    methods((store) => {
      const steps = new Map<string, number>();
      return {
        extend(holdId, by) {
          const step = (steps.get(holdId) ?? 0) + 1;
          steps.set(holdId, step);
          return store.extend(holdId, by, step);
        },
      };
    }),
  ],
  [
    "extend: without room, with another amount, or after a skipped step, nothing is set aside",
    "answers held although there is no room",
    methods((store) => ({
      async extend(holdId, by, step) {
        const answer = await store.extend(holdId, by, step);
        return answer.kind === "refused" ? HELD : answer;
      },
    })),
  ],
];
