import { type BudgetLedger, type HoldRequest, type HoldState } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { capped, type Clock, counters, micro, MONTH, RUN, setUp } from "./support.ts";

/** A hold of 10 in a run and a month with room for 100 each, for a minute. */
function request(holdId = "h", rest: Partial<HoldRequest> = {}): HoldRequest {
  return { holdId, amount: micro(10), scopes: capped(100), ttlSeconds: 60, ...rest };
}

describe("hold: every move from every state", () => {
  const operations = {
    "settle 0": (ledger: BudgetLedger) => ledger.settle("h", micro(0)),
    "settle 6": (ledger: BudgetLedger) => ledger.settle("h", micro(6)),
    "settle 10": (ledger: BudgetLedger) => ledger.settle("h", micro(10)),
    "settle 13": (ledger: BudgetLedger) => ledger.settle("h", micro(13)),
    release: (ledger: BudgetLedger) => ledger.release("h"),
    expire: (ledger: BudgetLedger, clock: Clock) => {
      clock.now += 60;
      return ledger.expire();
    },
    hold: (ledger: BudgetLedger) => ledger.hold(request()),
    "extend 5": (ledger: BudgetLedger) => ledger.extend("h", micro(5), 1),
  };
  type Operation = keyof typeof operations;
  /** State, amount and what is booked. */
  type Shown = readonly [state: HoldState, amount: number, booked: number];
  interface From {
    readonly by: readonly Operation[];
    readonly is: Shown;
    /** What each operation answers, and what the hold is then, if it moves. */
    readonly moves: Readonly<Record<Operation, readonly [answer: unknown, then?: Shown]>>;
  }

  const settled = (booked: number, overrun: number, corrected: boolean): unknown => ({
    kind: "settled",
    booked: micro(booked),
    overrun: micro(overrun),
    corrected,
  });
  const conflict = (booked: number): unknown => ({ kind: "conflict", booked: micro(booked) });
  const exists = (state: HoldState): unknown => ({ kind: "exists", state });
  const charged = (amount: number): unknown => ({
    charged: [{ holdId: "h", amount: micro(amount) }],
    more: false,
  });
  const none = { charged: [], more: false };
  const held = { kind: "held" };
  const released = { kind: "released" };
  const closed = (as: HoldState): unknown => ({ kind: "closed", as });

  /** Once settled, only the same amount again is no conflict, and nothing moves. */
  function settledAt(by: readonly Operation[], amount: number, booked: number, again: unknown): From {
    const settle = (actual: number): readonly [unknown] => [actual === booked ? again : conflict(booked)];
    return {
      by,
      is: ["settled", amount, booked],
      moves: {
        "settle 0": settle(0),
        "settle 6": settle(6),
        "settle 10": settle(10),
        "settle 13": settle(13),
        release: [closed("settled")],
        expire: [none],
        hold: [exists("settled")],
        "extend 5": [exists("settled")],
      },
    };
  }

  const table: Readonly<Record<string, From>> = {
    open: {
      by: [],
      is: ["open", 10, 0],
      moves: {
        "settle 0": [settled(0, 0, false), ["settled", 10, 0]],
        "settle 6": [settled(6, 0, false), ["settled", 10, 6]],
        "settle 10": [settled(10, 0, false), ["settled", 10, 10]],
        "settle 13": [settled(13, 3, false), ["settled", 10, 13]],
        release: [released, ["released", 10, 0]],
        expire: [charged(10), ["charged", 10, 10]],
        hold: [exists("open")],
        "extend 5": [held, ["open", 15, 0]],
      },
    },
    "open, extended by 5": {
      by: ["extend 5"],
      is: ["open", 15, 0],
      moves: {
        "settle 0": [settled(0, 0, false), ["settled", 15, 0]],
        "settle 6": [settled(6, 0, false), ["settled", 15, 6]],
        "settle 10": [settled(10, 0, false), ["settled", 15, 10]],
        "settle 13": [settled(13, 0, false), ["settled", 15, 13]],
        release: [released, ["released", 15, 0]],
        expire: [charged(15), ["charged", 15, 15]],
        hold: [exists("open")],
        "extend 5": [exists("open")],
      },
    },
    released: {
      by: ["release"],
      is: ["released", 10, 0],
      moves: {
        "settle 0": [settled(0, 0, true), ["settled", 10, 0]],
        "settle 6": [settled(6, 6, true), ["settled", 10, 6]],
        "settle 10": [settled(10, 10, true), ["settled", 10, 10]],
        "settle 13": [settled(13, 13, true), ["settled", 10, 13]],
        release: [released],
        expire: [none],
        hold: [exists("released")],
        "extend 5": [exists("released")],
      },
    },
    charged: {
      by: ["expire"],
      is: ["charged", 10, 10],
      moves: {
        "settle 0": [settled(0, 0, true), ["settled", 10, 0]],
        "settle 6": [settled(6, 0, true), ["settled", 10, 6]],
        "settle 10": [settled(10, 0, true), ["settled", 10, 10]],
        "settle 13": [settled(13, 3, true), ["settled", 10, 13]],
        release: [closed("charged")],
        expire: [none],
        hold: [exists("charged")],
        "extend 5": [exists("charged")],
      },
    },
    "extended by 5, charged": {
      by: ["extend 5", "expire"],
      is: ["charged", 15, 15],
      moves: {
        "settle 0": [settled(0, 0, true), ["settled", 15, 0]],
        "settle 6": [settled(6, 0, true), ["settled", 15, 6]],
        "settle 10": [settled(10, 0, true), ["settled", 15, 10]],
        "settle 13": [settled(13, 0, true), ["settled", 15, 13]],
        release: [closed("charged")],
        expire: [none],
        hold: [exists("charged")],
        "extend 5": [exists("charged")],
      },
    },
    "settled at 0": settledAt(["settle 0"], 10, 0, settled(0, 0, false)),
    "settled at 6": settledAt(["settle 6"], 10, 6, settled(6, 0, false)),
    "settled at 10": settledAt(["settle 10"], 10, 10, settled(10, 0, false)),
    "settled at 13": settledAt(["settle 13"], 10, 13, settled(13, 3, false)),
    "extended by 5, settled at 13": settledAt(["extend 5", "settle 13"], 15, 13, settled(13, 0, false)),
    "charged, then settled at 0": settledAt(["expire", "settle 0"], 10, 0, settled(0, 0, true)),
    "charged, then settled at 6": settledAt(["expire", "settle 6"], 10, 6, settled(6, 0, true)),
    "charged, then settled at 10": settledAt(["expire", "settle 10"], 10, 10, settled(10, 0, true)),
    "charged, then settled at 13": settledAt(["expire", "settle 13"], 10, 13, settled(13, 3, true)),
    "released, then settled at 0": settledAt(["release", "settle 0"], 10, 0, settled(0, 0, true)),
    "released, then settled at 6": settledAt(["release", "settle 6"], 10, 6, settled(6, 6, true)),
    "released, then settled at 13": settledAt(["release", "settle 13"], 10, 13, settled(13, 13, true)),
  };

  const rows = Object.entries(table).flatMap(([from, { by, is, moves }]) =>
    (Object.keys(operations) as Operation[]).map((operation) => {
      const [answer, then = is] = moves[operation];
      return [operation, from, { by, is, answer, then }] as const;
    }),
  );

  it.each(rows)("%s: a hold that is %s", async (operation, _, { by, is, answer, then }) => {
    const { store, clock } = setUp();
    const expectHold = async ([state, amount, booked]: Shown): Promise<void> => {
      expect(await store.getHold("h")).toMatchObject({ state, amount: micro(amount), booked: micro(booked) });
      const counted = [state === "open" ? micro(amount) : 0n, micro(booked)];
      expect(await counters(store, RUN)).toEqual(counted);
      expect(await counters(store, MONTH)).toEqual(counted);
    };
    await store.hold(request());
    for (const step of by) await operations[step](store, clock);
    await expectHold(is);

    expect(await operations[operation](store, clock)).toEqual(answer);
    await expectHold(then);

    const opened = operation === "extend 5" && answer === held;
    const repeated = operation === "expire" ? none : opened ? exists("open") : answer;
    expect(await operations[operation](store, clock)).toEqual(repeated);
    await expectHold(then);
  });
});
