import type { HoldOutcome } from "../../budget/contract.ts";
import type { CheckedHold } from "../../budget/hold-request.ts";
import {
  correctHold,
  extendHold,
  releaseHold,
  repeatHold,
  settleHold,
  unknownHold,
} from "../../budget/holds.ts";
import { pinnedCap, pinOf, raised } from "../../budget/caps.ts";
import { BudgetState } from "../../budget/state.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { microCents } from "../../money/micro-cents.ts";
import { type EpochSeconds, instant } from "../../time.ts";
import { tagsToJson } from "../engine/codec.ts";
import { holdSubject, shownHold } from "../engine/tables.ts";
import type { Decided, LedgerOperations } from "../operations.ts";
import { type Calls, jsonb } from "./calls.ts";
import {
  capConflict,
  type DecidedAnswer,
  decisionColumns,
  firstAnswer,
  type HoldAnswer,
  holdOf,
  type LackingAnswer,
  type PinnedAnswer,
  type RefusedAnswer,
  refusedOf,
} from "./answers.ts";
import { scopeColumns, ScopeLists } from "./scope-lists.ts";

interface PinAnswer {
  readonly pinned: string;
  readonly raisedTo: string | null;
  readonly raisedUntil: EpochSeconds | null;
  readonly clock: EpochSeconds;
}

type RequestAnswer =
  | PinnedAnswer
  | RefusedAnswer
  | { readonly kind: "held" }
  | { readonly kind: "known"; readonly hold: HoldAnswer };

/** The operations of the ledger. */
export function ledgerOperations(calls: Calls): LedgerOperations {
  return {
    async hold(request) {
      if (calls.clock) instant("hold: the end of its ttl", calls.clock() + request.ttlSeconds);
      const answer = await calls.together<CheckedHold, RequestAnswer>(
        "hold",
        request,
        ({ holdId }) => holdId,
        (requests) => {
          const lists = new ScopeLists();
          const holds = requests.map(({ holdId, amount, scopes, ttlSeconds, tags }) => {
            const list = lists.add(scopeColumns(scopes), amount);
            return { holdId, amount: String(amount), ttlSeconds, tags: tagsToJson(tags), list };
          });
          return calls.call("hold", jsonb(holds), jsonb(lists.all), calls.time(), calls.by());
        },
      );
      switch (answer.kind) {
        case "held":
          return outcome({ kind: "held" });
        case "refused":
          return refusedOf(answer);
        case "pinned":
          throw capConflict(answer);
        case "known":
          return repeatHold(holdOf(answer.hold), request);
      }
    },

    async settle(holdId, actual) {
      const input = { holdId, actual: String(actual) };
      return settleHold(await rowOf("settle", input), actual).outcome;
    },

    async release(holdId) {
      return releaseHold(await rowOf("release", { holdId })).outcome;
    },

    async extend(holdId, by, step) {
      const answer = await calls.grouped<{
        readonly hold: HoldAnswer;
        readonly lacking: readonly LackingAnswer[];
      } | null>("extend", { holdId, amount: String(by), step }, calls.by());
      if (answer === null) throw unknownHold(holdId);
      // The row as it was before: a repeat, a conflict or a wrong step is answered by it.
      const next = extendHold(holdOf(answer.hold), by, step);
      // An own property: a polluted prototype must not make an answer of a row.
      if (Object.hasOwn(next, "kind")) return next as HoldOutcome;
      return answer.lacking.length > 0
        ? refusedOf({ kind: "refused", lacking: answer.lacking })
        : outcome({ kind: "held" });
    },

    async expire(limit) {
      const [more, ...charged] = await calls.call<[boolean, ...{ holdId: string; amount: string }[]]>(
        "expire",
        [limit, "bigint"],
        calls.time(),
        calls.by(),
      );
      const holds = charged.map(({ holdId, amount }) => ({ holdId, amount: microCents(amount) }));
      return outcome({ charged: outcomes(holds), more });
    },

    async usage(scope) {
      const [counter] = await calls.call<[{ readonly reserved: string; readonly spent: string }]>(
        "usage",
        jsonb([scope]),
      );
      return new BudgetState({ reserved: microCents(counter.reserved), spent: microCents(counter.spent) });
    },

    async getHold(holdId) {
      const [answer] = await calls.call<[HoldAnswer | null]>("get_hold", jsonb([holdId]));
      return answer && shownHold(holdOf(answer));
    },

    async correct(holdId, actual, decided) {
      const input = {
        holdId,
        actual: String(actual),
        subject: holdSubject(holdId),
        ...decisionColumns(decided),
      };
      type Answer = { readonly kind: "hold"; readonly hold: HoldAnswer } | null;
      const [answered] = await calls.call<readonly [Answer | DecidedAnswer<Answer>]>(
        "correct",
        jsonb(input),
        calls.time(),
        calls.by(),
      );
      const answer = firstAnswer(answered, decided);
      if (answer === null) throw unknownHold(holdId);
      // The row as it was before.
      return correctHold(holdOf(answer.hold), actual).outcome;
    },

    async pinCap(scope, cap, decided) {
      await setCap({ scope, cap: String(cap) }, decided);
    },

    async unpinCap(scope, decided) {
      await setCap({ scope }, decided);
    },

    async raiseCap(scope, to, until, decided) {
      const answer = await setCap({ scope, raisedTo: String(to), raisedUntil: until }, decided);
      if (answer.kind === "done") return;
      const { pinned } = answer;
      // It throws why.
      raised(scope, pinOf(pinned, null, null), to, until);
    },

    async cap(scope) {
      const [pin] = await calls.call<readonly [PinAnswer | null]>("cap", [scope, "text"], calls.time());
      if (pin === null) return null;
      const { pinned, raisedTo, raisedUntil, clock } = pin;
      const known = pinOf(pinned, raisedTo, raisedUntil);
      return known === undefined ? null : pinnedCap(known, clock);
    },
  };

  type SetAnswer =
    { readonly kind: "done" } | { readonly kind: "not_raised"; readonly pinned: string | null };
  async function setCap(change: object, decided: Decided): Promise<SetAnswer> {
    const [answer] = await calls.call<readonly [SetAnswer | DecidedAnswer<SetAnswer>]>(
      "set_cap",
      jsonb({ ...change, ...decisionColumns(decided) }),
      calls.time(),
      calls.by(),
    );
    return firstAnswer(answer, decided);
  }

  /** The row of a hold as it was before an operation. */
  async function rowOf(name: string, input: { readonly holdId: string }): Promise<ReturnType<typeof holdOf>> {
    const hold = await calls.grouped<HoldAnswer | null>(name, input, calls.by());
    if (hold === null) throw unknownHold(input.holdId);
    return holdOf(hold);
  }
}
