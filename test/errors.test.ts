import {
  DispatchError,
  isDispatchError,
  NoEligibleBackendError,
  NonRetriableError,
  RetriableError,
  SecretMissingError,
  usd,
} from "dispatch-kit";
import { describe, expect, it } from "vitest";

describe("DispatchError", () => {
  it("has a code, a subject and a cause", () => {
    const cause = new Error("socket closed");
    const error = new DispatchError("outcome_unknown", "the answer was lost", { subject: "job 1", cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "DispatchError", code: "outcome_unknown", subject: "job 1", cause });
    expect(new DispatchError("store_failed", "gone")).toMatchObject({ subject: null });
    expect(Object.hasOwn(new DispatchError("store_failed", "gone"), "cause")).toBe(false);
  });

  it("is what the other errors are, each with its name", () => {
    const errors = [
      new NoEligibleBackendError("none", []),
      new SecretMissingError("KEY"),
      new RetriableError("busy", { actual: usd(1), retryAfterSeconds: 2, counts: false, cause: 0 }),
      new NonRetriableError("refused", { actual: usd(1), cause: 0 }),
    ];
    expect(errors.map(({ name }) => name)).toEqual([
      "NoEligibleBackendError",
      "SecretMissingError",
      "RetriableError",
      "NonRetriableError",
    ]);
    expect(errors.map(({ code }) => code)).toEqual([
      "no_eligible_backend",
      "secret_missing",
      "retriable",
      "non_retriable",
    ]);
    for (const error of errors) expect(error).toBeInstanceOf(DispatchError);
    expect(errors[1]).toMatchObject({ subject: "KEY", envVar: "KEY" });
    expect(errors[2]).toMatchObject({ actual: usd(1), retryAfterSeconds: 2, counts: false, cause: 0 });
    expect(errors[3]).toMatchObject({ actual: usd(1), cause: 0 });
    expect(new RetriableError("busy")).toMatchObject({ actual: null, retryAfterSeconds: 0, counts: true });
    expect(new NonRetriableError("refused")).toMatchObject({ actual: null });
    expect(Object.hasOwn(new NonRetriableError("refused"), "cause")).toBe(false);
    expect(Object.hasOwn(new RetriableError("busy"), "cause")).toBe(false);
  });
});

it.each<readonly [string, unknown, unknown]>([
  ["a negative cost", -1n, -1],
  ["a cost in a number", 0.02, "30"],
  ["a cost that is none", null, NaN],
  ["an endless delay", undefined, Infinity],
  ["a delay that is milliseconds of an instant", {}, Date.now()],
])(
  "RetriableError, NonRetriableError: %s hides nothing, and counts as not known",
  (_, actual, retryAfterSeconds) => {
    const error = new RetriableError("busy", { actual, retryAfterSeconds, counts: "no" } as never);
    expect(error).toMatchObject({ message: "busy", actual: null, retryAfterSeconds: 0, counts: true });
    const final = new NonRetriableError("refused", { actual } as never);
    expect(final).toMatchObject({ message: "refused", actual: null });
  },
);

it.each([RetriableError, NonRetriableError])("%o: refuses a misspelt option", (Made) => {
  // From plain JavaScript.
  expect(() => new Made("busy", { cost: 1n } as never)).toThrow(TypeError);
});

it("NonRetriableError: has no delay, since there is no retry", () => {
  // From plain JavaScript.
  expect(() => new NonRetriableError("refused", { retryAfterSeconds: 1 } as never)).toThrow(TypeError);
});

it("RetriableError, NonRetriableError: a log that writes JSON does not fail on their cost", () => {
  const json = JSON.stringify(new RetriableError("busy", { actual: usd("0.02") }));
  expect(JSON.parse(json)).toEqual({
    name: "RetriableError",
    message: "busy",
    code: "retriable",
    actual: "0.02",
    retryAfterSeconds: 0,
    counts: true,
  });
  expect(JSON.parse(JSON.stringify(new NonRetriableError("refused", { actual: usd("0.02") })))).toEqual({
    name: "NonRetriableError",
    message: "refused",
    code: "non_retriable",
    actual: "0.02",
  });
});

describe("isDispatchError", () => {
  it("tests the code, so that another installed copy's error counts", () => {
    const foreign = Object.assign(new Error("no such hold"), { code: "hold_unknown" });
    expect(isDispatchError(foreign)).toBe(true);
    expect(isDispatchError(foreign, "hold_unknown")).toBe(true);
    expect(isDispatchError(foreign, "hold_conflict")).toBe(false);
  });

  it.each([null, undefined, "hold_unknown", 1, {}, { code: "ENOENT" }, { code: 1 }, new Error("x"), []])(
    "%j is none",
    (other) => {
      expect(isDispatchError(other)).toBe(false);
      expect(isDispatchError(other, "hold_unknown")).toBe(false);
    },
  );
});
