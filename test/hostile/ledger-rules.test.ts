import { microCents, usd } from "dispatch-kit";
import {
  completeOptions,
  failOptions,
  holdRequest,
  type HoldRow,
  jobRequest,
  lackingScopes,
  outcomeFromJSON,
  recoverOptions,
  scopeCaps,
  settleHold,
} from "dispatch-kit/rules";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { anywhere, COERCED, isPlain, mutations, SABOTAGE } from "./values.ts";

const scopes = [{ scope: "run:1", cap: usd(5), until: null }];
const MOST = 2n ** 62n - 1n;

/** What is wrong in a checked request, wherever it is: an amount out of range, a number that is none. */
function flaw(value: unknown): string | null {
  if (typeof value === "bigint") return value >= 0n && value <= MOST ? null : `${value}n`;
  // A limit of attempts that nobody set.
  if (typeof value === "number") return Number.isNaN(value) || value === -Infinity ? String(value) : null;
  if (typeof value === "symbol" || typeof value === "function" || value === undefined) return typeof value;
  if (typeof value !== "object" || value === null) return null;
  return (
    Object.values(value)
      .map(flaw)
      .find((found) => found !== null) ?? null
  );
}

const calls: readonly [string, unknown, (given: never) => unknown][] = [
  ["holdRequest", { holdId: "h", amount: usd(1), scopes, ttlSeconds: 60 }, holdRequest],
  ["scopeCaps", scopes, (given) => scopeCaps("scopes", given)],
  ["completeOptions", { actual: usd(1) }, completeOptions],
  ["failOptions", { retriable: true, maxAttempts: 3, actual: usd(1), retryAfterSeconds: 5 }, failOptions],
  ["recoverOptions", { ttlSeconds: 60, maxAttempts: 3, limit: 10 }, recoverOptions],
  [
    "outcomeFromJSON",
    { kind: "settled", booked: "0.40", overrun: "0.00", corrected: false },
    outcomeFromJSON,
  ],
  [
    "outcomeFromJSON of a refusal",
    { kind: "refused", lacking: [{ scope: "run:1", by: "1.00" }] },
    outcomeFromJSON,
  ],
  [
    "jobRequest",
    {
      jobId: "1",
      lane: "a",
      payload: { a: [1] },
      backend: "local",
      maxCost: usd(0),
      maxAttempts: 1,
      priority: 0,
      runAt: null,
    },
    jobRequest,
  ],
];

describe.each(calls)("%s", (name, right, read) => {
  it("throws a TypeError or a RangeError for what is hostile, or reads what is right", () => {
    const broken: string[] = [];
    for (const { label, value } of mutations(right)) {
      try {
        const wrong = flaw(read(value as never));
        if (wrong !== null) broken.push(`${label}: ${wrong}`);
      } catch (error) {
        // JSON calls toJSON, as it should.
        if (error === SABOTAGE || (error === COERCED && name === "jobRequest")) continue;
        if (error instanceof TypeError || error instanceof RangeError) continue;
        broken.push(`${label}: ${inspect(error)}`);
      }
    }
    expect(broken, broken.join("\n")).toEqual([]);
  });

  it("reads right input, frozen or not, without changing it", () => {
    const before = inspect(right, { depth: Infinity });
    expect(flaw(read(right as never))).toBeNull();
    expect(inspect(right, { depth: Infinity })).toBe(before);
    if (isPlain(right)) expect(flaw(read(Object.freeze({ ...right }) as never))).toBeNull();
  });
});

describe("lackingScopes", () => {
  const full = { scope: "run:1", cap: 5n, committed: 5n };

  function hasRoom(amount: unknown, scope: unknown): boolean {
    try {
      return lackingScopes(amount as bigint, [scope] as never).length === 0;
    } catch (error) {
      if (error === SABOTAGE || error === COERCED) return false;
      expect(error).toSatisfy((it: unknown) => it instanceof TypeError || it instanceof RangeError);
      return false;
    }
  }

  it("finds no room for what is no amount, in a scope that is full", () => {
    const room = anywhere().filter(({ value }) => value !== 0n && hasRoom(value, full));
    expect(room.map(({ label }) => label)).toEqual([]);
  });

  it.each(["cap", "committed"])("finds no room by a %s that is no amount", (key) => {
    const wrong = anywhere().filter(
      ({ value, label }) => typeof value !== "bigint" && label !== "a boxed bigint",
    );
    const room = wrong.filter(({ value }) => hasRoom(1n, { ...full, [key]: value }));
    expect(room.map(({ label }) => label)).toEqual([]);
  });
});

describe("settleHold", () => {
  const hold: HoldRow = {
    holdId: "h",
    asked: usd(1),
    steps: [],
    scopes: [{ scope: "run:1", cap: usd(5), until: null }],
    state: "open",
    booked: microCents(0n),
    settledFrom: "open",
    corrected: false,
    firstSettled: null,
  };

  it("books nothing below zero, which would make room, and nothing that is no amount", () => {
    for (const value of [-1n, 1, -1, NaN, "1", true, null, undefined]) {
      expect(() => settleHold(hold, value as never), String(value)).toThrow();
    }
  });
});
