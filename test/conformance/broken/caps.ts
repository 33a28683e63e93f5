import { DispatchError, type HoldRequest, type ScopeCap } from "dispatch-kit";
import { epochSeconds } from "dispatch-kit";
import { micro, MOST } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, tables } from "./table.ts";

/** Scopes whose caps have no limit where none is given. */
function uncapped(scopes: readonly ScopeCap[]): readonly ScopeCap[] {
  return scopes.map((scope) => ({ ...scope, cap: scope.cap ?? micro(MOST) }));
}

const noCap = (): never => {
  throw new DispatchError("cap_unknown", "there is no cap");
};

export const brokenCaps: readonly Broken[] = [
  [
    "nothing costs nothing: an amount of 0 fits where a cap is passed, and not in a scope that is over",
    "compares an amount of 0 with the room that is left",
    methods((store) => ({
      async hold(request: HoldRequest) {
        for (const { scope, cap } of request.amount === 0n ? request.scopes : []) {
          const committed = (await store.usage(scope)).committed();
          if (committed > (cap ?? 0n)) return { kind: "refused", lacking: [{ scope, by: micro(0) }] };
        }
        return store.hold(request);
      },
    })),
  ],
  [
    "nothing costs nothing: an amount of 0 fits where a cap is passed, and not in a scope that is over",
    "does not check an amount of 0 at all",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        return request.amount === 0n && answer.kind === "refused" ? { kind: "held" } : answer;
      },
    })),
  ],
  [
    "nothing costs nothing: a job of $0 is approved and retried where a cap is passed",
    "compares an amount of 0 with the room that is left",
    methods((store) => ({
      async approve(jobId, approval, options) {
        for (const { scope, cap } of options?.scopes ?? []) {
          const committed = (await store.usage(scope)).committed();
          if (committed > (cap ?? 0n)) return { kind: "refused", lacking: [{ scope, by: micro(0) }] };
        }
        return store.approve(jobId, approval, options);
      },
    })),
  ],
  [
    "caps: a request without a cap is judged by the pinned one, with others beside it",
    "needs a cap in every request",
    methods((store) => ({
      async hold(request) {
        return request.scopes.some(({ cap }) => !cap) ? noCap() : store.hold(request);
      },
    })),
  ],
  [
    "caps: a request without a cap is cap_unknown where none is pinned, also of $0, and fails no call beside it",
    "reads a missing cap as no limit",
    methods((store) => ({ hold: (request) => store.hold({ ...request, scopes: uncapped(request.scopes) }) })),
  ],
  [
    "caps: a job without a cap is judged by the pinned one, and is cap_unknown without it",
    "reads a missing cap as no limit",
    methods((store) => ({
      approve: (jobId, approval, { scopes = [] } = {}) =>
        store.approve(jobId, approval, { scopes: uncapped(scopes) }),
    })),
  ],
  [
    "caps: a pin of 0 lets nothing new be held that costs money; what is queued has its money and runs",
    "reads a pin of 0 as none",
    methods((store) => ({
      pinCap: (scope, cap, decision) =>
        cap === 0n ? store.unpinCap(scope, decision) : store.pinCap(scope, cap, decision),
    })),
  ],
  [
    "caps: after unpinCap the cap of the request counts again",
    "keeps the pin",
    methods(() => ({ unpinCap: () => Promise.resolve() })),
  ],
  [
    "caps: an extension finds no room where the cap is no longer known, and the hold still settles",
    "throws cap_unknown",
    methods((store) => ({
      async extend(holdId, by, step) {
        const answer = await store.extend(holdId, by, step);
        return answer.kind === "refused" && answer.lacking.some((lacking) => lacking.unknown)
          ? noCap()
          : answer;
      },
    })),
  ],
  [
    "caps: a retry waits where the cap is no longer known; recovery never throws it",
    "throws cap_unknown out of a recovery",
    methods((store) => ({
      async recoverStale(options) {
        const answer = await store.recoverStale(options);
        return answer.attempts.some(({ outcome }) => outcome === "waiting") ? noCap() : answer;
      },
    })),
  ],
  [
    "caps: a raise judges until its end, to the second, and requests are still compared with the pin",
    "pins the raised cap",
    methods((store) => ({ raiseCap: (scope, { to }, decision) => store.pinCap(scope, to, decision) })),
  ],
  [
    "caps: a raise judges until its end, to the second, and requests are still compared with the pin",
    "ends a raise late",
    tables((base) => ({
      putPin(scope, pin) {
        const until = pin?.raise ? epochSeconds(pin.raise.until + 1) : null;
        base.putPin(scope, pin?.raise && until ? { ...pin, raise: { ...pin.raise, until } } : pin);
      },
    })),
  ],
  [
    "caps: a raise ends at the next pinCap or unpinCap, also at the same cap",
    "keeps a raise until its end",
    tables((base) => ({
      putPin(scope, pin) {
        const raise = pin?.raise ?? base.scope(scope).pin?.raise ?? null;
        base.putPin(scope, pin && { ...pin, raise });
      },
    })),
  ],
  [
    "caps: a raise without a pin is cap_unknown, and one below the pin is cap_conflict; neither changes anything",
    "does nothing, and does not say so",
    methods((store) => ({
      raiseCap: (scope, raise, decision) => orElse(store.raiseCap(scope, raise, decision), undefined),
    })),
  ],
];
