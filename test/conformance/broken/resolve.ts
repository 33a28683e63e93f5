import { epochSeconds, type HoldOutcome, HoldState, monthScope } from "dispatch-kit";
import { micro } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, operations, spend, tables } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

export const brokenResolve: readonly Broken[] = [
  [
    "settle: replaces the hold by the truth in every scope, also by nothing",
    "takes an actual of 0 for none, and charges in full",
    methods((store) => ({
      async settle(holdId, actual) {
        const hold = await store.getHold(holdId);
        return store.settle(holdId, actual === 0n && hold ? hold.amount : actual);
      },
    })),
  ],
  [
    "settle: replaces the hold by the truth in every scope, also by nothing",
    "books the truth and keeps the reservation",
    operations((engine, base) => ({
      async settle(holdId, actual) {
        const hold = base.hold(holdId);
        const answer = await engine.settle(holdId, actual);
        for (const { scope } of hold?.scopes ?? []) {
          const { reserved, spent } = base.counter(scope);
          base.putCounter(scope, { reserved: reserved + (hold?.asked ?? 0n), spent });
        }
        return answer;
      },
    })),
  ],
  [
    "settle: twice at the same amount gives the same answer, and books once",
    "books each time",
    operations((engine, base) => ({
      settle(holdId, actual) {
        const hold = base.hold(holdId);
        if (hold?.state === HoldState.SETTLED) spend(base, hold.scopes, actual);
        return engine.settle(holdId, actual);
      },
    })),
  ],
  [
    "settle: another amount is a conflict, and moves nothing",
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
    "settle: after a release the truth is booked, and reported as an overrun",
    "takes a release for the last word",
    methods((store) => ({
      async settle(holdId, actual) {
        const isReleased = (await store.getHold(holdId))?.state === HoldState.RELEASED;
        return isReleased ? { kind: "conflict", booked: micro(0) } : store.settle(holdId, actual);
      },
    })),
  ],
  [
    "settle: corrects a charge once, down or up, and then another amount is a conflict",
    "takes a charge for the last word",
    methods((store) => ({
      async settle(holdId, actual) {
        const hold = await store.getHold(holdId);
        if (hold?.state !== HoldState.CHARGED) return store.settle(holdId, actual);
        return { kind: "conflict", booked: hold.booked };
      },
    })),
  ],
  [
    "settle: an overrun is booked in full, reported, and seen by the next admission",
    "books no more than was set aside",
    methods((store) => ({
      async settle(holdId, actual) {
        const amount = (await store.getHold(holdId))?.amount ?? actual;
        return store.settle(holdId, actual < amount ? actual : amount);
      },
    })),
  ],
  [
    "settle: late, it books in the month of admission, and the new month is untouched",
    "books in the month that it is now",
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
    "gives it back each time, out of another's hold",
    operations((engine, base) => ({
      release(holdId) {
        const hold = base.hold(holdId);
        for (const { scope } of hold?.state === HoldState.RELEASED ? hold.scopes : []) {
          const { reserved, spent } = base.counter(scope);
          base.putCounter(scope, { reserved: reserved - (hold?.asked ?? 0n), spent });
        }
        return engine.release(holdId);
      },
    })),
  ],
  [
    "release: of a settled or charged hold does nothing and says so",
    "answers released whatever became of it",
    methods((store) => ({
      async release(holdId) {
        await store.release(holdId);
        return { kind: "released" };
      },
    })),
  ],
  [
    "expire: charges in full at the very second of the ttl, not before, and once",
    "compares with < where it should with <=",
    tables((base) => ({ expired: (now, limit) => base.expired(epochSeconds(now - 0.001), limit) })),
  ],
  [
    "expire: charges in full at the very second of the ttl, not before, and once",
    "releases what nobody reported",
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
    "charges all that is over",
    methods((store) => ({ expire: () => store.expire() })),
  ],
  [
    "ledger: an id that was never held, or only refused, is hold_unknown",
    "answers released to an id that it does not know",
    methods((store) => ({ release: (holdId) => orElse(store.release(holdId), { kind: "released" }) })),
  ],
  [
    "extend: sets more aside under the same id, each step once, and all of it is charged or settled",
    "takes a repeated step for the next",
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
    "extend: without room, with another amount or a step left out, it sets nothing aside",
    "takes a hold that is there for room",
    methods((store) => ({
      async extend(holdId, by, step) {
        const answer = await store.extend(holdId, by, step);
        return answer.kind === "refused" ? HELD : answer;
      },
    })),
  ],
];
