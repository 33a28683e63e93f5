import { BudgetState, type HoldRequest, type MicroCents, microCents } from "dispatch-kit";
import { micro, MOST } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, tables } from "./table.ts";

/** A request whose scopes have other names. */
function renamed(request: HoldRequest, change: (name: string) => string): HoldRequest {
  return { ...request, scopes: request.scopes.map(({ scope, cap }) => ({ scope: change(scope), cap })) };
}

/** A bigint that went through a number. */
function lossy(amount: bigint): MicroCents {
  return microCents(BigInt(Number(amount)));
}

export const brokenScopes: readonly Broken[] = [
  [
    "scopes: none, or one named twice, is a RangeError and holds nothing",
    "counts a scope once that is named twice",
    methods((store) => ({
      hold(request) {
        const scopes = new Map(request.scopes.map((scope) => [scope.scope, scope]));
        return store.hold({ ...request, scopes: [...scopes.values()] });
      },
    })),
  ],
  [
    "scopes: names are compared byte for byte: composed and decomposed, upper and lower case are two",
    "compares names without case, as a database's collation may",
    methods((store) => ({
      hold: (request) => store.hold(renamed(request, (name) => name.toLowerCase())),
      usage: (scope) => store.usage(scope.toLowerCase()),
    })),
  ],
  [
    "scopes: names are compared byte for byte: composed and decomposed, upper and lower case are two",
    "normalizes names",
    methods((store) => ({
      hold: (request) => store.hold(renamed(request, (name) => name.normalize("NFC"))),
      usage: (scope) => store.usage(scope.normalize("NFC")),
    })),
  ],
  [
    "scopes: an empty or overlong name, a lone surrogate, a NUL or another control character is a RangeError",
    "replaces a lone surrogate, as a driver does that encodes UTF-8",
    methods((store) => ({
      // What toWellFormed does, which Node 18 has not.
      usage: (scope) => store.usage(new TextDecoder().decode(new TextEncoder().encode(scope))),
    })),
  ],
  [
    "scopes: names of 1 and of 200 code units, of any script, are kept as they are",
    "keeps the first 190 code units of a name",
    methods((store) => ({
      hold: (request) => store.hold(renamed(request, (name) => name.slice(0, 190))),
    })),
  ],
  [
    "scopes: each counts by itself, and one that was never used has nothing committed",
    "finds a scope by what its name begins with",
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
    "getHold: shows what is held, and null for what is not",
    "shows a settled hold's amount as what it was settled at",
    methods((store) => ({
      async getHold(holdId) {
        const hold = await store.getHold(holdId);
        return hold && { ...hold, amount: hold.booked === 0n ? hold.amount : hold.booked };
      },
    })),
  ],
  [
    "ledger: an id that starts with job: is hold_owned_by_job, whether there is such a job or not",
    "refuses only the ids of jobs that there are",
    methods((store) => ({
      async hold(request) {
        const [jobId = ""] = request.holdId.replace("job:", "").split("#");
        if (jobId !== "" && (await store.job(jobId))) return store.hold(request);
        return store.hold({ ...request, holdId: `own:${request.holdId}` });
      },
    })),
  ],
  [
    "pinCap: a request with another cap is cap_conflict, higher or lower, and a repeat is none",
    "takes another cap for a refusal",
    methods((store) => ({
      hold: (request) => orElse(store.hold(request), { kind: "refused", lacking: [] }),
    })),
  ],
  [
    "pinCap: moved, it counts from then on: lowered, it refuses new holds and lets old ones settle",
    "keeps the first cap that was pinned",
    methods((store) => {
      const pinned = new Set<string>();
      return {
        async pinCap(scope, cap) {
          if (!pinned.has(scope)) await store.pinCap(scope, cap);
          pinned.add(scope);
        },
      };
    }),
  ],
];

export const brokenMoney: readonly Broken[] = [
  [
    "money: amounts at 2^53 and beside it are exact",
    "reads money through a driver that returns numbers",
    methods((store) => ({
      async usage(scope) {
        const { reserved, spent } = await store.usage(scope);
        return new BudgetState({ reserved: lossy(reserved), spent: lossy(spent) });
      },
    })),
  ],
  [
    "money: an amount and a cap of 2^62 - 1 are taken, and nothing overflows beside them",
    "holds a counter to the limit of an amount",
    tables((base) => ({
      putCounter(scope, counter) {
        if (counter.spent > MOST) throw new RangeError("out of range for type bigint");
        base.putCounter(scope, counter);
      },
    })),
  ],
  [
    "money: a negative amount, or one past 2^62 - 1, is a RangeError everywhere, and moves nothing",
    "takes an amount without its sign",
    methods((store) => ({
      hold(request) {
        const amount = request.amount < 0n ? micro(0n - request.amount) : request.amount;
        return store.hold({ ...request, amount });
      },
    })),
  ],
  [
    "money: what is no bigint is a TypeError, and moves nothing",
    "makes a bigint of what it is given",
    methods((store) => ({
      settle: (holdId, actual) => store.settle(holdId, microCents(BigInt(actual))),
    })),
  ],
  [
    "money: a ttl that is not above 0 and finite is a RangeError: every hold ends",
    "takes a ttl of 0 for an hour",
    methods((store) => ({
      hold: (request) => store.hold({ ...request, ttlSeconds: request.ttlSeconds || 3600 }),
    })),
  ],
  [
    "scopes: one whose time is over takes nothing new, alone or in a group, and what it held goes on",
    "goes by the cap alone",
    methods((store) => ({
      hold: (request) =>
        store.hold({ ...request, scopes: request.scopes.map(({ scope, cap }) => ({ scope, cap })) }),
    })),
  ],
];
