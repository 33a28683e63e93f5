import { type CorrectOutcome, HoldState } from "dispatch-kit";
import { jobHoldId } from "dispatch-kit/rules";
import { micro } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, operations, spend, tables } from "./table.ts";

const OPEN: CorrectOutcome = { kind: "open" };

export const brokenCorrections: readonly Broken[] = [
  [
    "correct: replaces what is booked, up and down, as often as bills say so, and says from, to and the overrun",
    "adds the correction to what is booked",
    operations((engine, base) => ({
      async correct(holdId, actual, decided) {
        const hold = base.hold(holdId);
        const answer = await engine.correct(holdId, actual, decided);
        if (hold) spend(base, hold.scopes, hold.booked);
        return answer;
      },
    })),
  ],
  [
    "correct: replaces what is booked, up and down, as often as bills say so, and says from, to and the overrun",
    "corrects a hold once",
    methods((store) => {
      const done = new Set<string>();
      return {
        async correct(holdId, actual, decision) {
          const answer = done.has(holdId) ? OPEN : await store.correct(holdId, actual, decision);
          done.add(holdId);
          return answer;
        },
      };
    }),
  ],
  [
    "correct: a charged hold too, and a released one, whose whole cost is an overrun",
    "corrects only settled holds",
    methods((store) => ({
      async correct(holdId, actual, decision) {
        const isSettled = (await store.getHold(holdId))?.state === HoldState.SETTLED;
        return isSettled ? store.correct(holdId, actual, decision) : OPEN;
      },
    })),
  ],
  [
    "correct: a charged hold too, and a released one, whose whole cost is an overrun",
    "compares the cost of a released hold with what was once set aside",
    methods((store) => ({
      async correct(holdId, actual, decision) {
        const answer = await store.correct(holdId, actual, decision);
        return answer.kind === "corrected" ? { ...answer, overrun: micro(0) } : answer;
      },
    })),
  ],
  [
    "correct: may pass a cap, and the next admission counts it",
    "books no more than was set aside",
    methods((store) => ({
      async correct(holdId, actual, decision) {
        const amount = (await store.getHold(holdId))?.amount ?? actual;
        return store.correct(holdId, actual < amount ? actual : amount, decision);
      },
    })),
  ],
  [
    "correct: an open hold answers open and stays; the same decision corrects it once it is closed",
    "settles an open hold",
    methods((store) => ({
      async correct(holdId, actual, decision) {
        const answer = await store.correct(holdId, actual, decision);
        if (answer.kind === "open") await store.settle(holdId, actual);
        return answer;
      },
    })),
  ],
  [
    "correct: an open hold answers open and stays; the same decision corrects it once it is closed",
    "remembers that the hold was open",
    methods((store) => {
      const answers = new Map<string, CorrectOutcome>();
      return {
        async correct(holdId, actual, decision) {
          const answer = answers.get(decision.id) ?? (await store.correct(holdId, actual, decision));
          answers.set(decision.id, answer);
          return answer;
        },
      };
    }),
  ],
  [
    "correct: after it no settlement moves the hold, and a repeat of the first one gets its answer",
    "forgets what was first settled",
    tables((base) => ({
      putHold: (hold) => {
        base.putHold({ ...hold, corrected: false });
      },
    })),
  ],
  [
    "correct: after it no settlement moves the hold, and a repeat of the first one gets its answer",
    "lets a settlement replace the correction of a charge",
    operations((engine, base) => ({
      settle(holdId, actual) {
        const hold = base.hold(holdId);
        const isCharge = hold?.corrected === true && hold.settledFrom === HoldState.CHARGED;
        if (isCharge) base.putHold({ ...hold, corrected: false, state: HoldState.CHARGED });
        return engine.settle(holdId, actual);
      },
    })),
  ],
  [
    "correct: an unknown hold is hold_unknown, and an amount out of range is refused",
    "answers open for an unknown hold",
    methods((store) => ({
      correct: (holdId, actual, decision) => orElse(store.correct(holdId, actual, decision), OPEN),
    })),
  ],
  [
    "correct: a hold of a job's attempt too; the worker's repeat gets its first answer, and moves nothing",
    "answers the worker's repeat with what is booked now",
    operations((engine, base) => ({
      async complete(completion) {
        const answer = await engine.complete(completion);
        const hold = base.hold(jobHoldId(completion.lease.jobId, 1));
        return answer.kind === "completed" && hold ? { ...answer, booked: hold.booked } : answer;
      },
    })),
  ],
  [
    "correct: a hold of a job's attempt too; the worker's repeat gets its first answer, and moves nothing",
    "corrects no hold of a job",
    methods((store) => ({
      async correct(holdId, actual, decision) {
        return holdId.startsWith("job:") ? OPEN : store.correct(holdId, actual, decision);
      },
    })),
  ],
  [
    "correct: after it a lost worker's actual cost moves nothing, and its answer says so",
    "lets the worker's report replace the correction",
    operations((engine, base) => ({
      complete(completion) {
        const hold = base.hold(jobHoldId(completion.lease.jobId, 1));
        if (hold?.corrected) base.putHold({ ...hold, corrected: false, state: HoldState.CHARGED });
        return engine.complete(completion);
      },
    })),
  ],
  [
    "correct: is still possible after a prune, of a caller's hold and of a job's",
    "drops the scopes of a pruned hold",
    tables((base) => ({
      putHold: (hold) => {
        base.putHold(hold.pruned ? { ...hold, scopes: [] } : hold);
      },
    })),
  ],
];
