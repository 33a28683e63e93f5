import { BudgetCap, microCents, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { Audit, AuditFailure } from "../../examples/demo/audit.ts";
import type { PassName, Store } from "../../examples/demo/ground.ts";
import { type Pass, runPass } from "../../examples/demo/passes.ts";
import { gpt4oMini, trace, traceText } from "./support.ts";

const CALL = { line: 7, timestamp: "2023-11-16 18:15:46", contextTokens: 1000, generatedTokens: 100 };
/** 1,000 tokens at $0.15 and as many at $0.60 a million; 100 of the latter are the truth. */
const MOST = 75_000n;
const TRUTH = 21_000n;

function audit(caps: { run?: string; month?: string } = {}): Audit {
  return new Audit({
    pass: "settled",
    runCapUsd: caps.run ?? "1",
    monthCapUsd: caps.month ?? "1",
    prices: gpt4oMini().listed,
    maxOutputTokens: 1000,
  });
}

describe("Audit", () => {
  it("Audit: sums what is held, then what is spent", () => {
    const sums = audit();
    sums.admitted(CALL, MOST);
    expect(sums.now()).toEqual({ held: MOST, spent: 0n, trueCost: 0n, inFlight: 1 });
    sums.finished(CALL, TRUTH);
    expect(sums.now()).toEqual({ held: 0n, spent: TRUTH, trueCost: TRUTH, inFlight: 0 });
    expect(sums.figures()).toMatchObject({ heldPeak: MOST, committedPeak: MOST, inFlightPeak: 1 });
  });

  it("Audit: a hold that is left standing stays in the sums, and the truth is known all the same", () => {
    const sums = audit();
    sums.admitted(CALL, MOST);
    sums.finished(CALL, null);
    expect(sums.now()).toEqual({ held: MOST, spent: 0n, trueCost: TRUTH, inFlight: 0 });
  });

  it("Audit: a lost attempt is charged in full, and corrected when its worker tells", () => {
    const sums = audit();
    sums.admitted(CALL, MOST);
    sums.lost(CALL, MOST);
    expect(sums.now()).toEqual({ held: 0n, spent: MOST, trueCost: TRUTH, inFlight: 0 });
    sums.corrected(CALL, TRUTH);
    expect(sums.now()).toEqual({ held: 0n, spent: TRUTH, trueCost: TRUTH, inFlight: 0 });
  });

  const reading = { reserved: MOST, spent: 0n };
  it.each<[string, (sums: Audit) => void, RegExp]>([
    [
      "a hold below the upper bound",
      (sums) => {
        sums.admitted(CALL, MOST - 1n);
      },
      /line 7 .*74999 is held, but its upper bound is 75000/,
    ],
    [
      "a call admitted twice",
      (sums) => {
        sums.admitted(CALL, MOST);
        sums.admitted(CALL, MOST);
      },
      /admitted twice/,
    ],
    [
      "a refusal with room",
      (sums) => {
        sums.refused(CALL, null);
      },
      /there was room/,
    ],
    [
      "a refusal by a window that has room",
      (sums) => {
        for (let line = 1; line <= 3; line++) sums.admitted({ ...CALL, line }, MOST);
        sums.refused(CALL, ["run", "month"]);
      },
      /the ledger refuses by run,month, but the sums by run/,
    ],
    [
      "a lost attempt that is not charged in full",
      (sums) => {
        sums.admitted(CALL, MOST);
        sums.lost(CALL, TRUTH);
      },
      /21000 is charged for a lost attempt, but 75000 was held/,
    ],
    [
      "a correction that is not the truth",
      (sums) => {
        sums.admitted(CALL, MOST);
        sums.lost(CALL, MOST);
        sums.corrected(CALL, MOST);
      },
      /75000 is booked for a lost attempt, but it cost 21000/,
    ],
    [
      "a booking that is not the truth",
      (sums) => {
        sums.admitted(CALL, MOST);
        sums.finished(CALL, TRUTH - 1n);
      },
      /20999 is booked, but it cost 21000/,
    ],
    [
      "an answer to a call that was never admitted",
      (sums) => {
        sums.finished(CALL, TRUTH);
      },
      /it cost 21000, but -1 was held/,
    ],
    [
      "a ledger that has lost a hold",
      (sums) => {
        sums.admitted(CALL, MOST);
        sums.compare(CALL, { run: reading, month: { reserved: 0n, spent: 0n } });
      },
      /0 held and 0 spent in 2023-11; the sums say 75000 and 0/,
    ],
  ])("Audit: catches %s", (_, act, message) => {
    const caps = { run: "0.0025" };
    expect(() => {
      act(audit(caps));
    }).toThrow(AuditFailure);
    expect(() => {
      act(audit(caps));
    }).toThrow(message);
  });

  it("Audit: the cap to the micro-cent, of the run and of the month", () => {
    const admit = (caps: { run?: string; month?: string }): void => {
      audit(caps).admitted(CALL, MOST);
    };
    expect(() => {
      admit({ run: "0.00075", month: "0.00075" });
    }).not.toThrow();
    expect(() => {
      admit({ run: "0.00074999" });
    }).toThrow(/75000 is committed in the run, over its cap of 74999/);
    expect(() => {
      admit({ month: "0.00074999" });
    }).toThrow(/75000 is committed in 2023-11, over its cap of 74999/);
  });
});

/** A store of which one operation does something else. */
function broken(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(key in changes ? changes : target, key);
      // Its private fields are the store's own, not the proxy's.
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const MUCH = usd("1000000");
const CAP = new BudgetCap({ run: usd("0.05"), month: usd("1") });

async function run(name: PassName, wrap: (store: Store) => Store): Promise<Pass> {
  return runPass({ name, trace: trace(traceText(200)), listing: gpt4oMini(), cap: CAP, wrap });
}

describe("runPass with a broken store", () => {
  it("runPass: a naive pass that ignores the cap fails where it is exceeded", async () => {
    const ignoresCaps = (store: Store): Store =>
      broken(store, {
        hold: (request) =>
          store.hold({ ...request, scopes: request.scopes.map((scope) => ({ ...scope, cap: MUCH })) }),
      });
    await expect(run("naive", ignoresCaps)).rejects.toThrow(
      /^the check failed in the naive pass at line \d+ \(2023-11-16 18:1.*over its cap of 5000000 /,
    );
  });

  it("runPass: a settled pass that ignores the cap fails where it is exceeded", async () => {
    const ignoresCaps = (store: Store): Store =>
      broken(store, {
        submitMany: (jobs) =>
          store.submitMany(
            jobs.map(({ approved, ...job }) => {
              const scopes = approved?.scopes?.map((scope) => ({ ...scope, cap: MUCH })) ?? [];
              return approved ? { ...job, approved: { ...approved, scopes } } : job;
            }),
          ),
      });
    await expect(run("settled", ignoresCaps)).rejects.toThrow(
      /^the check failed in the settled pass at line \d+ .*over its cap of 5000000 /,
    );
  });

  it("runPass: a store that books less than the truth is caught at the first answer", async () => {
    const booksLess = (store: Store): Store =>
      broken(store, {
        completeMany: (completions) =>
          store.completeMany(
            completions.map((each) => ({ ...each, actual: microCents((each.actual ?? 1n) - 1n) })),
          ),
      });
    await expect(run("settled", booksLess)).rejects.toThrow(/at line 2 .* is booked, but it cost/);
  });

  it("runPass: a store that refuses everything is caught at the first call", async () => {
    const refusesAll = (store: Store): Store =>
      broken(store, {
        submitMany: (jobs) =>
          Promise.resolve(
            jobs.map(() => ({ kind: "refused", lacking: [{ scope: "run:replay", by: usd("1") }] })),
          ),
      });
    await expect(run("settled", refusesAll)).rejects.toThrow(/at line 2 .*there was room/);
  });
});
