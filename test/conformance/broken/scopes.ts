import { BudgetState, type HoldRequest, type MicroCents, microCents } from "dispatch-kit";
import { micro, MOST } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, tables } from "./table.ts";

/** A request whose scopes have other names. */
function renamed(request: HoldRequest, change: (name: string) => string): HoldRequest {
  return { ...request, scopes: request.scopes.map(({ scope, cap }) => ({ scope: change(scope), cap })) };
}

/** Converts a bigint to a number and back. */
function lossy(amount: bigint): MicroCents {
  return microCents(BigInt(Number(amount)));
}

export const brokenScopes: readonly Broken[] = [
  [
    "scopes: an empty list, or the same scope twice, is a RangeError and holds nothing",
    "counts a repeated scope once",
    methods((store) => ({
      hold(request) {
        const scopes = new Map(request.scopes.map((scope) => [scope.scope, scope]));
        return store.hold({ ...request, scopes: [...scopes.values()] });
      },
    })),
  ],
  [
    "scopes: names are compared byte for byte: composed and decomposed, upper and lower case are different",
    "ignores case in names, as a database's collation may",
    methods((store) => ({
      hold: (request) => store.hold(renamed(request, (name) => name.toLowerCase())),
      usage: (scope) => store.usage(scope.toLowerCase()),
    })),
  ],
  [
    "scopes: names are compared byte for byte: composed and decomposed, upper and lower case are different",
    "normalizes names",
    methods((store) => ({
      hold: (request) => store.hold(renamed(request, (name) => name.normalize("NFC"))),
      usage: (scope) => store.usage(scope.normalize("NFC")),
    })),
  ],
  [
    "scopes: an empty or overlong name, a lone surrogate, a NUL or another control character is a RangeError",
    "replaces a lone surrogate, as a driver that encodes UTF-8 does",
    methods((store) => ({
      // UTF-8 has no code for a lone surrogate: the encoder replaces it.
      usage: (scope) => store.usage(new TextDecoder().decode(new TextEncoder().encode(scope))),
    })),
  ],
  [
    "scopes: names of 1 and of 200 code units, of any script, are kept as they are",
    "cuts a name after 190 code units",
    methods((store) => ({
      hold: (request) => store.hold(renamed(request, (name) => name.slice(0, 190))),
    })),
  ],
  [
    "scopes: each is counted separately, and an unused one has nothing committed",
    "finds a scope by the start of its name",
    methods((store) => {
      const names = new Set<string>();
      return {
        hold(request) {
          for (const { scope } of request.scopes) names.add(scope);
          return store.hold(request);
        },
        usage(scope) {
          const first = [...names].sort().find((name) => name.startsWith(scope.slice(0, 1)));
          return store.usage(first ?? scope);
        },
      };
    }),
  ],
  [
    "getHold: shows a hold, and null for an unknown id",
    "shows the settled cost as the amount of the hold",
    methods((store) => ({
      async getHold(holdId) {
        const hold = await store.getHold(holdId);
        return hold && { ...hold, amount: hold.booked === 0n ? hold.amount : hold.booked };
      },
    })),
  ],
  [
    "ledger: an id that starts with job: is hold_owned_by_job, whether the job exists or not",
    "refuses only the ids of existing jobs",
    methods((store) => ({
      async hold(request) {
        const [jobId = ""] = request.holdId.replace("job:", "").split("#");
        if (jobId !== "" && (await store.job(jobId))) return store.hold(request);
        return store.hold({ ...request, holdId: `own:${request.holdId}` });
      },
    })),
  ],
  [
    "pinCap: a request with a higher or lower cap is cap_conflict; a repeat of an old request is not",
    "answers refused to a request with another cap",
    methods((store) => ({
      hold: (request) => orElse(store.hold(request), { kind: "refused", lacking: [] }),
    })),
  ],
  [
    "pinCap: a new value counts at once: a lowered cap refuses new holds, and old holds can still settle",
    "ignores a new value of a pinned cap",
    methods((store) => {
      const pinned = new Set<string>();
      return {
        async pinCap(scope, cap, decision) {
          if (!pinned.has(scope)) await store.pinCap(scope, cap, decision);
          pinned.add(scope);
        },
      };
    }),
  ],
];

export const brokenMoney: readonly Broken[] = [
  [
    "money: amounts around 2^53 are exact",
    "reads money with a driver that returns numbers",
    methods((store) => ({
      async usage(scope) {
        const { reserved, spent } = await store.usage(scope);
        return new BudgetState({ reserved: lossy(reserved), spent: lossy(spent) });
      },
    })),
  ],
  [
    "money: an amount and a cap of 2^62 - 1 are accepted, and sums with them do not overflow",
    "applies the limit of an amount to counters",
    tables((base) => ({
      putCounter(scope, reserved, spent) {
        if (spent > MOST) throw new RangeError("out of range for type bigint");
        base.putCounter(scope, reserved, spent);
      },
    })),
  ],
  [
    "money: a negative amount, or one above 2^62 - 1, is a RangeError everywhere, and changes nothing",
    "ignores the sign of an amount",
    methods((store) => ({
      hold(request) {
        const amount = request.amount < 0n ? micro(0n - request.amount) : request.amount;
        return store.hold({ ...request, amount });
      },
    })),
  ],
  [
    "money: an amount that is not a bigint is a TypeError, and changes nothing",
    "converts its argument to a bigint",
    methods((store) => ({
      settle: (holdId, actual) => store.settle(holdId, microCents(BigInt(actual))),
    })),
  ],
  [
    "money: a ttl that is not above 0 and finite is a RangeError, so that every hold ends",
    "reads a ttl of 0 as an hour",
    methods((store) => ({
      hold: (request) => store.hold({ ...request, ttlSeconds: request.ttlSeconds || 3600 }),
    })),
  ],
  [
    "scopes: one whose time is over refuses new holds, alone or in a group; its open holds can be extended and settled",
    "checks only the cap",
    methods((store) => ({
      hold: (request) =>
        store.hold({ ...request, scopes: request.scopes.map(({ scope, cap }) => ({ scope, cap })) }),
    })),
  ],
  [
    "scopes: a refusal says when the time of a scope without room ends, and nothing about one without an end",
    "says how much is missing, and not for how long",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        if (answer.kind !== "refused") return answer;
        return { ...answer, lacking: answer.lacking.map(({ scope, by }) => ({ scope, by })) };
      },
    })),
  ],
];
